import { z } from 'zod'
import { BadRequestError, show } from '../domain/errors.ts'

/**
 * Checks a value against a schema.
 *
 * @throws {BadRequestError} that names each wrong field
 */
export function decodeWith<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
  throw new BadRequestError(issues.join('; '), { received: show(input), cause: result.error })
}

/** Makes a zod transform of a parser of the domain. The parser's error becomes an issue with the same words. */
export function checked<T>(parse: (text: string, argument: string) => T, argument: string) {
  return (text: string, context: z.RefinementCtx): T => {
    try {
      return parse(text, argument)
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error
      context.addIssue({ code: 'custom', message: `expected ${error.expected}, got ${error.received}` })
      return z.NEVER
    }
  }
}

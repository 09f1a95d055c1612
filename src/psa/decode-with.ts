import { z } from 'zod'
import { BadRequestError, show } from '../domain/errors.ts'

/** Wrong fields that a message names. A hostile body may have a million. */
const MAX_ISSUES = 10

/**
 * Checks a value against a schema.
 *
 * @throws {BadRequestError} that names the wrong fields, at most ten of them
 */
export function decodeWith<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const { issues } = result.error
  const named = issues.slice(0, MAX_ISSUES).map(({ path, message }) => `${nameOf(path)}: ${message}`)
  if (issues.length > MAX_ISSUES) named.push(`${issues.length - MAX_ISSUES} more`)
  throw new BadRequestError(named.join('; '), { received: show(input), cause: result.error })
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

/** A key of `meta` is in its path, and may be long. */
function nameOf(path: readonly PropertyKey[]): string {
  const name = path.map((key) => String(key).slice(0, 100)).join('.')
  return name || 'the body'
}

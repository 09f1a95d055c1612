import { z } from 'zod'
import { BadRequestError, show } from '../domain/errors.ts'

const MAX_META = 1_000

/** Such text has no UTF-8: it could neither be stored nor found as it is. */
const HALF_PAIR = /\p{Surrogate}/u
const NO_HALF_PAIR = 'expected no half of a surrogate pair'

/** `name`, of a pin and of a filter. */
export const NAME = z
  .string()
  .refine((name) => !HALF_PAIR.test(name), NO_HALF_PAIR)
  .refine((name) => [...name].length <= 255, 'expected at most 255 characters')
  // SQLite would drop this character and the rest of the name.
  .refine((name) => !name.includes('\0'), 'expected no U+0000')

/** `meta`, of a pin and of a filter. */
export const META = z
  // zod drops this key without an error.
  .custom<unknown>((meta) => !isObject(meta) || !Object.hasOwn(meta, '__proto__'), 'expected no key "__proto__"')
  .pipe(z.record(z.string(), z.string()))
  .refine(
    (meta) =>
      !Object.entries(meta)
        .flat()
        .some((text) => HALF_PAIR.test(text)),
    NO_HALF_PAIR,
  )
  .refine((meta) => Object.keys(meta).length <= MAX_META, `expected at most ${MAX_META} keys`)

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

/** @throws {BadRequestError} for a text that is not JSON */
export function parseJson(text: string, argument: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw BadRequestError.of(argument, 'JSON', text, cause)
  }
}

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

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

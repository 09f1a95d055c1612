import { z } from 'zod'
import { MAX_META_ENTRIES, MAX_NAME_LENGTH } from '../domain/pin-bounds.ts'

/** Such text has no UTF-8: it could neither be stored nor found as it is. */
const HALF_PAIR = /\p{Surrogate}/u
const NO_HALF_PAIR = 'expected no half of a surrogate pair'

/** `name`, of a pin and of a filter. */
export const NAME = z
  .string()
  .refine((name) => !HALF_PAIR.test(name), NO_HALF_PAIR)
  .refine((name) => [...name].length <= MAX_NAME_LENGTH, `expected at most ${MAX_NAME_LENGTH} characters`)
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
  .refine((meta) => Object.keys(meta).length <= MAX_META_ENTRIES, `expected at most ${MAX_META_ENTRIES} keys`)

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

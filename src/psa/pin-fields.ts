import { z } from 'zod'
import { MAX_META_BYTES, MAX_META_ENTRIES, MAX_META_KEY_LENGTH, MAX_NAME_LENGTH } from '../domain/pin-bounds.ts'

/** Such text has no UTF-8: it could neither be stored nor found as it is. */
const HALF_PAIR = /\p{Surrogate}/u
const NO_HALF_PAIR = 'expected no half of a surrogate pair'

/** `name`, of a pin and of a filter. */
export const NAME_SCHEMA = z
  .string()
  .refine((name) => isAtMost(name, MAX_NAME_LENGTH), {
    message: `expected at most ${MAX_NAME_LENGTH} characters`,
    abort: true,
  })
  .refine((name) => !HALF_PAIR.test(name), NO_HALF_PAIR)
  // SQLite would drop this character and the rest of the name.
  .refine((name) => !name.includes('\0'), 'expected no U+0000')

/** `meta`, of a pin and of a filter. Its bounds are checked first, so that a large object costs little. */
export const META_SCHEMA = metaSchemaOf({ maxBytes: MAX_META_BYTES, maxKeyLength: MAX_META_KEY_LENGTH })

/** The bounds of `meta` beside the number of its entries: bytes of all of it as JSON, and characters of a key. */
interface MetaBounds {
  readonly maxBytes: number
  readonly maxKeyLength: number
}

/** `meta` within other bounds. */
export function metaSchemaOf(bounds: MetaBounds) {
  return z
    .unknown()
    .superRefine((meta, context) => {
      const message = isObject(meta) ? problemOf(meta, bounds) : null
      if (message !== null) context.addIssue({ code: 'custom', message })
    })
    .pipe(z.record(z.string(), z.string()))
    .refine(
      (meta) =>
        !Object.entries(meta)
          .flat()
          .some((text) => HALF_PAIR.test(text)),
      NO_HALF_PAIR,
    )
}

function problemOf(meta: object, { maxBytes, maxKeyLength }: MetaBounds): string | null {
  // zod drops this key without an error.
  if (Object.hasOwn(meta, '__proto__')) return 'expected no key "__proto__"'
  const keys = Object.keys(meta)
  if (keys.length > MAX_META_ENTRIES) return `expected at most ${MAX_META_ENTRIES} keys`
  if (!keys.every((key) => isAtMost(key, maxKeyLength))) return `expected keys of at most ${maxKeyLength} characters`
  // Anything but texts is refused afterwards. Nested values must not be printed: they may be deeper than the call stack.
  if (!Object.values(meta).every((value) => typeof value === 'string')) return null
  const bytes = Buffer.byteLength(JSON.stringify(meta))
  return bytes > maxBytes ? `expected at most ${maxBytes} bytes as JSON, got ${bytes}` : null
}

/** Returns whether a text has at most so many characters. One outside the Basic Multilingual Plane counts as one. */
function isAtMost(text: string, characters: number): boolean {
  return text.length <= 2 * characters && [...text].length <= characters
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

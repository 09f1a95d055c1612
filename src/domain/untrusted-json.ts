/** Levels of arrays and objects in a JSON text from outside. The Pinning Service API and GraphQL's requests need fewer than ten. */
export const MAX_JSON_DEPTH = 100
/** Values in a JSON text from outside: 60,000 pins have 700,000. A million empty objects take a tenth of a second to parse. */
const MAX_VALUES = 1_000_000
/** Members of one object. A million of them take a second to parse. */
const MAX_MEMBERS = 100_000
/** Characters from which a text is looked through before it is parsed: in a shorter one, no number of values takes long. */
const LONG_TEXT = 200_000

/** JSON must not be sent with one, and may be read with one (RFC 8259, section 8.1). Some services and clients send it. */
const BYTE_ORDER_MARK = 0xfeff
const [COMMA, BRACE, BRACE_END, BRACKET, BRACKET_END] = [0x2c, 0x7b, 0x7d, 0x5b, 0x5d]

/** A text that is nested too deep, or has too many values. It may be JSON. */
export class TooMuchJsonError extends SyntaxError {
  override readonly name = 'TooMuchJsonError'
  /** JSON that would have been read, for a message. */
  readonly expected: string

  constructor(maxValues: number) {
    const members = maxValues > MAX_MEMBERS ? `, ${MAX_MEMBERS} in one object` : ''
    const expected = `JSON of at most ${MAX_JSON_DEPTH} levels, ${maxValues} values${members}`
    super(`Expected ${expected}`)
    this.expected = expected
  }
}

/**
 * Parses a JSON text that somebody else wrote: a client, a service or a file. Nothing else in the project may parse such a text.
 *
 * Whatever walks the value afterwards may recurse, since its depth is bounded. `JSON.parse` itself takes any depth, but
 * `JSON.stringify`, a log line or a comparison ends in a `RangeError` after some thousand levels. The length of a text is
 * bounded where it is read. A byte order mark at the beginning is passed over.
 *
 * @param options.maxValues values that the text may have. Default: a million.
 * @throws {SyntaxError} for a text that is no JSON
 * @throws {TooMuchJsonError} for a text that is nested more than 100 levels deep, or has more than `maxValues` values or more than
 *   100,000 in one object
 */
export function parseUntrustedJson(text: string, { maxValues = MAX_VALUES }: { maxValues?: number } = {}): unknown {
  const value = parseCounted(text, maxValues)
  if (isDeeper(value, MAX_JSON_DEPTH)) throw new TooMuchJsonError(maxValues)
  return value
}

/**
 * Parses as `parseUntrustedJson` does, but a short text may be nested deeper: for lists of pins, of which only known members are read.
 * To look at the depth of each record would cost a tenth of parsing it. Anything else in the value goes through
 * {@link printUntrusted}, which does.
 *
 * @throws {SyntaxError} as `parseUntrustedJson`
 */
export function parsePartlyReadJson(text: string): unknown {
  return parseCounted(text, MAX_VALUES)
}

/** A text that is shorter than the number of values cannot have more. */
function parseCounted(text: string, maxValues: number): unknown {
  if (text.length > Math.min(LONG_TEXT, maxValues) && hasTooMuch(text, maxValues)) throw new TooMuchJsonError(maxValues)
  return JSON.parse(text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text)
}

/**
 * Prints a value that `parsePartlyReadJson` returned, or a part of it, as JSON.
 *
 * @throws {SyntaxError} for a value that is nested more than 100 levels deep
 */
export function printUntrusted(value: unknown): string {
  if (isDeeper(value, MAX_JSON_DEPTH)) throw new TooMuchJsonError(MAX_VALUES)
  return JSON.stringify(value)
}

/** Returns whether a value of JSON has more levels of arrays and objects. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (levels === 0) return true
  if (Array.isArray(value)) {
    for (const each of value) if (typeof each === 'object' && isDeeper(each, levels - 1)) return true
    return false
  }
  const members = value as Readonly<Record<string, unknown>>
  for (const key in members) if (typeof members[key] === 'object' && isDeeper(members[key], levels - 1)) return true
  return false
}

/** Looks through a text without parsing it: a megabyte takes a millisecond and a half. */
function hasTooMuch(text: string, maxValues: number): boolean {
  /** Members of the open object of each level; of an array, minus infinity. */
  const members = [Number.NEGATIVE_INFINITY]
  let values = 1
  let at = 0
  while (at < text.length) {
    const quote = text.indexOf('"', at)
    const end = quote === -1 ? text.length : quote
    for (; at < end; at++) {
      const sign = text.charCodeAt(at)
      if (sign === COMMA) {
        values++
        const last = members.length - 1
        members[last] = (members[last] ?? 0) + 1
        if ((members[last] ?? 0) >= MAX_MEMBERS) return true
      } else if (sign === BRACE || sign === BRACKET) {
        values++
        members.push(sign === BRACE ? 0 : Number.NEGATIVE_INFINITY)
        if (members.length > MAX_JSON_DEPTH + 1) return true
      } else if (sign === BRACE_END || sign === BRACKET_END) {
        members.pop()
      }
    }
    if (values > maxValues) return true
    at = quote === -1 ? text.length : endOfString(text, quote + 1)
  }
  return false
}

/** Returns the position behind a string whose first character is at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (quote - backslashes > start && text.charCodeAt(quote - backslashes - 1) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
  return text.length
}

import { BadRequestError } from './errors.ts'

const RFC3339 =
  /^(\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))[Tt ]((?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60))(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d{2}:\d{2})$/

/**
 * The usual instant: in UTC, and not on the 29th of February, which only some years have.
 *
 * Every text that matches is an instant. Texts of the same length sort by time.
 */
const USUAL =
  /^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/
/** Length of a usual instant in whole seconds. */
const WHOLE_SECONDS = '2026-01-31T12:00:00Z'.length

/** Longest text that is read as an instant: nine digits of a fraction and an offset have 35 characters. */
const MAX_INSTANT_LENGTH = 64

/** One second. */
export const SECOND_NS = 1_000_000_000n

/** A point in time to the nanosecond, which `Date` cannot hold, with its text as given. */
export interface Instant {
  /** RFC 3339 exactly as given, since services differ in precision and offset. */
  readonly text: string
  /** Nanoseconds since 1970-01-01T00:00:00Z. */
  readonly ns: bigint
  /** Number of fraction digits of the text, 0 to 9: the precision of the service. */
  readonly digits: number
}

/**
 * Reads an RFC 3339 timestamp with any offset and up to nine fraction digits.
 *
 * @param argument path of the argument, for the error
 * @throws {BadRequestError} for any other text, and for a day that its month does not have
 */
export function parseInstant(text: string, argument = 'timestamp'): Instant {
  return USUAL.test(text) ? new UsualInstant(text) : decode(text, argument)
}

/** Negative when `a` is earlier, 0 when both are the same instant. */
export function compareInstants(a: Instant, b: Instant): number {
  if (a instanceof UsualInstant && b instanceof UsualInstant) return compareUsual(a.text, b.text)
  return a.ns < b.ns ? -1 : Number(a.ns > b.ns)
}

/**
 * An instant that was checked but not decoded. A list has up to a thousand instants, and most of them are only shown or compared
 * as text.
 *
 * `ns` and `digits` are computed when they are read. Getters as own properties would double the cost of an instant, so this is a
 * class.
 */
class UsualInstant implements Instant {
  readonly text: string
  #ns: bigint | undefined

  constructor(text: string) {
    this.text = text
  }

  get ns(): bigint {
    // Its day is a real one, and it has no offset: so this is all of `decode` that it needs.
    this.#ns ??= nanosecondsOf(Date.parse(`${this.text.slice(0, WHOLE_SECONDS - 1)}Z`), fractionOf(this.text))
    return this.#ns
  }

  get digits(): number {
    // One character is the dot.
    return Math.max(0, this.text.length - WHOLE_SECONDS - 1)
  }
}

/** Compares two usual instants. Their texts sort by time if they have the same number of fraction digits. */
function compareUsual(a: string, b: string): number {
  if (a.length === b.length) return compareTexts(a, b)
  return (
    compareTexts(a.slice(0, WHOLE_SECONDS - 1), b.slice(0, WHOLE_SECONDS - 1)) ||
    compareTexts(fractionOf(a), fractionOf(b))
  )
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function fractionOf(usual: string): string {
  return usual.slice(WHOLE_SECONDS, -1).padEnd(9, '0')
}

function decode(text: string, argument: string): Instant {
  const [, day, time, fraction = '', offset] = (text.length <= MAX_INSTANT_LENGTH && RFC3339.exec(text)) || []
  const seconds = Date.parse(`${day}T${time?.replace(':60', ':59')}${offset?.toUpperCase()}`)
  if (Number.isNaN(seconds) || !isRealDay(day)) {
    throw BadRequestError.of(argument, 'an RFC 3339 timestamp such as "2026-01-31T12:00:00.000Z"', text)
  }
  return { text, ns: nanosecondsOf(seconds, fraction.padEnd(9, '0')), digits: fraction.length }
}

/**
 * @param seconds whole seconds, as milliseconds since 1970
 * @param nanoseconds nine digits
 */
function nanosecondsOf(seconds: number, nanoseconds: string): bigint {
  return BigInt(seconds) * 1_000_000n + BigInt(nanoseconds)
}

/** Rounds an instant after 1970 down to the whole second. In nanoseconds, as the result. */
export function floorToSecond(ns: bigint): bigint {
  return (ns / SECOND_NS) * SECOND_NS
}

/** Prints an instant in UTC with the given number of fraction digits, rounding down. */
export function formatInstant(ns: bigint, digits: number): string {
  const seconds = ns >= 0n ? ns / SECOND_NS : -((-ns + 999_999_999n) / SECOND_NS)
  const fraction = (ns - seconds * SECOND_NS).toString().padStart(9, '0').slice(0, digits)
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${base}${fraction ? `.${fraction}` : ''}Z`
}

function isRealDay(day: string | undefined): boolean {
  if (day === undefined) return false
  const ofMonth = Number(day.slice(8))
  // A day that the month does not have becomes a day of the next month.
  return ofMonth <= 28 || new Date(`${day}T00:00:00Z`).getUTCDate() === ofMonth
}

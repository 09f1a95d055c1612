/** Nobody waits longer than an hour on one answer's word: a service that means it will say so again. */
export const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Reads a `Retry-After` header, in seconds or as an HTTP date.
 *
 * A date is compared with the answer's own `Date` where there is one, so that a service whose clock is off by hours
 * still means what it says.
 *
 * @param value the header's text; undefined when it was not sent
 * @param reference.date the same answer's `Date` header
 * @param reference.wallNowMs the time in milliseconds since 1970, used where there is no readable `Date`
 * @returns milliseconds from now, 0 to {@link MAX_RETRY_AFTER_MS}; undefined for anything unreadable
 * @see RFC 9110, section 10.2.3
 */
export function parseRetryAfter(
  value: string | undefined,
  reference: { date?: string | undefined; wallNowMs: number },
): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return clampDelay(Number(text) * 1000)
  const until = parseHttpDate(text)
  if (until === undefined) return undefined
  return clampDelay(until - (parseHttpDate(reference.date) ?? reference.wallNowMs))
}

/** Cuts a delay to 0 … {@link MAX_RETRY_AFTER_MS}. */
export function clampDelay(ms: number): number {
  return Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

/**
 * Reads any of the three forms of an HTTP date, and RFC 3339, which some servers send in its place.
 *
 * @returns milliseconds since 1970; undefined for any other text
 */
export function parseHttpDate(value: string | undefined): number | undefined {
  const text = value?.trim() ?? ''
  // `Date.parse` finds a date in nearly anything, "-5" included.
  if (!/^([a-z]{3,9},? |\d{4}-\d\d-\d\dT)/i.test(text)) return undefined
  // The asctime form names no zone and means UTC, where `Date.parse` would take the local one.
  const hasZone = /(GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(text)
  const ms = Date.parse(hasZone ? text : `${text} GMT`)
  return Number.isNaN(ms) ? undefined : ms
}

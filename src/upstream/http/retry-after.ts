import type { ServiceHeaders } from './raw-headers.ts'

/** Limits every wait to one hour per answer. A service that needs longer will say so again in its next answer. */
const MAX_RETRY_AFTER_MS = 3_600_000

/**
 * Reads the `Retry-After` header of an answer, in seconds or as an HTTP date.
 *
 * A date is compared with the answer's own `Date`, if there is one. So the delay is right even if the service's clock is
 * off by hours.
 *
 * @param wallNowMs Unix milliseconds, used where there is no readable `Date`
 * @returns milliseconds from now, 0 to {@link MAX_RETRY_AFTER_MS}; undefined when the header is absent or cannot be read
 * @see RFC 9110, section 10.2.3
 */
export function retryAfterOf(headers: ServiceHeaders, wallNowMs: number): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return clampDelay(Number(text) * 1000)
  const until = parseHttpDate(text)
  if (until === undefined) return undefined
  return clampDelay(until - (parseHttpDate(headers.get('date')) ?? wallNowMs))
}

/** Limits a delay to 0 … {@link MAX_RETRY_AFTER_MS}. */
export function clampDelay(ms: number): number {
  return Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS)
}

/**
 * Reads the three forms of an HTTP date, and RFC 3339, which some servers send instead.
 *
 * @returns Unix milliseconds; undefined for any other text
 * @see RFC 9110, section 5.6.7
 */
export function parseHttpDate(value: string | undefined): number | undefined {
  const text = value?.trim() ?? ''
  // `Date.parse` finds a date in nearly any text, even in "-5".
  if (!/^([a-z]{3,9},? |\d{4}-\d\d-\d\dT)/i.test(text)) return undefined
  // The asctime form names no zone and means UTC. `Date.parse` would take it as local time.
  const hasZone = /(GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(text)
  const ms = Date.parse(hasZone ? text : `${text} GMT`)
  return Number.isNaN(ms) ? undefined : ms
}

import type { ServiceHeaders } from './raw-headers.ts'
import { clampDelay, parseHttpDate } from './retry-after.ts'

/** A service's own request counter, as the headers of one answer report it. */
export interface AnnouncedRate {
  /** Requests left in the current window. */
  readonly remaining: number
  /** Milliseconds until the window ends. A duration and not an instant, since a service's clock differs from the gateway's. */
  readonly resetsInMs: number
}

/** Prefixes of the header names. Pinata sends the first; the others mean the same. */
const PREFIXES = ['x-ratelimit', 'x-rate-limit', 'ratelimit']
const REMAINING = PREFIXES.map((prefix) => `${prefix}-remaining`)

/**
 * A reset of this or more is an instant in Unix seconds. A reset of a thousand times this or more is an instant in Unix
 * milliseconds.
 */
const FIRST_UNIX_SECONDS = 1_000_000_000

/** Returns whether an answer has rate-limit headers. {@link parseRateLimitHeaders} reads them. */
export function hasRateLimitHeaders(headers: ServiceHeaders): boolean {
  for (const name of REMAINING) if (headers.get(name) !== undefined) return true
  return false
}

/**
 * Reads `X-RateLimit-Remaining` and `-Reset`, also with the prefixes `X-Rate-Limit` and `RateLimit`.
 *
 * `-Reset` may be Unix seconds (Pinata), Unix milliseconds, or seconds from now. An instant is compared with the answer's
 * own `Date`, if there is one. Durations are limited to one hour.
 *
 * @param headers names in lower case, as Node gives them
 * @param wallNowMs Unix milliseconds, used where the answer has no readable `Date`
 * @returns undefined unless both `-Remaining` and `-Reset` can be read
 */
export function parseRateLimitHeaders(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  wallNowMs: number,
): AnnouncedRate | undefined {
  for (const prefix of PREFIXES) {
    const remaining = leadingNumber(headers[`${prefix}-remaining`])
    const reset = leadingNumber(headers[`${prefix}-reset`])
    if (remaining === undefined || reset === undefined) continue
    const answeredAt = parseHttpDate(first(headers.date)) ?? wallNowMs
    return { remaining: Math.floor(remaining), resetsInMs: clampDelay(resetDelayMs(reset, answeredAt)) }
  }
  return undefined
}

function resetDelayMs(reset: number, answeredAt: number): number {
  if (reset >= FIRST_UNIX_SECONDS * 1000) return reset - answeredAt
  if (reset >= FIRST_UNIX_SECONDS) return reset * 1000 - answeredAt
  return reset * 1000
}

/** Reads `5` in both `5` and `5, 5;w=60`. */
function leadingNumber(value: string | readonly string[] | undefined): number | undefined {
  const digits = /^\s*(\d+(?:\.\d+)?)(?=\s*(?:[,;]|$))/.exec(first(value) ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}

import type { ServiceHeaders } from './raw-headers.ts'
import { clampDelay, parseHttpDate } from './retry-after.ts'

/** What a service said about its own counter, in the answer to one call. */
export interface AnnouncedRate {
  /** Calls a window allows, for people to read; undefined where only the rest was sent. */
  readonly limit: number | undefined
  /** Calls left in the current window. */
  readonly remaining: number
  /** Milliseconds until the window ends: a duration, since a service's clock is not ours. */
  readonly resetsInMs: number
}

/** Pinata sends the first; the others mean the same. */
const PREFIXES = ['x-ratelimit', 'x-rate-limit', 'ratelimit']
const REMAINING = PREFIXES.map((prefix) => `${prefix}-remaining`)

/** A reset above this is an instant in unix seconds, and above a thousand times this, in milliseconds. */
const FIRST_UNIX_SECONDS = 1_000_000_000

/** Whether an answer says something of its service's counter, for {@link parseRateLimitHeaders} to read. */
export function hasRateLimitHeaders(headers: ServiceHeaders): boolean {
  for (const name of REMAINING) if (headers.get(name) !== undefined) return true
  return false
}

/**
 * Reads `X-RateLimit-Limit`, `-Remaining` and `-Reset`.
 *
 * `-Reset` may be unix seconds (Pinata), unix milliseconds, or seconds from now. Instants are compared with the
 * answer's own `Date` where there is one. Durations are cut to an hour.
 *
 * @param headers names in lower case, as Node gives them
 * @param wallNowMs the time in milliseconds since 1970
 * @returns undefined unless both `-Remaining` and `-Reset` are readable
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
    return {
      limit: leadingNumber(headers[`${prefix}-limit`]),
      remaining: Math.floor(remaining),
      resetsInMs: clampDelay(resetDelayMs(reset, answeredAt)),
    }
  }
  return undefined
}

function resetDelayMs(reset: number, answeredAt: number): number {
  if (reset >= FIRST_UNIX_SECONDS * 1000) return reset - answeredAt
  if (reset >= FIRST_UNIX_SECONDS) return reset * 1000 - answeredAt
  return reset * 1000
}

/** `5`, and the `5` of `5, 5;w=60`. */
function leadingNumber(value: string | readonly string[] | undefined): number | undefined {
  const digits = /^\s*(\d+(?:\.\d+)?)(?=\s*(?:[,;]|$))/.exec(first(value) ?? '')?.[1]
  return digits === undefined ? undefined : Number(digits)
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'object' ? value[0] : value
}

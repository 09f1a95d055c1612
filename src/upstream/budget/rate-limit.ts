/** The kind of request that a limit counts: `GET /pins`, `GET /pins/{requestid}`, or any change. */
export type Endpoint = 'list' | 'item' | 'write'

export const ENDPOINTS: readonly Endpoint[] = ['list', 'item', 'write']

/** A published or assumed limit of a service: at most `limit` calls in any `windowMs`. */
export interface RateLimit {
  /** Number of calls, at least 1. */
  readonly limit: number
  /** Milliseconds, above 0. */
  readonly windowMs: number
  /** Sharers of the limit. `address`: all tenants behind the gateway's address. `token`: the users of one token. */
  readonly scope: 'address' | 'token'
  readonly endpoint: Endpoint | 'all'
  /** True if the service did not publish the limit. pinql then slows down after refusals, and recovers. Default: false. */
  readonly assumed?: boolean
}

/**
 * Limits of services that publish none. They allow as much as Filebase, the most generous known service: 100 calls per
 * second from one address. Refusals adapt them.
 */
export const ASSUMED_LIMITS: readonly RateLimit[] = [
  { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all', assumed: true },
]

/** A pace that never exceeds a limit. */
export interface SafePace {
  /** Milliseconds from one call to the next in the long run. */
  readonly intervalMs: number
  /** Number of calls that may leave at once after a rest. */
  readonly burst: number
  /** Number of calls of the burst that only mutations may use. */
  readonly reserve: number
}

/** The part of a limit that a steady load can use. The rest is spent on the burst. */
const MIN_USE = 0.9

/**
 * Turns a limit into a pace that keeps it in every window, and not only in windows that start with a counter.
 *
 * With a rate R and bursts of B, at most R·T + B calls leave in any time T. The network can squeeze the calls of a window
 * and `jitterMs` more into one window at the service. So R·(windowMs + jitterMs) + B ≤ limit must hold. A larger burst
 * serves a page that needs a few calls at once, but slows down the steady flow. B is the largest burst that leaves 90 % of
 * the limit to the steady flow: 5 at 100 per second, and 2 at 30 per minute. It is 1 where even that costs more.
 *
 * Half of the burst is reserved for mutations. The reserve costs no throughput: all other calls flow at the same rate R.
 * They only start one or more intervals later after a rest, and a mutation finds its call already saved up. At 100 per
 * second, a mutation finds 2 calls. At 30 per minute, it finds 1: the first mutation leaves at once, and each further one
 * waits for the next interval, about two seconds, ahead of all other calls. With a burst of 1, nothing is reserved, and a
 * mutation waits at most one interval.
 *
 * @param jitterMs largest difference in milliseconds between the travel times of two calls to the service. Default: 50.
 */
export function safePace(limit: Pick<RateLimit, 'limit' | 'windowMs'>, jitterMs = 50): SafePace {
  const spanMs = limit.windowMs + jitterMs
  const burst = Math.max(1, Math.floor(limit.limit - (MIN_USE * limit.limit * spanMs) / limit.windowMs))
  // With a limit of one call, the formula would divide by zero. An interval a little longer than a span keeps that limit.
  const intervalMs = limit.limit > burst ? spanMs / (limit.limit - burst) : spanMs + 1
  return { intervalMs, burst, reserve: Math.floor(burst / 2) }
}

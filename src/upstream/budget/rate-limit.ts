/** Which of a service's counters a call moves: `GET /pins`, `GET /pins/{id}`, or any change. */
export type Endpoint = 'list' | 'item' | 'write'

export const ENDPOINTS: readonly Endpoint[] = ['list', 'item', 'write']

/** One published or assumed limit of a service: at most `limit` calls in any `windowMs`. */
export interface RateLimit {
  /** At least 1. */
  readonly limit: number
  /** Above 0. */
  readonly windowMs: number
  /** Who shares it: everybody behind the gateway's address, or the users of one token. */
  readonly scope: 'address' | 'token'
  readonly endpoint: Endpoint | 'all'
  /** True where nobody published it: pinql then slows down and recovers by what the service refuses. Default false. */
  readonly assumed?: boolean
}

/**
 * For services that publish no limit: as much as the most generous one allows (Filebase, 100 calls a second from one
 * address), adapted to what comes back.
 */
export const ASSUMED_LIMITS: readonly RateLimit[] = [
  { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all', assumed: true },
]

/** How calls may leave so that a limit is never passed. */
export interface SafePace {
  /** Milliseconds from one call to the next in the long run. */
  readonly intervalMs: number
  /** Calls that may leave at once after a rest. */
  readonly burst: number
  /** The part of the burst that only mutations may use. */
  readonly reserve: number
}

/** The part of a limit that a steady load can use is kept at this, and the rest is spent on the burst. */
const MIN_USE = 0.9

/**
 * Turns a limit into a pace that keeps it in every window, not only in those that start when a counter does.
 *
 * At a rate R with bursts of B, at most R·T + B calls leave in any time T. The network can squeeze the calls of
 * `windowMs + jitterMs` into one window at the service, so R·(windowMs + jitterMs) + B ≤ limit must hold. A larger
 * burst answers a page that needs a few calls at once but slows the steady flow; B is the largest that still leaves
 * 90 % of the limit to it: 5 at 100 a second, 2 at 30 a minute, and 1 where even that costs more.
 *
 * Half of the burst is the mutations' reserve. It costs no throughput: all other calls flow at the same rate R, they
 * only start one or more intervals later after a rest, and a mutation finds its call already saved up. At 100 a
 * second it finds 2; at 30 a minute 1, so the first mutation leaves at once and each further one waits for the next
 * interval, about two seconds, ahead of everything else. With a burst of 1 there is nothing to reserve and a mutation
 * waits one interval at most.
 *
 * @param jitterMs how much later than another a call may be at most on its way to the service. Default 50.
 */
export function safePace(limit: Pick<RateLimit, 'limit' | 'windowMs'>, jitterMs = 50): SafePace {
  const spanMs = limit.windowMs + jitterMs
  const burst = Math.max(1, Math.floor(limit.limit - (MIN_USE * limit.limit * spanMs) / limit.windowMs))
  // A limit of one call leaves no room for both terms; a little more than a span from call to call keeps it as well.
  const intervalMs = limit.limit > burst ? spanMs / (limit.limit - burst) : spanMs + 1
  return { intervalMs, burst, reserve: Math.floor(burst / 2) }
}

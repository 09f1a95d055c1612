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

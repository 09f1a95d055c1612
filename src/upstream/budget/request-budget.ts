import type { AnnouncedRate } from '../http/rate-limit-headers.ts'
import type { StopSignal } from '../stop.ts'
import type { Endpoint, RateLimit } from './rate-limit.ts'
import type { RequestClass } from './request-class.ts'

/** A call that somebody wants to make. */
export interface CallRequest {
  /** Whose token is used: service and a keyed hash, never the token. Also who shares fairly. */
  readonly tenant: string
  readonly endpoint: Endpoint
  readonly class: RequestClass
}

/** Leave to make one call, now. */
export interface Permit {
  /** When the call may leave, on the budget's clock: hand it back as `sentAt` when the answer is observed. */
  readonly grantedAt: number
  /** How long the budget kept it waiting. */
  readonly waitedMs: number
}

/** What the answer to a call said about the budget. */
export interface CallOutcome {
  readonly tenant: string
  readonly endpoint: Endpoint
  /** The HTTP status. */
  readonly status: number
  /** The answer's `Retry-After`. */
  readonly retryAfterMs?: number | undefined
  /** The answer's `X-RateLimit-*`. */
  readonly rateLimit?: AnnouncedRate | undefined
  /** The permit's `grantedAt`, by which late refusals of one episode are told from a new one. Default: now. */
  readonly sentAt?: number
}

/** What is left of one limit of a service. */
export interface RateBudget {
  readonly limit: number
  readonly windowMs: number
  readonly scope: RateLimit['scope']
  readonly endpoint: RateLimit['endpoint']
  /** True where pinql guessed the limit. */
  readonly assumed: boolean
  /** Calls of `limit` that the last `windowMs` did not use; 0 while the service wants none. */
  readonly remaining: number
  /** Milliseconds until the whole limit is free again if nothing more is sent. */
  readonly resetsInMs: number
}

/** Decides who may call one service, and when. */
export interface RequestBudget extends Disposable {
  /**
   * Waits for leave to make one call.
   *
   * The promise resolves in the turn in which the slot comes free (at once where budget is idle), and the slot is
   * then used up: send the request without awaiting anything else. What to put into it is best decided only now, from
   * everything that came to wait in the meantime.
   *
   * @param request.deadline instant on the budget's clock after which nobody wants the answer; `Infinity` for never
   * @param options.signal takes the call out of the queue; rejects with `signal.reason`
   * @throws {RateLimitedError} at once where the expected wait passes the deadline, and later where more urgent calls
   *   or a pause made it so
   * @throws {ServiceUnavailableError} once the budget is disposed
   */
  acquire(request: CallRequest & { readonly deadline: number }, options?: { signal?: StopSignal }): Promise<Permit>
  /** Estimates how long a call would wait if it were asked for now; 0 where it would leave at once. */
  expectedWaitMs(request: CallRequest): number
  /** Learns from the answer to a call; every answer may be given, most change nothing. */
  observe(outcome: CallOutcome): void
  /** One entry a limit, in the order configured, as the tenant sees it; without a tenant as one who never called. */
  snapshot(tenant?: string): RateBudget[]
  /** Calls that wait. */
  readonly waiting: number
  /** Tenants that have used some of their budget or wait for it; all others are forgotten. */
  readonly tenants: number
}

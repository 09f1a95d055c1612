import type { AnnouncedRate } from '../http/rate-limit-headers.ts'
import type { Clock } from '../waiting/clock.ts'
import type { Asker, StopSignal } from '../waiting/stop.ts'
import type { Endpoint, RateLimit } from './rate-limit.ts'
import type { BudgetClass } from './request-class.ts'

/** A call that a tenant wants to make. */
export interface CallRequest {
  /** Key of the tenant, with a keyed hash of the token and never the token. Tenants share the budget fairly. */
  readonly tenantKey: string
  readonly endpoint: Endpoint
  readonly class: BudgetClass
  /**
   * The operation that waits for the call. Callers of one tenant take turns, and so do the operations of a caller. Absent when
   * no operation waits, as for a poll. All such calls of a tenant share a turn.
   */
  readonly asker?: Asker | undefined
  /** Configured name of the service, for errors. Default: the budget's. */
  readonly serviceName?: string
}

/**
 * Permission to make one call now. Its holder says when the request is sent, or that it is not. Until then the call counts,
 * however long its connection takes.
 */
export interface Permit {
  /** Time on the budget's clock when the call may leave. Pass it back when the answer is observed. */
  readonly grantedAt: number
  /** Milliseconds that the budget held the call back. */
  readonly waitedMs: number
  /** Says that the request is sent now. Only the first call of this or of `giveBack` counts. */
  sent(): void
  /** Says that the request will never be sent. Its slot is free again. */
  giveBack(): void
}

export interface AcquireOptions {
  /**
   * Removes the call from the queue; rejects with `signal.reason`. If more operations begin to wait for the call meanwhile, as a
   * `Stop` reports, it leaves in the turn of whichever comes first.
   */
  readonly signal?: StopSignal | undefined
}

/** The facts about an answer that matter to the budget. */
export interface ObservedAnswer {
  readonly tenantKey: string
  readonly endpoint: Endpoint
  /** The HTTP status. */
  readonly status: number
  /** Milliseconds that the answer's `Retry-After` asks for. */
  readonly retryAfterMs?: number | undefined
  /** The answer's `X-RateLimit-*` headers. */
  readonly rateLimit?: AnnouncedRate | undefined
  /** The permit's `grantedAt`. It distinguishes late refusals of one episode from a new episode. */
  readonly grantedAt: number
}

/** The rest of one limit of a service. */
export interface LimitUsage {
  readonly limit: number
  readonly windowMs: number
  readonly scope: RateLimit['scope']
  readonly endpoint: RateLimit['endpoint']
  /** True if pinql assumed the limit. */
  readonly assumed: boolean
  /** Calls of `limit` that the last `windowMs` did not use. 0 while the service has asked for a pause. */
  readonly remaining: number
  /** Milliseconds until the whole limit is free again if nothing more is sent. */
  readonly resetsInMs: number
}

/** Returns the key of the turn that a tenant shares with all others of the same key. Undefined: it has a turn of its own. */
export type SharedTurnOf = (tenantKey: string) => string | undefined

export interface RequestBudgetOptions {
  /**
   * Names the limits. It is the same in all gateways that share them, whatever names and order their services have, so that a
   * budget outside of the process is found by it. Null for the embedded service, which only its own gateway uses.
   */
  readonly sharedKey: string | null
  /** Configured name of the service, for errors of requests that name none. */
  readonly serviceName: string
  /** As published by the service, configured, or assumed. */
  readonly limits: readonly RateLimit[]
  readonly clock: Clock
  /** Read when a call has to wait. Default: each tenant has a turn of its own. */
  readonly sharedTurnOf?: SharedTurnOf | undefined
}

/** Creates the budget of one service, or of several services of one provider. */
export type CreateRequestBudget = (options: RequestBudgetOptions) => RequestBudget

/** Decides which call to one service, or to all services of one provider, may leave, and when. */
export interface RequestBudget extends Disposable {
  /**
   * Waits for permission to make one call.
   *
   * The promise resolves in the turn of the event loop in which a slot becomes free, or at once if the budget is idle. The slot is then used
   * up, so send the request without awaiting anything else. Decide only then what to send: more may have come to wait in
   * the meantime.
   *
   * @param request.deadline time on the budget's clock after which the call must not leave; `Infinity` for no deadline
   * @throws {RateLimitedError} at once if the expected wait passes the deadline; later if more urgent calls or a pause
   *   delayed the call past its deadline
   * @throws {ServiceUnavailableError} once the budget is disposed
   */
  acquire(request: CallRequest & { readonly deadline: number }, options?: AcquireOptions): Promise<Permit>
  /**
   * Estimates the milliseconds that a call would wait if it were requested now. 0 means that it would leave at once.
   *
   * @param behind number of further calls of the same asker that would come before it. Default: 0.
   * @param others number of further calls of other tenants that would come before it. Default: 0.
   */
  expectedWaitMs(request: CallRequest, behind?: number, others?: number): number
  /**
   * Refuses a call that has not asked for permission, since whoever would make it knows that there is no time for it. Returns the
   * milliseconds after which it should come back: a time of its own among all calls that this budget has refused.
   *
   * @param behind as in {@link RequestBudget.expectedWaitMs}
   */
  refuse(request: CallRequest, behind: number): number
  /** Learns from the answer to a call. It may be called with every answer, though most of them change nothing. */
  observe(answer: ObservedAnswer): void
  /** Gives the waiting calls of a tenant turns of their own, since `sharedTurnOf` has begun to return undefined for it. */
  endSharing(tenantKey: string): void
  /**
   * Returns one entry per limit, in the configured order, as the tenant sees it. Without a tenant: as a new tenant would
   * see it.
   */
  snapshot(tenantKey?: string): LimitUsage[]
}

import { RateLimitedError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { Clock } from '../waiting/clock.ts'
import { Stop, type StopSignal } from '../waiting/stop.ts'
import type { Appointment } from './agenda.ts'
import { CallScheduler } from './call-scheduler.ts'
import { CellSet } from './cell-set.ts'
import { MemoryPermit } from './memory-permit.ts'
import type { RateLimit } from './rate-limit.ts'
import type {
  AcquireOptions,
  CallRequest,
  LimitUsage,
  ObservedAnswer,
  Permit,
  RequestBudget,
  RequestBudgetOptions,
  SharedTurnOf,
} from './request-budget.ts'
import { type TakenCall, TenantShare, type WaitingCall } from './tenant-share.ts'

/** Milliseconds within which refusals of two tenants are taken to be about the address that they share. */
const SAME_CAUSE_MS = 1000
/** Milliseconds between two checks of all waiting calls while the address is paused. */
const SWEEP_EVERY_MS = 100

/**
 * Creates the budget of one service, or of several services of one provider, kept in the memory of this process.
 *
 * A 429 pauses the tenant that got it, at the endpoint of the call, for `retryAfterMs`. Without `retryAfterMs`, the pause
 * lasts until the announced reset, or else for one window. If two tenants get a 429 within a second, the limits that all
 * tenants share are paused too, but for one window of each at most.
 */
export function createMemoryBudget(options: MemoryBudgetOptions): RequestBudget {
  return new MemoryRequestBudget(options)
}

/** A budget in memory is used only by the services for which it was created, so it needs no key. */
type MemoryBudgetOptions = Omit<RequestBudgetOptions, 'sharedKey'>

function ownTurn(): undefined {}

class MemoryRequestBudget implements RequestBudget {
  readonly #serviceName: string
  readonly #limits: readonly RateLimit[]
  readonly #clock: Clock
  readonly #sharedTurnOf: SharedTurnOf
  readonly #address: CellSet
  readonly #scheduler: CallScheduler
  readonly #tenants = new Map<string, TenantShare>()
  #lastRefusal: { turnKey: string; at: number } | undefined
  #sweep: Appointment | undefined
  #isDisposed = false

  constructor({ serviceName, limits, clock, sharedTurnOf = ownTurn }: MemoryBudgetOptions) {
    this.#serviceName = serviceName
    this.#limits = limits
    this.#clock = clock
    this.#sharedTurnOf = sharedTurnOf
    const shared = limits.filter(({ scope }) => scope === 'address')
    this.#address = new CellSet(shared)
    const onLeft = (tenant: TenantShare): void => this.#forgetWhenIdle(tenant)
    this.#scheduler = new CallScheduler(clock, this.#address, onLeft, sharedTurnOf)
  }

  acquire(request: CallRequest & { readonly deadline: number }, { signal }: AcquireOptions = {}): Promise<Permit> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#isDisposed) return Promise.reject(this.#disposedError(request.serviceName))
    const now = this.#clock.now()
    const waitMs = this.expectedWaitMs(request)
    if (waitMs === 0) {
      const tenant = this.#tenant(request.tenantKey)
      const taken = this.#scheduler.take(tenant, request.endpoint, request.class, now)
      this.#forgetWhenIdle(tenant)
      return Promise.resolve(this.#permit(taken, 0))
    }
    if (now + waitMs > request.deadline) return Promise.reject(this.#refusal(request, now))
    return this.#wait(request, now, signal)
  }

  expectedWaitMs(request: CallRequest, behind = 0, others = 0): number {
    const now = this.#clock.now()
    // A tenant that is not known has used nothing. Only several calls of it can meet its limits.
    const tenant = behind > 0 ? this.#tenant(request.tenantKey) : this.#tenants.get(request.tenantKey)
    const expectedAt = this.#scheduler.expectedAt(tenant, request, now, { behind, others })
    if (tenant && behind > 0) this.#forgetWhenIdle(tenant)
    return Math.max(0, expectedAt - now)
  }

  refuse(request: CallRequest, behind: number): number {
    // A tenant that is not known has used nothing. Only several calls of it can meet its limits.
    const tenant = this.#tenant(request.tenantKey)
    const waitMs = this.#scheduler.promiseMs(tenant, request, this.#clock.now(), behind)
    this.#forgetWhenIdle(tenant)
    return waitMs
  }

  observe({ tenantKey, endpoint, status, retryAfterMs, rateLimit, grantedAt }: ObservedAnswer): void {
    const isRefusal = status === 429
    if (this.#isDisposed || !(isRefusal || rateLimit)) return
    const now = this.#clock.now()
    const tenant = this.#tenant(tenantKey)
    const own = tenant.cells.narrowest(endpoint)
    const shared = this.#address.narrowest(endpoint)
    if (rateLimit) {
      for (const cell of own) cell.announced(now, rateLimit, grantedAt)
      for (const cell of shared) cell.confirm()
    }
    if (isRefusal) {
      const pauseMs = retryAfterMs ?? rateLimit?.resetsInMs
      const isShared = this.#isSharedRefusal(tenantKey, now)
      for (const cell of own) cell.refused(now, grantedAt, now + (pauseMs ?? cell.limit.windowMs))
      // The two tenants may have been refused for reasons of their own, so the others wait for one window at most.
      for (const cell of isShared ? shared : []) {
        const { windowMs } = cell.limit
        cell.refused(now, grantedAt, now + Math.min(pauseMs ?? windowMs, windowMs))
      }
      this.#scheduler.refuseHopeless(tenant, now)
      if (isShared) this.#planSweep(now)
    }
    // The headers may also end a wait, since the latest answer counts.
    this.#scheduler.wake(tenant)
    this.#scheduler.serve()
    this.#forgetWhenIdle(tenant)
  }

  endSharing(tenantKey: string): void {
    const tenant = this.#tenants.get(tenantKey)
    if (tenant) this.#scheduler.endSharing(tenant)
  }

  snapshot(tenantKey?: string): LimitUsage[] {
    const now = this.#clock.now()
    const tenant = tenantKey === undefined ? undefined : this.#tenants.get(tenantKey)
    return this.#limits.map((limit) => {
      const cells = [...this.#address.cells, ...(tenant?.cells.cells ?? [])].filter((cell) => cell.limit === limit)
      const left = cells.map((cell) => cell.left(now))
      return {
        limit: limit.limit,
        windowMs: limit.windowMs,
        scope: limit.scope,
        endpoint: limit.endpoint,
        assumed: limit.assumed ?? false,
        remaining: Math.min(limit.limit, ...left.map(({ remaining }) => remaining)),
        resetsInMs: Math.max(0, ...left.map(({ resetsAt }) => resetsAt - now)),
      }
    })
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#scheduler[Symbol.dispose]()
    for (const { lanes } of this.#tenants.values()) {
      for (const lane of lanes) for (const waiter of lane.items) waiter.fail(this.#disposedError(waiter.serviceName))
    }
    this.#tenants.clear()
  }

  #wait(request: CallRequest & { deadline: number }, askedAt: number, signal: StopSignal | undefined): Promise<Permit> {
    const tenant = this.#tenant(request.tenantKey)
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#scheduler.remove(waiter)
        waiter.fail(signal?.reason)
      }
      const letGo = () => {
        signal?.removeEventListener('abort', abort)
        if (signal instanceof Stop) signal.onAsker = undefined
      }
      const waiter: WaitingCall = {
        lane: tenant.lane(request.class, request.endpoint, this.#sharedTurnOf(request.tenantKey)),
        deadline: request.deadline,
        asker: request.asker,
        serviceName: request.serviceName,
        turn: undefined,
        expiry: undefined,
        grant: (taken) => {
          letGo()
          resolve(this.#permit(taken, taken.grantedAt - askedAt))
        },
        refuse: (waitMs) => waiter.fail(new RateLimitedError(request.serviceName ?? this.#serviceName, waitMs)),
        fail: (reason) => {
          letGo()
          reject(reason)
        },
      }
      signal?.addEventListener('abort', abort)
      if (signal instanceof Stop) signal.onAsker = (asker) => this.#scheduler.join(waiter, asker)
      this.#scheduler.add(waiter)
    })
  }

  #refusal(request: CallRequest, now: number): RateLimitedError {
    const waitMs = this.#scheduler.promiseMs(this.#tenants.get(request.tenantKey), request, now)
    return new RateLimitedError(request.serviceName ?? this.#serviceName, waitMs)
  }

  #permit(taken: TakenCall, waitedMs: number): Permit {
    return new MemoryPermit(taken.grantedAt, waitedMs, (isSent) => this.#settle(taken, isSent))
  }

  #settle(taken: TakenCall, isSent: boolean): void {
    if (this.#isDisposed) return
    this.#scheduler.settle(taken, isSent)
    this.#forgetWhenIdle(taken.tenant)
  }

  #disposedError(serviceName = this.#serviceName): ServiceUnavailableError {
    return new ServiceUnavailableError('no more requests: the gateway is stopping', { service: serviceName })
  }

  #tenant(tenantKey: string): TenantShare {
    const known = this.#tenants.get(tenantKey)
    if (known) return known
    const tenant = new TenantShare(tenantKey, this.#limits)
    this.#tenants.set(tenantKey, tenant)
    return tenant
  }

  /** Tenants that share a turn count as one, since anybody can make up as many as are needed. */
  #isSharedRefusal(tenantKey: string, now: number): boolean {
    const turnKey = this.#sharedTurnOf(tenantKey) ?? tenantKey
    const last = this.#lastRefusal
    this.#lastRefusal = { turnKey, at: now }
    return last !== undefined && last.turnKey !== turnKey && now - last.at <= SAME_CAUSE_MS
  }

  /**
   * Plans to refuse hopeless calls of all tenants. It waits, since 429s come in swarms and each one prolongs the pause only
   * a little.
   */
  #planSweep(now: number): void {
    if (this.#sweep && this.#sweep.index >= 0) return
    const earliest = (this.#sweep?.at ?? Number.NEGATIVE_INFINITY) + SWEEP_EVERY_MS
    this.#sweep = this.#scheduler.agenda.add(Math.max(now, earliest), () => {
      for (const tenant of this.#tenants.values()) this.#scheduler.refuseHopeless(tenant, this.#clock.now())
    })
  }

  #forgetWhenIdle(tenant: TenantShare): void {
    if (tenant.waiting > 0 || tenant.held > 0 || (tenant.forgetting && tenant.forgetting.index >= 0)) return
    const now = this.#clock.now()
    const at = tenant.cells.forgettableAt(now)
    if (at <= now) this.#tenants.delete(tenant.key)
    else tenant.forgetting = this.#scheduler.agenda.add(at, () => this.#forgetWhenIdle(tenant))
  }
}

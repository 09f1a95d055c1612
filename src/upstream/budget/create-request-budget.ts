import { RateLimitedError, ServiceUnavailableError } from '../../domain/errors.ts'
import { type Clock, systemClock } from '../clock.ts'
import { Agenda, type Appointment } from './agenda.ts'
import { CellSet } from './cell-set.ts'
import { FairQueue } from './fair-queue.ts'
import type { RateCell } from './rate-cell.ts'
import { ASSUMED_LIMITS, ENDPOINTS, type Endpoint, type RateLimit } from './rate-limit.ts'
import type { CallOutcome, CallRequest, Permit, RateBudget, RequestBudget } from './request-budget.ts'
import { ClassOrder, callsAhead, REQUEST_CLASSES, type RequestClass } from './request-class.ts'
import { type LaneOwner, sum, TenantBudget, type TenantLane, type Waiter } from './tenant-budget.ts'

/** Refusals of two tenants closer than this are about the address that they share. */
const SAME_CAUSE_MS = 1000
/** A pause of the address looks over all waiting calls no more often than this. */
const SWEEP_EVERY_MS = 100

/**
 * Creates the budget of one service.
 *
 * A call passes all cells that cover it, those shared by the address and those of its tenant, or none. Among the
 * calls that could pass, the order is: classes below their floor, then by urgency; inside a class, turns between
 * tenants; inside a tenant, by arrival. A tenant that its own limit holds back takes no part, and so delays nobody.
 *
 * A 429 pauses the tenant that met it, at the endpoint class it was about, for `retryAfterMs` or else one window.
 * Where an address limit is configured or assumed and two tenants meet one within a second, the address is paused.
 *
 * @param options.limits as published by the service or configured. Default {@link ASSUMED_LIMITS}.
 * @param options.jitterMs how much the network may squeeze calls together. Default 50.
 */
export function createRequestBudget(options: {
  service: string
  limits?: readonly RateLimit[]
  clock?: Clock
  jitterMs?: number
}): RequestBudget {
  return new LocalRequestBudget(options.service, options.limits ?? ASSUMED_LIMITS, options.clock, options.jitterMs)
}

class LocalRequestBudget implements RequestBudget {
  readonly #service: string
  readonly #limits: readonly RateLimit[]
  readonly #clock: Clock
  readonly #jitterMs: number | undefined
  readonly #agenda: Agenda
  readonly #address: CellSet
  readonly #order = new ClassOrder()
  readonly #tenants = new Map<string, TenantBudget>()
  readonly #queues: Readonly<Record<RequestClass, FairQueue<Waiter, LaneOwner>>> = {
    mutation: new FairQueue(),
    interactive: new FairQueue(),
    live: new FairQueue(),
    resync: new FairQueue(),
  }
  #nextSlot: Appointment | undefined
  #sweep: Appointment | undefined
  #lastRefusal: { tenant: string; at: number } | undefined
  #isDisposed = false

  constructor(service: string, limits: readonly RateLimit[], clock: Clock = systemClock, jitterMs?: number) {
    this.#service = service
    this.#limits = limits
    this.#clock = clock
    this.#jitterMs = jitterMs
    const shared = limits.filter(({ scope }) => scope === 'address')
    this.#address = new CellSet(shared, jitterMs)
    this.#agenda = new Agenda(clock, () => this.#serve())
  }

  get waiting(): number {
    return sum([...this.#tenants.values()], (tenant) => tenant.waiting)
  }

  get tenants(): number {
    return this.#tenants.size
  }

  acquire(
    request: CallRequest & { readonly deadline: number },
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Permit> {
    if (signal?.aborted) return Promise.reject(signal.reason)
    if (this.#isDisposed) return Promise.reject(this.#disposedError())
    const now = this.#clock.now()
    const waitMs = this.expectedWaitMs(request)
    if (waitMs === 0) {
      const tenant = this.#tenant(request.tenant)
      this.#take(tenant, request.endpoint, request.class, now)
      this.#forgetWhenIdle(tenant)
      return Promise.resolve({ grantedAt: now, waitedMs: 0 })
    }
    if (now + waitMs > request.deadline) return Promise.reject(new RateLimitedError(this.#service, waitMs))
    return this.#wait(request, now, signal)
  }

  expectedWaitMs({ tenant: key, endpoint, class: requestClass }: CallRequest): number {
    const now = this.#clock.now()
    const tenant = this.#tenants.get(key)
    const depth = tenant?.depth(requestClass, endpoint) ?? 0
    // In its own class a call comes after as many of each lane as its own lane has before it, and one more.
    const inTurn = (load: { lanes: number; items: number }) => Math.min(load.items, load.lanes * (depth + 1))
    const aheadOfAll = (cell: RateCell) =>
      callsAhead(requestClass, (other) => {
        const loads = cell.endpoints.map((each) => this.#queues[other].load(each))
        return sum(loads, (load) => (other === requestClass ? inTurn(load) : load.items))
      })
    const readyAt = Math.max(
      this.#address.readyAt(endpoint, requestClass, now, aheadOfAll),
      tenant?.cells.readyAt(endpoint, requestClass, now, (cell) => tenant.ahead(cell, requestClass)) ?? now,
    )
    return Math.max(0, readyAt - now)
  }

  observe({ tenant: key, endpoint, status, retryAfterMs, rateLimit, sentAt }: CallOutcome): void {
    const isRefusal = status === 429
    if (this.#isDisposed || !(isRefusal || rateLimit)) return
    const now = this.#clock.now()
    const tenant = this.#tenant(key)
    const own = tenant.cells.narrowest(endpoint)
    if (rateLimit) for (const cell of own) cell.announced(now, rateLimit)
    if (isRefusal) {
      const isShared = this.#isSharedRefusal(key, now)
      for (const cell of isShared ? [...own, ...this.#address.narrowest(endpoint)] : own) {
        cell.refused(now, sentAt ?? now, now + (retryAfterMs ?? rateLimit?.resetsInMs ?? cell.limit.windowMs))
      }
      this.#failHopeless(tenant, now)
      if (isShared) this.#planSweep(now)
    }
    // Headers may also end a wait: their last word counts.
    for (const lane of tenant.lanes) this.#wake(lane)
    this.#forgetWhenIdle(tenant)
    this.#serve()
  }

  snapshot(key?: string): RateBudget[] {
    const now = this.#clock.now()
    const tenant = key === undefined ? undefined : this.#tenants.get(key)
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
    this.#agenda[Symbol.dispose]()
    for (const { lanes } of this.#tenants.values()) {
      for (const lane of lanes) for (const waiter of lane.items) waiter.fail(this.#disposedError())
    }
    this.#tenants.clear()
  }

  #disposedError(): ServiceUnavailableError {
    return new ServiceUnavailableError('no more requests: the gateway is stopping', { service: this.#service })
  }

  #tenant(key: string): TenantBudget {
    const known = this.#tenants.get(key)
    if (known) return known
    const tenant = new TenantBudget(key, this.#limits, this.#jitterMs)
    this.#tenants.set(key, tenant)
    return tenant
  }

  #wait(request: CallRequest & { deadline: number }, askedAt: number, signal?: AbortSignal): Promise<Permit> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#remove(waiter)
        waiter.fail(signal?.reason)
      }
      const waiter: Waiter = {
        lane: this.#tenant(request.tenant).lane(request.class, request.endpoint),
        deadline: request.deadline,
        place: undefined,
        expiry: undefined,
        grant: (now) => {
          signal?.removeEventListener('abort', abort)
          resolve({ grantedAt: now, waitedMs: now - askedAt })
        },
        fail: (reason) => {
          signal?.removeEventListener('abort', abort)
          reject(reason)
        },
      }
      signal?.addEventListener('abort', abort)
      this.#enqueue(waiter)
    })
  }

  #enqueue(waiter: Waiter): void {
    const { lane } = waiter
    waiter.place = this.#queues[lane.owner.requestClass].push(lane, waiter)
    lane.owner.tenant.waiting += 1
    this.#serve()
    if (waiter.place === undefined || waiter.deadline === Number.POSITIVE_INFINITY) return
    waiter.expiry = this.#agenda.add(waiter.deadline, () => {
      this.#remove(waiter)
      const { tenant, requestClass } = lane.owner
      const waitMs = this.expectedWaitMs({ tenant: tenant.key, endpoint: lane.endpoint, class: requestClass })
      waiter.fail(new RateLimitedError(this.#service, waitMs))
    })
  }

  /** Takes a waiter out, whether it got its permit or not, with everything that was kept for it. */
  #remove(waiter: Waiter): void {
    const { lane, place } = waiter
    if (place === undefined) return
    waiter.place = undefined
    this.#agenda.cancel(waiter.expiry)
    const { tenant, requestClass } = lane.owner
    this.#queues[requestClass].remove(lane, place)
    if (lane.items.size === 0) this.#agenda.cancel(lane.owner.wake)
    tenant.waiting -= 1
    this.#forgetWhenIdle(tenant)
  }

  /** Gives out every slot that is free now, then waits for the next. */
  #serve(): void {
    const now = this.#clock.now()
    for (let lane = this.#nextLane(now); lane; lane = this.#nextLane(now)) this.#grant(lane, now)
    this.#planNextSlot(now)
  }

  #nextLane(now: number): TenantLane | undefined {
    for (const requestClass of this.#order.next()) {
      const isOpen = (endpoint: Endpoint) => this.#address.readyAt(endpoint, requestClass, now) <= now
      const queue = this.#queues[requestClass]
      for (let lane = queue.next(isOpen); lane; lane = queue.next(isOpen)) {
        const readyAt = lane.owner.tenant.cells.readyAt(lane.endpoint, requestClass, now)
        if (readyAt <= now) return lane
        this.#park(lane, readyAt)
      }
    }
    return undefined
  }

  #grant(turn: TenantLane, now: number): void {
    const lane = this.#belowFloor(turn.owner, now) ?? turn
    for (const each of new Set([turn, lane])) this.#queues[each.owner.requestClass].endTurn(each)
    const waiter = lane.items.first
    if (!waiter) return
    this.#take(lane.owner.tenant, lane.endpoint, lane.owner.requestClass, now)
    this.#remove(waiter)
    waiter.grant(now)
  }

  #take(tenant: TenantBudget, endpoint: Endpoint, requestClass: RequestClass, now: number): void {
    this.#address.take(endpoint, now)
    tenant.cells.take(endpoint, now)
    this.#order.served(requestClass)
    tenant.order.served(requestClass)
  }

  /** A lane of the same tenant whose class has had less than its floor of the tenant's own budget. */
  #belowFloor({ tenant, requestClass }: LaneOwner, now: number): TenantLane | undefined {
    const rank = REQUEST_CLASSES.indexOf(requestClass)
    return tenant.lanes.find(({ items, endpoint, owner: { requestClass: other } }) => {
      if (items.size === 0 || REQUEST_CLASSES.indexOf(other) <= rank || !tenant.order.isDue(other)) return false
      return this.#readyAt(tenant, endpoint, other, now) <= now
    })
  }

  #readyAt(tenant: TenantBudget, endpoint: Endpoint, requestClass: RequestClass, now: number): number {
    return Math.max(
      this.#address.readyAt(endpoint, requestClass, now),
      tenant.cells.readyAt(endpoint, requestClass, now),
    )
  }

  #park(lane: TenantLane, until: number): void {
    this.#queues[lane.owner.requestClass].park(lane)
    lane.owner.wake = this.#agenda.add(until, () => this.#wake(lane))
  }

  #wake(lane: TenantLane): void {
    this.#agenda.cancel(lane.owner.wake)
    this.#queues[lane.owner.requestClass].resume(lane)
  }

  /** What is still in a ring waits for the address; parked lanes have appointments of their own. */
  #planNextSlot(now: number): void {
    let at = Number.POSITIVE_INFINITY
    for (const requestClass of REQUEST_CLASSES) {
      for (const endpoint of ENDPOINTS) {
        if (this.#queues[requestClass].load(endpoint).lanes === 0) continue
        at = Math.min(at, this.#address.readyAt(endpoint, requestClass, now))
      }
    }
    if (this.#nextSlot?.at === at && this.#nextSlot.index >= 0) return
    this.#agenda.cancel(this.#nextSlot)
    this.#nextSlot = at === Number.POSITIVE_INFINITY ? undefined : this.#agenda.add(at, () => {})
  }

  #isSharedRefusal(tenant: string, now: number): boolean {
    const last = this.#lastRefusal
    this.#lastRefusal = { tenant, at: now }
    return last !== undefined && last.tenant !== tenant && now - last.at <= SAME_CAUSE_MS
  }

  /** Fails the calls that a pause keeps beyond their deadline. */
  #failHopeless(tenant: TenantBudget, now: number): void {
    for (const lane of tenant.lanes) {
      const readyAt = this.#readyAt(tenant, lane.endpoint, lane.owner.requestClass, now)
      for (const waiter of [...lane.items].filter(({ deadline }) => deadline < readyAt)) {
        this.#remove(waiter)
        waiter.fail(new RateLimitedError(this.#service, readyAt - now))
      }
    }
  }

  /** The same for all tenants. Refusals come in swarms of which each prolongs the pause a little, hence not for each. */
  #planSweep(now: number): void {
    if (this.#sweep && this.#sweep.index >= 0) return
    this.#sweep = this.#agenda.add(
      Math.max(now, (this.#sweep?.at ?? Number.NEGATIVE_INFINITY) + SWEEP_EVERY_MS),
      () => {
        for (const tenant of this.#tenants.values()) this.#failHopeless(tenant, this.#clock.now())
      },
    )
  }

  #forgetWhenIdle(tenant: TenantBudget): void {
    if (tenant.waiting > 0 || (tenant.forgetting && tenant.forgetting.index >= 0)) return
    const now = this.#clock.now()
    const at = tenant.cells.forgettableAt(now)
    if (at <= now) this.#tenants.delete(tenant.key)
    else tenant.forgetting = this.#agenda.add(at, () => this.#forgetWhenIdle(tenant))
  }
}

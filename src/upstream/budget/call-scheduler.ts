import type { Clock } from '../waiting/clock.ts'
import type { Asker } from '../waiting/stop.ts'
import { Agenda, type Appointment } from './agenda.ts'
import type { CellSet } from './cell-set.ts'
import { ClassFloors } from './class-floors.ts'
import { type FurtherCalls, type QueuedRequest, queuedUntil } from './queued-until.ts'
import { ENDPOINTS, type Endpoint } from './rate-limit.ts'
import { RefusalTimes } from './refusal-times.ts'
import type { SharedTurnOf } from './request-budget.ts'
import { BUDGET_CLASSES, type BudgetClass, rankOf } from './request-class.ts'
import type { TakenCall, TenantLane, TenantShare, WaitingCall } from './tenant-share.ts'
import { WaitingCalls } from './waiting-calls.ts'

/**
 * Decides which waiting call leaves next, and when.
 *
 * A call leaves only if all cells that cover it allow it: the cells that all tenants share, and the cells of its own
 * tenant. If several calls could leave, the order is:
 *
 * - between classes: classes below their floor first, then the most urgent class;
 * - inside a class: tenants take turns, and those that share a turn take turns inside of it;
 * - inside a tenant: callers take turns, and inside a caller its operations. Calls of one operation leave by arrival.
 *
 * A tenant whose own limit is used up is skipped, and so delays no other tenant.
 */
export class CallScheduler implements Disposable {
  /** The only timer. Others that need to wait use it too. */
  readonly agenda: Agenda
  readonly #clock: Clock
  readonly #address: CellSet
  readonly #sharedTurnOf: SharedTurnOf
  readonly #waiting: WaitingCalls
  readonly #floors: ClassFloors
  readonly #refusalTimes: RefusalTimes
  #nextSlot: Appointment | undefined

  /**
   * @param address cells that all tenants share
   * @param onLeft called whenever a tenant has one waiting call less
   * @param sharedTurnOf Default: each tenant has a turn of its own.
   */
  constructor(
    clock: Clock,
    address: CellSet,
    onLeft: (tenant: TenantShare) => void,
    sharedTurnOf: SharedTurnOf = () => undefined,
  ) {
    this.#clock = clock
    this.#address = address
    this.#sharedTurnOf = sharedTurnOf
    this.agenda = new Agenda(clock, () => this.serve())
    this.#waiting = new WaitingCalls(this.agenda, { onLeft, onDeadline: (waiter) => this.#expire(waiter) })
    this.#floors = new ClassFloors(this.#waiting.queues, address)
    this.#refusalTimes = new RefusalTimes(this.#waiting.queues, address, sharedTurnOf)
  }

  /**
   * Estimates the clock time at which a call would leave if it were added now. `now` or earlier means that it would not
   * wait.
   */
  expectedAt(tenant: TenantShare | undefined, call: QueuedRequest, now: number, further: FurtherCalls): number {
    const { behind = 0, others = 0 } = further
    const { endpoint, class: requestClass } = call
    const { size, queues } = this.#waiting
    // The usual case: no call waits.
    if (size === 0 && behind === 0 && others === 0) return this.#readyAt(tenant, endpoint, requestClass, now)
    const before = { queues, address: this.#address, sharedTurnOf: this.#sharedTurnOf, behind, others }
    return queuedUntil(before, tenant, call, now)
  }

  /**
   * Counts a call that gets its permit now.
   *
   * @returns what to pass to {@link settle}
   */
  take(tenant: TenantShare, endpoint: Endpoint, requestClass: BudgetClass, now: number): TakenCall {
    this.#address.take(endpoint, requestClass, now)
    tenant.cells.take(endpoint, requestClass, now)
    tenant.held += 1
    // The usual case: no call waits, so none is passed over.
    const spent = this.#waiting.size === 0 ? undefined : this.#floors.passOver(tenant, endpoint, requestClass, now)
    return { tenant, endpoint, requestClass, grantedAt: now, spent }
  }

  /** Ends the holding of a permit: its request is sent now, or never. */
  settle(call: TakenCall, isSent: boolean): void {
    const { tenant, endpoint, requestClass, grantedAt } = call
    tenant.held -= 1
    if (isSent) {
      const now = this.#clock.now()
      this.#address.sent(endpoint, requestClass, now, grantedAt)
      tenant.cells.sent(endpoint, requestClass, now, grantedAt)
    } else {
      this.#address.giveBack(endpoint, requestClass, grantedAt)
      tenant.cells.giveBack(endpoint, requestClass, grantedAt)
      this.#floors.giveBack(call)
    }
    if (this.#waiting.size === 0) return
    this.wake(tenant)
    this.serve()
  }

  /** Returns the milliseconds after which a refused call should come back. See {@link RefusalTimes}. */
  promiseMs(tenant: TenantShare | undefined, call: QueuedRequest, now: number, behind = 0): number {
    return this.#refusalTimes.refuse(tenant, call, now, behind)
  }

  /** Adds a call to its lane. It stays there until it is granted, refused at its deadline, or removed. */
  add(waiter: WaitingCall): void {
    this.#waiting.add(waiter)
    this.serve()
  }

  /** Gives the waiting calls of a tenant turns of their own. */
  endSharing(tenant: TenantShare): void {
    const sharing = tenant.lanes.filter(({ sharedTurn }) => sharedTurn !== undefined)
    for (const lane of sharing) this.#waiting.queues[lane.owner.requestClass].endSharing(lane)
    if (sharing.length > 0) this.serve()
  }

  /** Gives a waiting call the turns of one more operation that waits for it. */
  join(waiter: WaitingCall, asker: Asker): void {
    this.#waiting.join(waiter, asker)
  }

  /** Removes a call whose operation has left. Does nothing if the call was granted or refused already. */
  remove(waiter: WaitingCall): void {
    this.#waiting.remove(waiter)
  }

  /** Grants every call that may leave now, and plans the next grant. */
  serve(): void {
    const now = this.#clock.now()
    for (let lane = this.#nextLane(now); lane; lane = this.#nextLane(now)) this.#grant(lane, now)
    this.#planNextSlot(now)
  }

  /** Resumes the lanes of a tenant that its own limits held back. Must be followed by {@link serve}. */
  wake(tenant: TenantShare): void {
    for (const lane of tenant.lanes) this.#waiting.wake(lane)
  }

  /** Refuses the calls of a tenant whose deadline comes before the end of a pause. */
  refuseHopeless(tenant: TenantShare, now: number): void {
    for (const { items, endpoint, owner } of tenant.lanes) {
      if (items.size === 0) continue
      const readyAt = this.#readyAt(tenant, endpoint, owner.requestClass, now)
      // In the order of their turns, since each is told a time of its own. None waits for another that is refused too.
      const hopeless = [...new Set(items)].filter(({ deadline }) => deadline < readyAt)
      for (const waiter of hopeless) this.#waiting.remove(waiter)
      for (const waiter of hopeless) this.#refuse(waiter, now)
    }
  }

  [Symbol.dispose](): void {
    this.agenda[Symbol.dispose]()
  }

  #nextLane(now: number): TenantLane | undefined {
    return this.#nextOf(true, now) ?? this.#nextOf(false, now)
  }

  /** Returns the next lane of the classes that are below their floors, or of all others. */
  #nextOf(isDue: boolean, now: number): TenantLane | undefined {
    for (const requestClass of BUDGET_CLASSES) {
      const queue = this.#waiting.queues[requestClass]
      const isOpen = (endpoint: Endpoint) =>
        this.#floors.isDue(requestClass, endpoint) === isDue &&
        this.#address.readyAt(endpoint, this.#floors.standIn(requestClass, endpoint), now) <= now
      for (let lane = queue.next(isOpen); lane; lane = queue.next(isOpen)) {
        const { owner, endpoint } = lane
        const readyAt = owner.tenant.cells.readyAt(endpoint, this.#floors.standIn(requestClass, endpoint), now)
        if (readyAt <= now) return lane
        this.#waiting.park(lane, readyAt)
      }
    }
    return undefined
  }

  /** Grants a call of the lane whose turn it is, or of another lane of its tenant in its place. */
  #grant(next: TenantLane, now: number): void {
    const lane = this.#belowFloor(next, now) ?? next
    for (const each of new Set([next, lane])) this.#waiting.queues[each.owner.requestClass].endTurn(each)
    const waiter = lane.items.first
    if (!waiter) throw new Error('an empty lane had a turn')
    const taken = this.take(lane.owner.tenant, lane.endpoint, lane.owner.requestClass, now)
    this.#waiting.remove(waiter, true)
    waiter.grant(taken)
  }

  /**
   * Returns a lane of the same tenant with a less urgent class that is below its floor of the tenant's calls. It must compete with
   * the lane whose turn it is, and may leave by the rules of its class.
   */
  #belowFloor(next: TenantLane, now: number): TenantLane | undefined {
    const { tenant, requestClass } = next.owner
    const rank = rankOf(requestClass)
    return tenant.lanes.find(({ items, endpoint, owner: { requestClass: other } }) => {
      if (items.size === 0 || rankOf(other) <= rank || !tenant.order.isDue(other, endpoint)) return false
      return tenant.cells.isShared(next.endpoint, endpoint) && this.#readyAt(tenant, endpoint, requestClass, now) <= now
    })
  }

  /** Returns the clock time at which a call may leave, regardless of the calls ahead of it. */
  #readyAt(tenant: TenantShare | undefined, endpoint: Endpoint, requestClass: BudgetClass, now: number): number {
    const readyAt = this.#address.readyAt(endpoint, requestClass, now)
    return tenant ? Math.max(readyAt, tenant.cells.readyAt(endpoint, requestClass, now)) : readyAt
  }

  #expire(waiter: WaitingCall): void {
    // A slot may come in the moment of the deadline. Refused, the call would be told to come back at once.
    this.#waiting.wake(waiter.lane)
    this.serve()
    if (waiter.turn === undefined) return
    const now = this.#clock.now()
    this.#waiting.remove(waiter)
    this.#refuse(waiter, now)
  }

  #refuse({ lane: { owner, endpoint }, asker, refuse }: WaitingCall, now: number): void {
    const { tenant, requestClass } = owner
    refuse(this.promiseMs(tenant, { tenantKey: tenant.key, endpoint, class: requestClass, asker }, now))
  }

  /** Lanes that are still in a ring wait for the shared cells. Parked lanes have their own appointments. */
  #planNextSlot(now: number): void {
    let at = Number.POSITIVE_INFINITY
    for (const requestClass of BUDGET_CLASSES) {
      for (const endpoint of ENDPOINTS) {
        if (this.#waiting.queues[requestClass].load(endpoint).lanes === 0) continue
        at = Math.min(at, this.#address.readyAt(endpoint, this.#floors.standIn(requestClass, endpoint), now))
      }
    }
    if (this.#nextSlot?.at === at && this.#nextSlot.index >= 0) return
    this.agenda.cancel(this.#nextSlot)
    this.#nextSlot = at === Number.POSITIVE_INFINITY ? undefined : this.agenda.add(at, () => {})
  }
}

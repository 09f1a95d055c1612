import type { Asker } from '../waiting/stop.ts'
import type { Agenda } from './agenda.ts'
import { FairQueue } from './fair-queue.ts'
import type { ClassQueues } from './queued-until.ts'
import type { TenantLane, TenantShare, WaitingCall } from './tenant-share.ts'
import { turnOf } from './turn-queue.ts'

/** The events of calls that wait. */
interface WaitingEvents {
  /** Called at the deadline of a call that still waits. */
  onDeadline(waiter: WaitingCall): void
  /** Called whenever a tenant has one waiting call less. */
  onLeft(tenant: TenantShare): void
}

/** The calls that wait, in the queues of their classes, and the appointments that are made for them. */
export class WaitingCalls {
  readonly queues: ClassQueues = {
    mutation: new FairQueue(),
    interactive: new FairQueue(),
    trial: new FairQueue(),
    live: new FairQueue(),
    resync: new FairQueue(),
  }
  readonly #agenda: Agenda
  readonly #events: WaitingEvents
  #size = 0

  constructor(agenda: Agenda, events: WaitingEvents) {
    this.#agenda = agenda
    this.#events = events
  }

  /** Number of calls that wait. */
  get size(): number {
    return this.#size
  }

  /** Adds a call to its lane. It stays there until it is removed. */
  add(waiter: WaitingCall): void {
    const { lane, deadline } = waiter
    waiter.turn = this.queues[lane.owner.requestClass].push(lane, waiter, turnOf(waiter.asker))
    lane.owner.tenant.waiting += 1
    this.#size += 1
    if (deadline === Number.POSITIVE_INFINITY) return
    waiter.expiry = this.#agenda.add(deadline, () => this.#events.onDeadline(waiter))
  }

  /** Gives a call the turns of one more operation that waits for it. */
  join({ lane, turn }: WaitingCall, asker: Asker): void {
    if (turn) lane.items.join(turn, turnOf(asker))
  }

  /** Removes a call, granted or not, and everything that was kept for it. */
  remove(waiter: WaitingCall, isServed = false): void {
    const { lane, turn } = waiter
    if (turn === undefined) return
    waiter.turn = undefined
    this.#agenda.cancel(waiter.expiry)
    this.queues[lane.owner.requestClass].remove(lane, turn, { isServed })
    if (lane.items.size === 0) this.#agenda.cancel(lane.owner.wake)
    lane.owner.tenant.waiting -= 1
    this.#size -= 1
    this.#events.onLeft(lane.owner.tenant)
  }

  /** Skips a lane until an instant, since the limits of its tenant hold it back. */
  park(lane: TenantLane, until: number): void {
    this.queues[lane.owner.requestClass].park(lane)
    lane.owner.wake = this.#agenda.add(until, () => this.wake(lane))
  }

  /** Ends the parking of a lane. */
  wake(lane: TenantLane): void {
    this.#agenda.cancel(lane.owner.wake)
    this.queues[lane.owner.requestClass].resume(lane)
  }
}

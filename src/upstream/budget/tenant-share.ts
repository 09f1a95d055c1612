import type { Appointment } from './agenda.ts'
import { CellSet } from './cell-set.ts'
import { Lane } from './fair-queue.ts'
import type { Place } from './linked-list.ts'
import type { RateCell } from './rate-cell.ts'
import type { Endpoint, RateLimit } from './rate-limit.ts'
import { ClassOrder, callsAhead, type RequestClass } from './request-class.ts'

/** One call that waits for its permit. */
export interface Waiter {
  readonly lane: TenantLane
  readonly deadline: number
  /** Set as soon as the waiter stands in its lane. */
  place: Place<Waiter> | undefined
  expiry: Appointment | undefined
  readonly grant: (now: number) => void
  /** No slot in time; a new try makes sense after `waitMs`. */
  readonly refuse: (waitMs: number) => void
  readonly fail: (reason: unknown) => void
}

/** A tenant's calls of one class to one endpoint. */
export type TenantLane = Lane<Waiter, LaneOwner>

export interface LaneOwner {
  readonly tenant: TenantShare
  readonly requestClass: RequestClass
  /** Ends the parking of the lane. */
  wake: Appointment | undefined
}

/** What is one tenant's own: its counters, its waiting calls, and the order of its classes. */
export class TenantShare {
  readonly key: string
  /**
   * A cell for each limit of the service. That of an address limit has the same numbers as the shared one, so it never
   * decides anything until the service refuses this tenant: then it can be paused and slowed without slowing others.
   */
  readonly cells: CellSet
  readonly order = new ClassOrder()
  /** All lanes that were ever used, empty ones included. */
  readonly lanes: TenantLane[] = []
  waiting = 0
  forgetting: Appointment | undefined

  constructor(key: string, limits: readonly RateLimit[], jitterMs?: number) {
    this.key = key
    this.cells = new CellSet(limits, jitterMs)
  }

  lane(requestClass: RequestClass, endpoint: Endpoint): TenantLane {
    const known = this.#find(requestClass, endpoint)
    if (known) return known
    const lane: TenantLane = new Lane({ tenant: this, requestClass, wake: undefined }, endpoint)
    this.lanes.push(lane)
    return lane
  }

  /** How many calls of one class wait at one endpoint. */
  depth(requestClass: RequestClass, endpoint: Endpoint): number {
    return this.#find(requestClass, endpoint)?.items.size ?? 0
  }

  /** How many of the tenant's own calls leave through a cell before a new one. */
  ahead(cell: RateCell, requestClass: RequestClass): number {
    return callsAhead(requestClass, (other) => sum(cell.endpoints, (endpoint) => this.depth(other, endpoint)))
  }

  #find(requestClass: RequestClass, endpoint: Endpoint): TenantLane | undefined {
    return this.lanes.find((lane) => lane.endpoint === endpoint && lane.owner.requestClass === requestClass)
  }
}

export function sum<T>(values: readonly T[], numberOf: (value: T) => number): number {
  return values.reduce((total, value) => total + numberOf(value), 0)
}

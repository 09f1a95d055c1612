import type { Asker } from '../waiting/stop.ts'
import type { Appointment } from './agenda.ts'
import { CellSet } from './cell-set.ts'
import { ClassOrder } from './class-order.ts'
import { Lane } from './fair-queue.ts'
import type { Endpoint, RateLimit } from './rate-limit.ts'
import type { BudgetClass } from './request-class.ts'
import { sum } from './sum.ts'
import type { Turn } from './turn-queue.ts'

/** A call that got its permit. */
export interface TakenCall {
  readonly tenant: TenantShare
  readonly endpoint: Endpoint
  readonly requestClass: BudgetClass
  /** Clock time of the permit. */
  readonly grantedAt: number
  /** The credit of its class that it used up, with all tenants and with its own. Undefined if no call waited. */
  readonly spent: { readonly ofAll: number; readonly ofOwn: number } | undefined
}

/** A call that waits for its permit. */
export interface WaitingCall {
  readonly lane: TenantLane
  readonly deadline: number
  /** See `CallRequest`. */
  readonly asker: Asker | undefined
  /** See `CallRequest`. */
  readonly serviceName: string | undefined
  /** Set once the waiter is in its lane. */
  turn: Turn<WaitingCall> | undefined
  expiry: Appointment | undefined
  readonly grant: (taken: TakenCall) => void
  /** Rejects the call, since no slot is free in time. A retry makes sense after `waitMs`. */
  readonly refuse: (waitMs: number) => void
  readonly fail: (reason: unknown) => void
}

/** A tenant's calls of one class to one endpoint. If they share turns, those that share one: they may come from several networks. */
export type TenantLane = Lane<WaitingCall, LaneOwner>

export interface LaneOwner {
  readonly tenant: TenantShare
  readonly requestClass: BudgetClass
  /** Appointment that ends the parking of the lane. */
  wake: Appointment | undefined
}

/** One tenant's own part of the budget: its counters, its waiting calls, and the order of its classes. */
export class TenantShare {
  readonly key: string
  /**
   * One cell per limit of the service. The cell of an address limit has the same numbers as the shared cell, so it never
   * decides anything until the service refuses this tenant. Then the tenant can be paused and slowed down without slowing
   * down others.
   */
  readonly cells: CellSet
  readonly order = new ClassOrder()
  /** All lanes that were ever used, also empty ones, if they share no turn. */
  lanes: TenantLane[] = []
  waiting = 0
  /** Number of permits for calls that were not sent yet. */
  held = 0
  forgetting: Appointment | undefined

  constructor(key: string, limits: readonly RateLimit[]) {
    this.key = key
    this.cells = new CellSet(limits, { hasCopies: true })
  }

  /** @param sharedTurn key of the turn that the lane shares with those of other tenants. Default: it has one of its own. */
  lane(requestClass: BudgetClass, endpoint: Endpoint, sharedTurn?: string): TenantLane {
    const known = this.find(requestClass, endpoint, sharedTurn)
    if (known) return known
    const lane: TenantLane = new Lane({ tenant: this, requestClass, wake: undefined }, endpoint, sharedTurn)
    // A token that comes from many networks leaves a lane for each of them.
    this.lanes = this.lanes.filter((each) => each.items.size > 0 || each.sharedTurn === undefined)
    this.lanes.push(lane)
    return lane
  }

  find(requestClass: BudgetClass, endpoint: Endpoint, sharedTurn: string | undefined): TenantLane | undefined {
    return this.lanes.find((each) => isOf(each, requestClass, endpoint) && each.sharedTurn === sharedTurn)
  }

  /** Returns the number of calls of a class to an endpoint that wait. */
  waitingAt(requestClass: BudgetClass, endpoint: Endpoint): number {
    return sum(this.lanes, (each) => (isOf(each, requestClass, endpoint) ? each.items.size : 0))
  }
}

function isOf({ endpoint, owner }: TenantLane, ofClass: BudgetClass, ofEndpoint: Endpoint): boolean {
  return endpoint === ofEndpoint && owner.requestClass === ofClass
}

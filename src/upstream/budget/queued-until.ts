import { callsAhead } from './calls-ahead.ts'
import type { CellSet } from './cell-set.ts'
import type { FairQueue, Load } from './fair-queue.ts'
import type { RateCell } from './rate-cell.ts'
import { ENDPOINTS, type Endpoint } from './rate-limit.ts'
import type { RefusedLanes } from './refused-lanes.ts'
import type { CallRequest, SharedTurnOf } from './request-budget.ts'
import type { BudgetClass } from './request-class.ts'
import { sum } from './sum.ts'
import type { LaneOwner, TenantShare, WaitingCall } from './tenant-share.ts'
import { turnOf } from './turn-queue.ts'

/** The calls that wait, by class. */
export type ClassQueues = Readonly<Record<BudgetClass, FairQueue<WaitingCall, LaneOwner>>>

/** The refused calls that are yet to come back, by class and endpoint. */
export type ClassRefusals = Readonly<Record<BudgetClass, Readonly<Record<Endpoint, RefusedLanes>>>>

/** The parts of a request that decide about its place in the queue. */
export type QueuedRequest = Pick<CallRequest, 'tenantKey' | 'endpoint' | 'class' | 'asker'>

const NOBODY: Load = { items: 0, lanes: 0 }

/** Calls that are in no queue yet, but will leave before a call. */
export interface FurtherCalls {
  /** Number of further calls of the same lane. Default: 0. */
  readonly behind?: number
  /** Number of further calls of other tenants. They use only the cells that all tenants share. Default: 0. */
  readonly others?: number
}

/** The queues that a call would join, and all calls that may come before it. */
export interface CallsBefore extends FurtherCalls {
  readonly queues: ClassQueues
  /** Cells that all tenants share. */
  readonly address: CellSet
  readonly sharedTurnOf: SharedTurnOf
  /** Calls that count as if they waited. Undefined: none does. */
  readonly refusals?: ClassRefusals | undefined
}

/**
 * Estimates the clock time at which a call would leave if it joined the queues now.
 *
 * @param tenant undefined for one that has used nothing
 */
export function queuedUntil(
  { queues, address, sharedTurnOf, refusals, behind = 0, others = 0 }: CallsBefore,
  tenant: TenantShare | undefined,
  { tenantKey, endpoint, class: requestClass, asker }: QueuedRequest,
  now: number,
): number {
  const sharedTurn = sharedTurnOf(tenantKey)
  const turnKey = sharedTurn ?? tenantKey
  const lane = tenant?.find(requestClass, endpoint, sharedTurn)
  const waiting = lane?.items.ahead(turnOf(asker)) ?? 0
  const inLane = waiting + (refusals?.[requestClass][endpoint].ahead(turnKey, asker?.callerKey, now) ?? 0)

  // A parked lane is not in the load.
  const own: Load = lane?.seat ? { items: lane.items.size, lanes: 1 } : NOBODY
  // Lanes that share a turn take turns among themselves.
  const sharers = sharedTurn === undefined ? own : queues[requestClass].loadOfShared(endpoint, sharedTurn)
  const inTurn = inLane + Math.min(sharers.items - own.items, (sharers.lanes - own.lanes) * (inLane + 1))

  /**
   * Returns the calls of all other turns of a class at an endpoint, and the number of these turns. A tenant that has both waiting and
   * refused calls has two.
   */
  const othersAt = (other: BudgetClass, each: Endpoint): Load => {
    const queued = queues[other].load(each)
    const refused = refusals?.[other][each]
    const { items, lanes } = refused?.othersThan(turnKey, now) ?? NOBODY
    const isOwn = other === requestClass && each === endpoint
    const refusedOwn = isOwn ? 0 : (refused?.sizeOf(turnKey, now) ?? 0)
    return {
      items: queued.items - (isOwn ? sharers.items : 0) + items + refusedOwn,
      lanes: queued.lanes - (isOwn && sharers.lanes > 0 ? 1 : 0) + lanes + (refusedOwn > 0 ? 1 : 0),
    }
  }
  // Tenants that share a turn have no more turns between the calls of others than one tenant.
  const turns = sum(ENDPOINTS, (each) => queues[requestClass].load(each).lanes)
  const elsewhere = Math.min(others, turns * (behind + 1))
  const aheadOfAll = (cell: RateCell) =>
    callsAhead(requestClass, (other) =>
      sum(cell.endpoints, (each) => {
        const { items, lanes } = othersAt(other, each)
        if (other !== requestClass) return items
        // Inside a class, lanes take turns. So a call with N calls ahead of it in its own turn waits for at most N + 1 calls
        // of each other turn.
        return Math.min(items, lanes * (inTurn + 1)) + (each === endpoint ? inTurn : 0)
      }),
    )
  const readyAt = address.readyAt(endpoint, requestClass, now, (cell) => aheadOfAll(cell) + behind + elsewhere)
  if (!tenant) return readyAt

  const depth = (other: BudgetClass, each: Endpoint) =>
    tenant.waitingAt(other, each) + (refusals?.[other][each].sizeOf(turnKey, now) ?? 0)
  const aheadOfOwn = (cell: RateCell) =>
    callsAhead(requestClass, (other) =>
      sum(cell.endpoints, (each) => {
        if (other !== requestClass) return depth(other, each)
        // The lanes of one class take turns.
        return each === endpoint ? inLane : Math.min(depth(other, each), inLane + 1)
      }),
    )
  return Math.max(
    readyAt,
    tenant.cells.readyAt(endpoint, requestClass, now, (cell) => aheadOfOwn(cell) + behind),
  )
}

import { callsAhead } from './calls-ahead.ts'
import type { CellSet } from './cell-set.ts'
import type { FairQueue } from './fair-queue.ts'
import type { RateCell } from './rate-cell.ts'
import type { Endpoint } from './rate-limit.ts'
import type { RefusedLanes } from './refused-lanes.ts'
import type { CallRequest } from './request-budget.ts'
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

const NOBODY = { items: 0, lanes: 0 }

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
  /** Calls that count as if they waited. Undefined: none does. */
  readonly refusals?: ClassRefusals | undefined
}

/**
 * Estimates the clock time at which a call would leave if it joined the queues now.
 *
 * @param tenant undefined for one that has used nothing
 */
export function queuedUntil(
  { queues, address, refusals, behind = 0, others = 0 }: CallsBefore,
  tenant: TenantShare | undefined,
  { tenantKey, endpoint, class: requestClass, asker }: QueuedRequest,
  now: number,
): number {
  const lane = tenant?.find(requestClass, endpoint)
  const waiting = lane?.items.ahead(turnOf(asker)) ?? 0
  const inLane = waiting + (refusals?.[requestClass][endpoint].ahead(tenantKey, asker?.callerKey, now) ?? 0)

  /**
   * Returns the calls of all other lanes of a class to an endpoint, and the number of these lanes. A tenant that has both waiting and
   * refused calls has two.
   */
  const othersAt = (other: BudgetClass, each: Endpoint) => {
    const queued = queues[other].load(each)
    const refused = refusals?.[other][each]
    const { items, lanes } = refused?.othersThan(tenantKey, now) ?? NOBODY
    const isOwn = other === requestClass && each === endpoint
    const refusedOwn = isOwn ? 0 : (refused?.sizeOf(tenantKey, now) ?? 0)
    // A parked lane is not in the load.
    const own = isOwn && lane?.place ? { items: lane.items.size, lanes: 1 } : NOBODY
    return {
      items: queued.items - own.items + items + refusedOwn,
      lanes: queued.lanes - own.lanes + lanes + (refusedOwn > 0 ? 1 : 0),
    }
  }
  const aheadOfAll = (cell: RateCell) =>
    callsAhead(requestClass, (other) =>
      sum(cell.endpoints, (each) => {
        const { items, lanes } = othersAt(other, each)
        if (other !== requestClass) return items
        // Inside a class, lanes take turns. So a call with N calls ahead of it in its own lane waits for at most N + 1 calls
        // of each other lane.
        return Math.min(items, lanes * (inLane + 1)) + (each === endpoint ? inLane : 0)
      }),
    )
  const readyAt = address.readyAt(endpoint, requestClass, now, (cell) => aheadOfAll(cell) + behind + others)
  if (!tenant) return readyAt

  const depth = (other: BudgetClass, each: Endpoint) =>
    (tenant.find(other, each)?.items.size ?? 0) + (refusals?.[other][each].sizeOf(tenantKey, now) ?? 0)
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

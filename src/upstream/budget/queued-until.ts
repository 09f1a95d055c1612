import type { CellSet } from './cell-set.ts'
import type { FairQueue } from './fair-queue.ts'
import type { RateCell } from './rate-cell.ts'
import type { CallRequest } from './request-budget.ts'
import { type BudgetClass, callsAhead } from './request-class.ts'
import { sum } from './sum.ts'
import type { LaneOwner, TenantShare, WaitingCall } from './tenant-share.ts'
import { turnOf } from './turn-queue.ts'

/** The calls that wait, by class. */
export type ClassQueues = Readonly<Record<BudgetClass, FairQueue<WaitingCall, LaneOwner>>>

/** The parts of a request that decide about its place in the queue. */
export type QueuedRequest = Pick<CallRequest, 'endpoint' | 'class' | 'asker'>

/**
 * Estimates the clock time at which a call would leave if it joined the queues now.
 *
 * @param address cells that all tenants share
 * @param tenant undefined for one that has used nothing
 * @param behind number of further calls of the same lane that come before it
 */
export function queuedUntil(
  queues: ClassQueues,
  address: CellSet,
  tenant: TenantShare | undefined,
  { endpoint, class: requestClass, asker }: QueuedRequest,
  now: number,
  behind: number,
): number {
  const lane = tenant?.find(requestClass, endpoint)
  const inLane = lane?.items.ahead(turnOf(asker)) ?? 0
  const aheadOfAll = (cell: RateCell) =>
    callsAhead(requestClass, (other) =>
      sum(cell.endpoints, (each) => {
        const { items, lanes } = queues[other].load(each)
        if (other !== requestClass) return items
        // Inside a class, lanes take turns. So a call with N calls ahead of it in its own lane waits for at most N + 1 calls
        // of each other lane. A parked lane is not in the load.
        if (each !== endpoint || !lane?.place) return Math.min(items, lanes * (inLane + 1))
        return inLane + Math.min(items - lane.items.size, (lanes - 1) * (inLane + 1))
      }),
    )
  const readyAt = address.readyAt(endpoint, requestClass, now, (cell) => aheadOfAll(cell) + behind)
  if (!tenant) return readyAt
  const aheadOfOwn = (cell: RateCell) => tenant.ahead(cell, requestClass, endpoint, inLane) + behind
  return Math.max(readyAt, tenant.cells.readyAt(endpoint, requestClass, now, aheadOfOwn))
}

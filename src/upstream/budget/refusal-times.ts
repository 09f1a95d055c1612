import type { CellSet } from './cell-set.ts'
import { type ClassQueues, type ClassRefusals, type QueuedRequest, queuedUntil } from './queued-until.ts'
import type { Endpoint } from './rate-limit.ts'
import { RefusedLanes } from './refused-lanes.ts'
import type { SharedTurnOf } from './request-budget.ts'
import type { TenantShare } from './tenant-share.ts'

/** Number of times that are tried for a refused call, so that it gets one of its own. */
const MOST_STEPS = 100

/**
 * Decides when refused calls should come back.
 *
 * Each gets a time of its own, as if it waited in the queue: behind all calls that wait, and behind calls that were refused before
 * and have not come back yet, as far as these have their turns before it.
 */
export class RefusalTimes {
  readonly #queues: ClassQueues
  readonly #address: CellSet
  readonly #sharedTurnOf: SharedTurnOf
  readonly #refusals: ClassRefusals = {
    mutation: refusedLanes(),
    interactive: refusedLanes(),
    trial: refusedLanes(),
    live: refusedLanes(),
    resync: refusedLanes(),
  }

  /** @param address cells that all tenants share */
  constructor(queues: ClassQueues, address: CellSet, sharedTurnOf: SharedTurnOf) {
    this.#queues = queues
    this.#address = address
    this.#sharedTurnOf = sharedTurnOf
  }

  /**
   * Refuses a call. Returns the milliseconds after which it should come back.
   *
   * @param behind number of further calls of the same lane that come before it, though they do not wait in it
   */
  refuse(tenant: TenantShare | undefined, call: QueuedRequest, now: number, behind: number): number {
    const { tenantKey, asker } = call
    const turnKey = this.#sharedTurnOf(tenantKey) ?? tenantKey
    const refused = this.#refusals[call.class][call.endpoint]
    const until = (further: number): number =>
      queuedUntil(
        {
          queues: this.#queues,
          address: this.#address,
          sharedTurnOf: this.#sharedTurnOf,
          refusals: this.#refusals,
          behind: behind + further,
        },
        tenant,
        call,
        now,
      )
    let at = until(0)
    // Calls that came before another one may have gone since, so that the next place has the same time.
    for (let further = 1; further <= MOST_STEPS && refused.isTold(turnKey, asker?.callerKey, at, now); further++)
      at = until(further)
    refused.add(turnKey, asker?.callerKey, at)
    return Math.max(0, at - now)
  }
}

function refusedLanes(): Readonly<Record<Endpoint, RefusedLanes>> {
  return { list: new RefusedLanes(), item: new RefusedLanes(), write: new RefusedLanes() }
}

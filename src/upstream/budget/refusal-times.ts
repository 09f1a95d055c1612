import type { CellSet } from './cell-set.ts'
import { type ClassQueues, type ClassRefusals, type QueuedRequest, queuedUntil } from './queued-until.ts'
import type { Endpoint } from './rate-limit.ts'
import { RefusedLanes } from './refused-lanes.ts'
import type { TenantShare } from './tenant-share.ts'

/**
 * Decides when refused calls should come back.
 *
 * Each gets a time of its own, as if it waited in the queue: behind all calls that wait, and behind calls that were refused before
 * and have not come back yet, as far as these have their turns before it.
 */
export class RefusalTimes {
  readonly #queues: ClassQueues
  readonly #address: CellSet
  readonly #refusals: ClassRefusals = {
    mutation: refusedLanes(),
    interactive: refusedLanes(),
    trial: refusedLanes(),
    live: refusedLanes(),
    resync: refusedLanes(),
  }

  /** @param address cells that all tenants share */
  constructor(queues: ClassQueues, address: CellSet) {
    this.#queues = queues
    this.#address = address
  }

  /** Refuses a call. Returns the milliseconds after which it should come back. */
  refuse(tenant: TenantShare | undefined, call: QueuedRequest, now: number): number {
    const before = { queues: this.#queues, address: this.#address, refusals: this.#refusals }
    const at = queuedUntil(before, tenant, call, now)
    this.#refusals[call.class][call.endpoint].add(call.tenantKey, call.asker?.callerKey, at)
    return Math.max(0, at - now)
  }
}

function refusedLanes(): Readonly<Record<Endpoint, RefusedLanes>> {
  return { list: new RefusedLanes(), item: new RefusedLanes(), write: new RefusedLanes() }
}

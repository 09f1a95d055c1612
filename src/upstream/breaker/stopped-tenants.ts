import type { Clock } from '../waiting/clock.ts'

/** A stopped tenant without calls for this long says nothing about the service any more. */
const FORGET_MS = 300_000
const MAX_TENANTS = 10_000

/** The tenants whose calls to a service are stopped, as far as they still call. */
export class StoppedTenants {
  readonly #clock: Clock
  /** Clock time when each tenant's last call ended, oldest first. */
  readonly #tenants = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    const before = this.#clock.now() - FORGET_MS
    for (const [tenantKey, at] of this.#tenants) {
      if (at >= before && this.#tenants.size <= MAX_TENANTS) break
      this.#tenants.delete(tenantKey)
    }
    return this.#tenants.size
  }

  has(tenantKey: string): boolean {
    return this.#tenants.has(tenantKey)
  }

  /** @param isStopped true when the tenant's calls are stopped now */
  note(tenantKey: string, isStopped: boolean): void {
    this.#tenants.delete(tenantKey)
    if (isStopped) this.#tenants.set(tenantKey, this.#clock.now())
  }
}

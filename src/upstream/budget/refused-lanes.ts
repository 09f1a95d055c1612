import { RefusedCalls } from './refused-calls.ts'

/** Most tenants whose refused calls are remembered. A call of any further tenant gets the time that follows them. */
const MOST = 1000

/**
 * The refused calls of one class to one endpoint that have not come back yet, by tenant. Tenants take turns, as their lanes do, and
 * those that share a turn are one.
 */
export class RefusedLanes {
  /** By the key of the turn, since a tenant that has used nothing is forgotten at once. */
  readonly #byTenant = new Map<string, RefusedCalls>()
  #items = 0
  /** The first time at which a call was told to come back. */
  #firstAt = Number.POSITIVE_INFINITY

  /** Returns the number of calls of all tenants but one, and of these tenants. */
  othersThan(tenantKey: string, now: number): { readonly items: number; readonly lanes: number } {
    if (this.#firstAt <= now) this.#forgetPast(now)
    const own = this.sizeOf(tenantKey, now)
    return { items: this.#items - own, lanes: this.#byTenant.size - (own > 0 ? 1 : 0) }
  }

  /** Returns the number of calls of a tenant. */
  sizeOf(tenantKey: string, now: number): number {
    return this.#byTenant.get(tenantKey)?.sizeAt(now) ?? 0
  }

  /** Returns the number of a tenant's calls that come before another one of this caller. */
  ahead(tenantKey: string, callerKey: string | undefined, now: number): number {
    return this.#byTenant.get(tenantKey)?.ahead(callerKey, now) ?? 0
  }

  /** Returns whether a call of another caller of the tenant was told the same time. See {@link RefusedCalls.isTold}. */
  isTold(tenantKey: string, callerKey: string | undefined, at: number, now: number): boolean {
    return this.#byTenant.get(tenantKey)?.isTold(callerKey, at, now) ?? false
  }

  /** @param at when the call was told to come back */
  add(tenantKey: string, callerKey: string | undefined, at: number): void {
    const known = this.#byTenant.get(tenantKey)
    if (!known && this.#byTenant.size === MOST) return
    const calls = known ?? new RefusedCalls()
    if (!calls.add(callerKey, at)) return
    this.#byTenant.set(tenantKey, calls)
    this.#items += 1
    this.#firstAt = Math.min(this.#firstAt, at)
  }

  #forgetPast(now: number): void {
    this.#items = 0
    this.#firstAt = Number.POSITIVE_INFINITY
    for (const [tenantKey, calls] of this.#byTenant) {
      const size = calls.sizeAt(now)
      if (size === 0) this.#byTenant.delete(tenantKey)
      this.#items += size
      this.#firstAt = Math.min(this.#firstAt, calls.firstAt)
    }
  }
}

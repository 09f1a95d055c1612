/** Maximum number of tenants in each of the two sets. */
const MAX_TENANTS = 10_000

/**
 * The tenants whose calls are stopped, although the service has answered another tenant since. Then the trouble is their account's.
 *
 * Their failures say nothing about the service, until one of their own calls is answered.
 */
export class BrokenAccounts {
  /** Stopped tenants, as long as no other tenant had an answer. */
  readonly #stopped = new Set<string>()
  readonly #broken = new Set<string>()

  /** True if tenants are stopped, and no other tenant had an answer since. The next such answer shows that their accounts are broken. */
  get areSomeStopped(): boolean {
    return this.#stopped.size > 0
  }

  /** True if no account is known to be broken. */
  get isEmpty(): boolean {
    return this.#broken.size === 0
  }

  has(tenantKey: string): boolean {
    return this.#broken.has(tenantKey)
  }

  /** Records that a tenant's calls are stopped. */
  stopped(tenantKey: string): void {
    if (!this.#broken.has(tenantKey)) addTo(this.#stopped, tenantKey)
  }

  /** Records that a tenant's call was answered. */
  answered(tenantKey: string): void {
    this.#broken.delete(tenantKey)
    if (this.#stopped.size === 0) return
    this.#stopped.delete(tenantKey)
    for (const other of this.#stopped) addTo(this.#broken, other)
    this.#stopped.clear()
  }
}

function addTo(tenants: Set<string>, tenantKey: string): void {
  tenants.add(tenantKey)
  if (tenants.size <= MAX_TENANTS) return
  const [oldest = ''] = tenants
  tenants.delete(oldest)
}

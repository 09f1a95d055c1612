import { BrokenAccounts } from './broken-accounts.ts'
import type { Verdict } from './verdict.ts'

/**
 * Number of tenants whose calls must fail in a row with other statuses, such as 500, until that is an outage too. Fewer may have
 * broken accounts.
 */
const MANY_TENANTS = 5

/**
 * Decides whether a failure is the service's or the account's.
 *
 * An outage is the service's, unless the account is known to be broken. Any other failure is the account's, and so an answer as far as
 * other tenants are concerned, until five tenants have failed without an answer to anybody.
 */
export class Blame {
  readonly #broken = new BrokenAccounts()
  /** Tenants that have failed since the last answer to anybody, without broken accounts. {@link MANY_TENANTS} at most. */
  readonly #failing = new Set<string>()

  /** True if nobody has failed since the last answer. Then an answer to a tenant whose account is not broken changes nothing. */
  get isClear(): boolean {
    return this.#failing.size === 0 && !this.#broken.areSomeStopped
  }

  get isNobodyBroken(): boolean {
    return this.#broken.isEmpty
  }

  /** Returns whether a tenant's account is known to be broken. */
  isBroken(tenantKey: string): boolean {
    return this.#broken.has(tenantKey)
  }

  /**
   * Records how a tenant's call ended. Returns what that shows of the service for all tenants together.
   *
   * @param isStopped true if the tenant's calls are stopped now
   */
  note(tenantKey: string, verdict: Verdict, isStopped: boolean): Verdict {
    if (verdict === 'answer') {
      if (this.#failing.size > 0) this.#failing.clear()
      this.#broken.answered(tenantKey)
      return verdict
    }
    const forAll = verdict === 'nothing' ? verdict : this.#failed(tenantKey, verdict)
    if (isStopped) this.#broken.stopped(tenantKey)
    return forAll
  }

  #failed(tenantKey: string, verdict: 'failure' | 'outage'): Verdict {
    const isBroken = this.#broken.has(tenantKey)
    if (!isBroken && this.#failing.size < MANY_TENANTS) this.#failing.add(tenantKey)
    if (verdict === 'failure' && this.#failing.size < MANY_TENANTS) return 'answer'
    return isBroken ? 'nothing' : verdict
  }
}

import type { Clock } from '../waiting/clock.ts'
import type { Verdict } from './verdict.ts'

/** A stopped tenant without calls for this long says nothing about the service any more. */
const FORGET_STOPPED_MS = 300_000
/** An answer older than this proves nothing. */
const FORGET_ANSWERED_MS = 60_000
/** Precision of the recorded times. Moving an entry on each call would cost more than looking it up. */
const PRECISION_MS = 1_000
/** Maximum number of stopped tenants, and of answered ones. */
const MAX_TENANTS = 10_000

/**
 * The tenants whose calls to a service are stopped, and the tenants whose calls were answered recently.
 *
 * The state of the service for all tenants together depends on both.
 */
export class StoppedTenants {
  readonly #clock: Clock
  /** Clock time when each tenant's last call ended, oldest first. */
  readonly #stopped = new Map<string, number>()
  readonly #answered = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Number of stopped tenants. */
  get size(): number {
    if (this.#stopped.size > 0) this.#forget()
    return this.#stopped.size
  }

  /** True if the last call of any tenant that is not stopped was answered within the last minute. */
  get areOthersAnswered(): boolean {
    this.#forget()
    for (const tenantKey of this.#answered.keys()) if (!this.#stopped.has(tenantKey)) return true
    return false
  }

  /**
   * Records how a call ended.
   *
   * @param isStopped true when the tenant's calls are stopped now
   */
  note(tenantKey: string, verdict: Verdict, isStopped: boolean): void {
    const now = this.#clock.now()
    const isAnswered = verdict === 'answer'
    if (this.#stopped.size > 0) this.#stopped.delete(tenantKey)
    if (isStopped) this.#stopped.set(tenantKey, now)
    if (
      verdict === 'nothing' ||
      (isAnswered && now - (this.#answered.get(tenantKey) ?? Number.NEGATIVE_INFINITY) < PRECISION_MS)
    )
      return
    this.#answered.delete(tenantKey)
    if (isAnswered) this.#answered.set(tenantKey, now)
    this.#forget()
  }

  #forget(): void {
    const now = this.#clock.now()
    dropFirst(this.#stopped, now - FORGET_STOPPED_MS)
    dropFirst(this.#answered, now - FORGET_ANSWERED_MS)
  }
}

/** Drops entries from before an instant, and the oldest entries above the maximum. */
function dropFirst(entries: Map<string, number>, before: number): void {
  for (const [key, at] of entries) {
    if (at >= before && entries.size <= MAX_TENANTS) return
    entries.delete(key)
  }
}

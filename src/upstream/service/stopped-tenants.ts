import type { Clock } from '../clock.ts'

/** A tenant without calls for so long says nothing about its service any more. */
const FORGET_STOPPED_MS = 300_000
/** A success that is older proves nothing. */
const FORGET_ANSWERED_MS = 60_000
/** Times are only this exact, since moving an entry costs more than finding it. */
const PRECISION_MS = 1_000
/** Tenants of each kind that are kept. */
const MAX_TENANTS = 10_000

/**
 * The tenants whose calls to a service are stopped, and those whose calls were answered lately.
 *
 * The state of the service for all tenants together depends on both.
 */
export class StoppedTenants {
  readonly #clock: Clock
  /** When the last call of each tenant ended, the oldest first. */
  readonly #stopped = new Map<string, number>()
  readonly #answered = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many tenants are stopped. */
  get size(): number {
    if (this.#stopped.size > 0) this.#forget()
    return this.#stopped.size
  }

  /** Whether the last call of any other tenant was answered, within the last minute. */
  get areOthersAnswered(): boolean {
    this.#forget()
    for (const tenant of this.#answered.keys()) if (!this.#stopped.has(tenant)) return true
    return false
  }

  /**
   * Notes how a call has ended.
   *
   * @param isAnswered null when that shows nothing: the call was aborted, or its token refused
   * @param isStopped whether the tenant's calls are stopped now
   */
  note(tenant: string, isAnswered: boolean | null, isStopped: boolean): void {
    const now = this.#clock.now()
    if (this.#stopped.size > 0) this.#stopped.delete(tenant)
    if (isStopped) this.#stopped.set(tenant, now)
    if (
      isAnswered === null ||
      (isAnswered && now - (this.#answered.get(tenant) ?? Number.NEGATIVE_INFINITY) < PRECISION_MS)
    )
      return
    this.#answered.delete(tenant)
    if (isAnswered) this.#answered.set(tenant, now)
    this.#forget()
  }

  #forget(): void {
    const now = this.#clock.now()
    dropFirst(this.#stopped, now - FORGET_STOPPED_MS)
    dropFirst(this.#answered, now - FORGET_ANSWERED_MS)
  }
}

/** Drops the entries from before an instant, and those that are too many. */
function dropFirst(entries: Map<string, number>, before: number): void {
  for (const [key, at] of entries) {
    if (at >= before && entries.size <= MAX_TENANTS) return
    entries.delete(key)
  }
}

import type { Cid } from '../../domain/cid.ts'
import type { Pin } from '../../domain/pin.ts'

/** A pin that an answer should have shown. */
export interface Suspicion {
  /** Time on the clock when the service first did not find it by its id. Null before that. */
  missedAt: number | null
  /** Time on the clock before which it is not looked up again. */
  notBefore: number
  /** Number of look-ups in a row that failed, other than by 404. */
  failures: number
}

/** A pin that the service did not find twice, while subscribers follow it by its id. */
export interface GonePin {
  readonly cid: Cid
  /** Time on the clock. */
  readonly at: number
}

/** The pins that the answers for one tenant have shown, and those that they should have shown and did not. */
export class Sightings {
  /** Request ids that the current poll expects, and that no answer has shown yet. */
  readonly missing = new Set<string>()
  /** By request id: pins that were missing at the end of a poll. They are looked up by their id. */
  readonly suspects = new Map<string, Suspicion>()
  /** By request id. */
  readonly gone = new Map<string, GonePin>()
  #newestNs = 0n

  /** Creation time of the newest pin that any answer has shown, in nanoseconds since 1970. */
  get newestNs(): bigint {
    return this.#newestNs
  }

  /** Notes that an answer showed a pin. */
  saw({ requestId, created }: Pin): void {
    if (created.ns > this.#newestNs) this.#newestNs = created.ns
    this.missing.delete(requestId)
    this.suspects.delete(requestId)
    this.gone.delete(requestId)
  }

  /** Queues a lookup by request id. Called when a list lacks a pin that was expected. */
  suspect(requestId: string): void {
    if (!this.suspects.has(requestId))
      this.suspects.set(requestId, { missedAt: null, notBefore: Number.NEGATIVE_INFINITY, failures: 0 })
  }
}

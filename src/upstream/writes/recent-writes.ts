import type { Cid } from '../../domain/cid.ts'
import type { Pin } from '../../domain/pin.ts'
import type { Clock } from '../waiting/clock.ts'
import { RecentKeys } from './recent-keys.ts'

/** Milliseconds that a service may take to show a new pin in its lists, or to answer a removal that was retried. */
const GRACE_MS = 60_000
/** Milliseconds during which the answer to a write is as good as a read of the pin. */
const FRESH_MS = 2_000

/** One tenant's recent writes, kept for a minute at most. The tenant's reads and its later writes depend on them. */
export class RecentWrites {
  /** CIDs of the pins that were made, by request id. Lists may not show these pins yet. */
  readonly #made: RecentKeys<Cid>
  /** Pins as the answers to their writes showed them. A pin is dropped when an answer to a read shows it. */
  readonly #fresh: RecentKeys<Pin>
  /** Request ids whose removal was sent but not answered. */
  readonly #maybeRemoved: RecentKeys<null>
  #generation = 0

  constructor(clock: Clock) {
    this.#made = new RecentKeys(clock, GRACE_MS)
    this.#fresh = new RecentKeys(clock, FRESH_MS)
    this.#maybeRemoved = new RecentKeys(clock, GRACE_MS)
  }

  /** Grows with every request that may have changed something, so that later reads do not share earlier ones. */
  get generation(): number {
    return this.#generation
  }

  /** Notes that a request ended that may have changed something. */
  changed(): void {
    this.#generation++
  }

  /** @param replaced request id of the pin that the service replaced with it; null for an add */
  made(pin: Pin, replaced: string | null): void {
    if (replaced !== null) this.gone(replaced)
    this.#made.set(pin.requestId, pin.cid)
    this.#fresh.set(pin.requestId, pin)
  }

  /** Notes that a removal was sent but not answered. */
  maybeRemoved(requestId: string): void {
    this.#maybeRemoved.set(requestId, null)
  }

  isMaybeRemoved(requestId: string): boolean {
    return this.#maybeRemoved.has(requestId)
  }

  removed(requestId: string): void {
    this.#maybeRemoved.delete(requestId)
    this.gone(requestId)
  }

  /** Notes that a pin no longer exists, whatever removed it. */
  gone(requestId: string): void {
    this.#made.delete(requestId)
    this.#fresh.delete(requestId)
  }

  /** Notes that the service did not find a pin that was made. It may be there all the same, and not be shown yet. */
  notFound(requestId: string): void {
    this.#made.delete(requestId)
  }

  /** Notes that an answer to a read contained a pin. */
  shown(requestId: string): void {
    this.#fresh.delete(requestId)
  }

  /** Returns a pin that was made within the last 2 s, as its write's answer showed it. Undefined once a read has shown it. */
  justMade(requestId: string): Pin | undefined {
    return this.#fresh.get(requestId)
  }

  /** Request ids of the pins of a CID that were made, oldest first. */
  madeOf(cid: Cid): string[] {
    const requestIds: string[] = []
    for (const [requestId, { key }] of this.#made.entries()) if (key === cid.key) requestIds.push(requestId)
    return requestIds
  }

  /** The remembered pin that was made first; undefined when there is none. */
  get oldest(): { readonly requestId: string; readonly cid: Cid } | undefined {
    const [first] = this.#made.entries()
    return first && { requestId: first[0], cid: first[1] }
  }
}

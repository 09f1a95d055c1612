import type { Cid } from '../../domain/cid.ts'
import type { Pin } from '../../domain/pin.ts'
import type { Clock } from '../clock.ts'
import { RecentKeys } from './recent-keys.ts'

/** How long a service may take to show a new pin in its lists, and to answer a removal that was repeated. */
const GRACE_MS = 60_000
/** How long the answer to a write is as good as a look at the pin. */
const FRESH_MS = 2_000

/** All that one tenant remembers, for a minute, of its writes: its reads depend on it, and so do its later writes. */
export class RecentWrites {
  /** The CIDs of the pins that were made, by request id: lists may not show them yet. */
  readonly #made: RecentKeys<Cid>
  /** Pins as the answers to their writes showed them, unless something newer is known. */
  readonly #fresh: RecentKeys<Pin>
  /** Request ids whose removal was sent, and got no answer. */
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

  /** Notes that a request has ended that may have changed something. */
  changed(): void {
    this.#generation++
  }

  /** @param replaced request id of the pin that the service replaced by it; null for none */
  made(pin: Pin, replaced: string | null): void {
    if (replaced !== null) this.gone(replaced)
    this.#made.set(pin.requestId, pin.cid)
    this.#fresh.set(pin.requestId, pin)
  }

  /** Notes that a removal was sent, and got no answer. */
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

  /** Notes that a pin is not there any more, whoever took it away. */
  gone(requestId: string): void {
    this.#made.delete(requestId)
    this.#fresh.delete(requestId)
  }

  /** Notes that an answer showed a pin. */
  shown(requestId: string): void {
    this.#fresh.delete(requestId)
  }

  /** A pin as it was made within the last 2 s; undefined once an answer showed it again. */
  justMade(requestId: string): Pin | undefined {
    return this.#fresh.get(requestId)
  }

  /** Request ids of the pins of a CID that were made, oldest first. */
  madeOf(cid: Cid): string[] {
    const requestIds: string[] = []
    for (const [requestId, { key }] of this.#made.entries()) if (key === cid.key) requestIds.push(requestId)
    return requestIds
  }

  /** The pin that was made first; undefined for none. */
  get oldest(): { readonly requestId: string; readonly cid: Cid } | undefined {
    const [first] = this.#made.entries()
    return first && { requestId: first[0], cid: first[1] }
  }
}

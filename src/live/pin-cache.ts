import type { Pin } from '../domain/pin.ts'
import { isSettled } from '../domain/pin.ts'

/** What a tenant's pins were when last seen, and which answer said so. */
interface CachedPin {
  readonly pin: Pin
  /** Of the request whose answer showed it last. */
  readonly ticket: number
}

/** What an answer changed. */
export type CacheChange =
  | { readonly type: 'added'; readonly pin: Pin }
  | { readonly type: 'changed'; readonly pin: Pin; readonly previous: Pin }
  | { readonly type: 'removed'; readonly previous: Pin }
  | { readonly type: 'replaced'; readonly pin: Pin; readonly previous: Pin }

/**
 * The last known state of a tenant's pins.
 *
 * Answers overtake each other, so every request takes a ticket when it is sent, and a state is only taken over from a
 * request that was sent after the one it came from. What was removed stays known for a while, so that an answer that
 * was already on its way, or a service that forgets slowly, does not bring it back.
 */
export class PinCache {
  readonly #pins = new Map<string, CachedPin>()
  readonly #removed = new Map<string, number>()

  get(requestId: string): Pin | undefined {
    return this.#pins.get(requestId)?.pin
  }

  /** All pins that are there. */
  *pins(): Generator<Pin> {
    for (const { pin } of this.#pins.values()) yield pin
  }

  get size(): number {
    return this.#pins.size
  }

  /** Takes over how a pin was seen; null when that changes nothing, or is older than what is known. */
  see(pin: Pin, ticket: number, isSuperseded: (removedAt: number) => boolean): CacheChange | null {
    const removedAt = this.#removed.get(pin.requestId)
    if (removedAt !== undefined) {
      if (!isSuperseded(removedAt)) return null
      this.#removed.delete(pin.requestId)
    }
    const known = this.#pins.get(pin.requestId)
    if (known && known.ticket >= ticket) return null
    this.#pins.set(pin.requestId, { pin, ticket })
    if (!known) return { type: 'added', pin }
    return isSameState(known.pin, pin) ? null : { type: 'changed', pin, previous: known.pin }
  }

  /** Forgets a pin that is gone. */
  remove(requestId: string, at: number): CacheChange | null {
    this.#removed.set(requestId, at)
    const known = this.#pins.get(requestId)
    if (!known) return null
    this.#pins.delete(requestId)
    return { type: 'removed', previous: known.pin }
  }

  /** Puts a pin in the place of another. The same request id is a change of the same pin. */
  replace(oldRequestId: string, pin: Pin, ticket: number, at: number): CacheChange | null {
    if (oldRequestId === pin.requestId) return this.see(pin, ticket, () => true)
    const gone = this.remove(oldRequestId, at)
    const seen = this.see(pin, ticket, () => true)
    if (gone?.type !== 'removed') return seen
    return seen ? { type: 'replaced', pin, previous: gone.previous } : gone
  }

  /** Lets go of removals older than `before`. */
  forgetRemovals(before: number): void {
    for (const [requestId, at] of this.#removed) if (at < before) this.#removed.delete(requestId)
  }

  /** Pins that are expected to change. */
  unsettled(): Pin[] {
    return [...this.pins()].filter((pin) => !isSettled(pin.status))
  }

  clear(): void {
    this.#pins.clear()
    this.#removed.clear()
  }
}

/** True when a client could not tell the two apart. `created` is left out: some services print it differently each time. */
function isSameState(a: Pin, b: Pin): boolean {
  return (
    a.status === b.status &&
    a.name === b.name &&
    a.cid.text === b.cid.text &&
    JSON.stringify([a.info, a.meta, a.origins, a.delegates]) ===
      JSON.stringify([b.info, b.meta, b.origins, b.delegates])
  )
}

import { isSettled, type Pin } from '../../domain/pin.ts'
import { pinBytesOf } from '../../domain/pin-bytes.ts'
import { isSameState } from '../../domain/pin-state.ts'

/** The last known state of a pin. */
export interface KnownPin {
  readonly pin: Pin
  /** Ticket of the last request that had been sent when the answer with this state came. */
  readonly asOf: number
  /** Nanoseconds since 1970. */
  readonly createdNs: bigint
  /** Time on the clock since when the pin has had this state. A pin that changed lately will soon change again. */
  readonly activeAt: number
}

/** A change that an answer made to the cache. */
export type CacheChange =
  | { readonly type: 'added'; readonly pin: Pin }
  | { readonly type: 'changed'; readonly pin: Pin; readonly previous: Pin }
  | { readonly type: 'removed'; readonly previous: Pin }
  | { readonly type: 'replaced'; readonly pin: Pin; readonly previous: Pin; readonly isNew: boolean }

/** Numbers of requests in the order of sending, for one answer. */
export interface Tickets {
  /** Ticket of the request that was answered. */
  readonly sent: number
  /** Ticket of the last request that had been sent when the answer came. */
  readonly last: number
}

/** A pin that is not in the cache, and the answers that are too old to bring it back. */
interface Absence {
  /** Time on the clock when it left the cache. */
  readonly at: number
  /** Answers to requests up to this ticket are too old to bring it back. */
  readonly asOf: number
  /** Time on the clock before which no answer brings it back, since services may still show a removed pin. */
  readonly until: number
  readonly isRemoved: boolean
}

/** An answer that still shows a removed pin is ignored for this long after the removal. */
const REMOVAL_GRACE_MS = 10_000
/** No answer takes longer to arrive. */
const MEMORY_MS = 60_000
/** Bytes of the absence of a pin. */
const BYTES_PER_ABSENCE = 200

/** The room of the cache: gets the bytes that it takes, or a negative number of those that it gives back. */
export interface CacheRoom {
  take(bytes: number): void
}

/**
 * The last known state of the pins that are watched.
 *
 * Answers overtake each other. Of two requests that were in flight at the same time, either may have been processed
 * first. So every request takes a ticket when it is sent. A state is replaced only by the answer to a request
 * that was sent after the answer with that state had come; the next poll is such a request. Pins that were removed or
 * dropped are remembered for a minute, so that an answer in flight does not bring them back.
 */
export class PinCache {
  readonly #pins = new Map<string, KnownPin>()
  readonly #unsettled = new Map<string, KnownPin>()
  readonly #absent = new Map<string, Absence>()
  readonly #room: CacheRoom

  constructor(room: CacheRoom = { take() {} }) {
    this.#room = room
  }

  get size(): number {
    return this.#pins.size
  }

  get(requestId: string): KnownPin | undefined {
    return this.#pins.get(requestId)
  }

  has(requestId: string): boolean {
    return this.#pins.has(requestId)
  }

  /** Returns all pins in the cache. */
  all(): Iterable<KnownPin> {
    return this.#pins.values()
  }

  /** Returns the pins that are queued or pinning, and so will change. */
  unsettled(): Iterable<KnownPin> {
    return this.#unsettled.values()
  }

  /** Returns true when the service said that it has no such pin. */
  isRemoved(requestId: string): boolean {
    return this.#absent.get(requestId)?.isRemoved === true
  }

  /** Returns true when a pin was removed within the last 10 s, so that the service may still show it. */
  isJustRemoved(requestId: string, now: number): boolean {
    const absence = this.#absent.get(requestId)
    return absence?.isRemoved === true && now < absence.until
  }

  /**
   * Stores a pin as an answer showed it.
   *
   * @param tickets of the answer. `sent` is 0 for an answer of unknown age, which is used only for a pin that is not known
   * @param activeAt time on the clock since when a pin that was not known may have had this state
   * @returns null when the state is the same, or older than the known one
   */
  see(pin: Pin, tickets: Tickets, now: number, activeAt = now): CacheChange | null {
    const absence = this.#absent.get(pin.requestId)
    if (absence && (tickets.sent <= absence.asOf || now < absence.until)) return null
    return this.#take(pin, tickets, now, activeAt)
  }

  /** Stores a pin that a change made. The pin exists, unless it was removed while the answer was in flight. */
  put(pin: Pin, tickets: Tickets, now: number): CacheChange | null {
    const absence = this.#absent.get(pin.requestId)
    if (absence && tickets.sent <= absence.asOf) return null
    return this.#take(pin, tickets, now, now)
  }

  /**
   * Removes a pin that is gone.
   *
   * @param asOf ticket of the last request that had been sent when the removal became known
   */
  remove(requestId: string, asOf: number, now: number): CacheChange | null {
    const known = this.#drop(requestId)
    this.#noteAbsence(requestId, { at: now, asOf, until: now + REMOVAL_GRACE_MS, isRemoved: true })
    return known ? { type: 'removed', previous: known.pin } : null
  }

  /**
   * Replaces a pin by another. With the same request id, this is a change of the same pin.
   *
   * @returns the changes, in order. An answer may have shown the new pin before
   */
  replace(oldRequestId: string, pin: Pin, tickets: Tickets, now: number): CacheChange[] {
    const isNew = !this.has(pin.requestId)
    const gone = oldRequestId === pin.requestId ? null : this.remove(oldRequestId, tickets.last, now)
    const seen = this.put(pin, tickets, now)
    if (gone?.type !== 'removed') return seen ? [seen] : []
    const known = this.get(pin.requestId)
    if (!known) return [gone]
    const replaced = { type: 'replaced', pin: known.pin, previous: gone.previous, isNew } as const
    return isNew || !seen ? [replaced] : [seen, replaced]
  }

  /** Notes that a pin exists that no view tracks. Where request ids are CIDs, a removed pin may have been added again. */
  revive(requestId: string, ticket: number): void {
    const absence = this.#absent.get(requestId)
    if (absence && ticket > absence.asOf) this.#forgetAbsence(requestId)
  }

  /** Drops a pin that no view tracks any more. */
  forget(requestId: string, now: number): void {
    const known = this.#drop(requestId)
    if (known) this.#noteAbsence(requestId, { at: now, asOf: known.asOf, until: now, isRemoved: false })
  }

  /** Forgets everything. Called once nobody follows any pin. */
  clear(): void {
    this.#pins.clear()
    this.#unsettled.clear()
    this.#absent.clear()
  }

  /**
   * Forgets the absence of pins that no answer can bring back any more.
   *
   * @param isAskedFor returns true while a view follows a pin by its id, so that its absence must stay known
   */
  forgetAbsent(now: number, isAskedFor: (requestId: string) => boolean): void {
    for (const [requestId, { at }] of this.#absent) {
      if (now - at > MEMORY_MS && !isAskedFor(requestId)) this.#forgetAbsence(requestId)
    }
  }

  #take(pin: Pin, tickets: Tickets, now: number, activeAt: number): CacheChange | null {
    const { requestId } = pin
    const known = this.#pins.get(requestId)
    if (known && known.asOf >= tickets.sent) return null
    this.#forgetAbsence(requestId)
    const isSame = known !== undefined && isSameState(known.pin, pin)
    const since = known === undefined ? activeAt : isSame ? known.activeAt : now
    const next = { pin: isSame ? known.pin : pin, asOf: tickets.last, createdNs: pin.created.ns, activeAt: since }
    this.#pins.set(requestId, next)
    if (!isSame) this.#room.take(pinBytesOf(pin) - (known ? pinBytesOf(known.pin) : 0))
    if (isSettled(pin.status)) this.#unsettled.delete(requestId)
    else this.#unsettled.set(requestId, next)
    if (!known) return { type: 'added', pin }
    return isSame ? null : { type: 'changed', pin, previous: known.pin }
  }

  #drop(requestId: string): KnownPin | undefined {
    const known = this.#pins.get(requestId)
    this.#pins.delete(requestId)
    this.#unsettled.delete(requestId)
    if (known) this.#room.take(-pinBytesOf(known.pin))
    return known
  }

  #noteAbsence(requestId: string, absence: Absence): void {
    if (!this.#absent.has(requestId)) this.#room.take(BYTES_PER_ABSENCE)
    this.#absent.set(requestId, absence)
  }

  #forgetAbsence(requestId: string): void {
    if (this.#absent.delete(requestId)) this.#room.take(-BYTES_PER_ABSENCE)
  }
}

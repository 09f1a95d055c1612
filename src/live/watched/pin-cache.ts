import { isSettled, type Pin, type StringMap } from '../../domain/pin.ts'

/** A pin as it was last seen. */
export interface KnownPin {
  readonly pin: Pin
  /** Of the last request that had been sent when the answer came that showed it. */
  readonly asOf: number
  /** Nanoseconds since 1970. */
  readonly createdNs: bigint
  /** Since when it has been as it is, in milliseconds on the clock: what moved lately will soon move again. */
  readonly activeAt: number
}

/** What an answer changed. */
export type CacheChange =
  | { readonly type: 'added'; readonly pin: Pin }
  | { readonly type: 'changed'; readonly pin: Pin; readonly previous: Pin }
  | { readonly type: 'removed'; readonly previous: Pin }
  | { readonly type: 'replaced'; readonly pin: Pin; readonly previous: Pin; readonly isNew: boolean }

/** The number of a request in the order of sending, and of the last one that had been sent when its answer came. */
export interface Tickets {
  readonly sent: number
  readonly last: number
}

/** Since when a pin is not kept, and which answers are too old to bring it back. */
interface Absence {
  readonly at: number
  readonly asOf: number
  /** Answers are not believed before: services may show a removed pin once more. */
  readonly until: number
  readonly isRemoved: boolean
}

/** An answer that still shows a removed pin is believed only this long after the removal. */
const REMOVAL_GRACE_MS = 10_000
/** No answer takes longer to arrive. */
const MEMORY_MS = 60_000

/**
 * The last known state of the pins that are watched.
 *
 * Answers overtake each other, and of two requests that were under way at the same time nobody knows which the service
 * looked at first. So every request takes a ticket when it is sent, and a state is taken over only from one that was
 * sent after the answer had come that showed the present state; the next poll is such a request. What was removed or
 * let go stays known for a minute, so that an answer that was on its way does not bring it back.
 */
export class PinCache {
  readonly #pins = new Map<string, KnownPin>()
  readonly #unsettled = new Map<string, KnownPin>()
  readonly #absent = new Map<string, Absence>()

  get size(): number {
    return this.#pins.size
  }

  get(requestId: string): KnownPin | undefined {
    return this.#pins.get(requestId)
  }

  has(requestId: string): boolean {
    return this.#pins.has(requestId)
  }

  /** All that is known. */
  all(): Iterable<KnownPin> {
    return this.#pins.values()
  }

  /** Those that are expected to change. */
  unsettled(): Iterable<KnownPin> {
    return this.#unsettled.values()
  }

  /** Whether the service said that it has no such pin. */
  isRemoved(requestId: string): boolean {
    return this.#absent.get(requestId)?.isRemoved === true
  }

  /** The same, of one so lately gone that services may not all know of it. */
  isJustRemoved(requestId: string, now: number): boolean {
    const absence = this.#absent.get(requestId)
    return absence?.isRemoved === true && now < absence.until
  }

  /**
   * Takes over how a pin was seen.
   *
   * @param tickets of the answer; `sent` is 0 for one of unknown age, which only fills a gap
   * @param activeAt since when it may have been so, for a pin that was not known
   * @returns null when that changes nothing, or is older than what is known
   */
  see(pin: Pin, tickets: Tickets, now: number, activeAt = now): CacheChange | null {
    const absence = this.#absent.get(pin.requestId)
    if (absence && (tickets.sent <= absence.asOf || now < absence.until)) return null
    return this.#take(pin, tickets, now, activeAt)
  }

  /** Takes over a pin that a change made: it is there, unless it was removed while the answer was on its way. */
  put(pin: Pin, tickets: Tickets, now: number): CacheChange | null {
    const absence = this.#absent.get(pin.requestId)
    if (absence && tickets.sent <= absence.asOf) return null
    return this.#take(pin, tickets, now, now)
  }

  /**
   * Notes that a pin is gone.
   *
   * @param asOf ticket of the last request that had been sent when that became known
   */
  remove(requestId: string, asOf: number, now: number): CacheChange | null {
    const known = this.#drop(requestId)
    this.#absent.set(requestId, { at: now, asOf, until: now + REMOVAL_GRACE_MS, isRemoved: true })
    return known ? { type: 'removed', previous: known.pin } : null
  }

  /**
   * Puts a pin in the place of another. The same request id is a change of the same pin.
   *
   * @returns what that changes, in order: the new pin may have been seen before, as it was made or later
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

  /** Notes that a pin is there of which nobody wants to know more: where ids are CIDs, what was removed is added again. */
  revive(requestId: string, ticket: number): void {
    const absence = this.#absent.get(requestId)
    if (absence && ticket > absence.asOf) this.#absent.delete(requestId)
  }

  /** Lets a pin go that nobody watches any more. */
  forget(requestId: string, now: number): void {
    const known = this.#drop(requestId)
    if (known) this.#absent.set(requestId, { at: now, asOf: known.asOf, until: now, isRemoved: false })
  }

  /**
   * Lets go of what no answer can bring back any more.
   *
   * @param isAskedFor whether somebody still wants to know that a pin is gone
   */
  forgetAbsent(now: number, isAskedFor: (requestId: string) => boolean): void {
    for (const [requestId, { at }] of this.#absent) {
      if (now - at > MEMORY_MS && !isAskedFor(requestId)) this.#absent.delete(requestId)
    }
  }

  #take(pin: Pin, tickets: Tickets, now: number, activeAt: number): CacheChange | null {
    const { requestId } = pin
    const known = this.#pins.get(requestId)
    if (known && known.asOf >= tickets.sent) return null
    this.#absent.delete(requestId)
    const isSame = known !== undefined && isSameState(known.pin, pin)
    const since = known === undefined ? activeAt : isSame ? known.activeAt : now
    const next = { pin: isSame ? known.pin : pin, asOf: tickets.last, createdNs: pin.created.ns, activeAt: since }
    this.#pins.set(requestId, next)
    if (isSettled(pin.status)) this.#unsettled.delete(requestId)
    else this.#unsettled.set(requestId, next)
    if (!known) return { type: 'added', pin }
    return isSame ? null : { type: 'changed', pin, previous: known.pin }
  }

  #drop(requestId: string): KnownPin | undefined {
    const known = this.#pins.get(requestId)
    this.#pins.delete(requestId)
    this.#unsettled.delete(requestId)
    return known
  }
}

/** True when a client could not tell the two apart. `created` is left out: some services print it differently each time. */
function isSameState(a: Pin, b: Pin): boolean {
  return (
    a.status === b.status &&
    a.name === b.name &&
    a.cid.text === b.cid.text &&
    isSameMap(a.info, b.info) &&
    isSameMap(a.meta, b.meta) &&
    isSameList(a.origins, b.origins) &&
    isSameList(a.delegates, b.delegates)
  )
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index])
}

function isSameMap(a: StringMap, b: StringMap): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key])
}

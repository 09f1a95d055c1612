import { isSettled, type Pin } from '../../../src/domain/pin.ts'
import { DEFAULT_KINDS, type PinEventKind } from '../../../src/live/live-event.ts'

/** The fields of a pin that are checked. */
export type ToldPin = Pick<Pin, 'requestId' | 'status' | 'name' | 'info'>

/** The fields of an event that are checked, over any transport. */
export type ToldEvent = { readonly seq: number; readonly cursor: string } & (
  | { readonly kind: 'SNAPSHOT'; readonly pin: ToldPin; readonly isResync: boolean }
  | { readonly kind: 'ADDED' | 'STATUS_CHANGED'; readonly pin: ToldPin }
  | { readonly kind: 'REPLACED'; readonly pin: ToldPin; readonly replaced: Pick<Pin, 'requestId'> }
  | { readonly kind: 'REMOVED'; readonly requestId: string }
  | { readonly kind: 'STALE' | 'RESUMED' }
  | { readonly kind: 'CAUGHT_UP'; readonly isResync: boolean }
)

/** The arguments of a connection's subscription. */
export interface ToldConnection {
  /** The event kinds that the subscription names. Null: the default kinds. */
  readonly kinds: ReadonlySet<PinEventKind> | null
  /** True if the subscription follows pins by their ids. Such a pin is `ADDED` only after it was gone. */
  readonly isById: boolean
}

const GONE = Number.POSITIVE_INFINITY
/** The event kinds from which a client learns the present state of every pin. */
const KINDS_OF_STATE: readonly PinEventKind[] = [
  'SNAPSHOT',
  'ADDED',
  'STATUS_CHANGED',
  'REPLACED',
  'REMOVED',
  'CAUGHT_UP',
]

/**
 * Records the pins that a client knows, over any number of connections, and checks the events that it got.
 *
 * Every state of a pin carries its number in `info.rev`, so that the properties of etcd's watches can be checked:
 * - ordered: the states of a pin come in the order in which they were true;
 * - unique: no state of a pin, and no change, comes twice over one connection; but a replacement shows the new pin as it
 *   is, told of before or not, and where replicas lag, a slow reader may miss the older state that was shown in between;
 * - reliable: in the end, the last state of every pin is known;
 * - resumable: behind a cursor comes all that was missed, or a snapshot that says so;
 * - bookmarkable: nothing at or before the cursor comes again as a change.
 *
 * A client may name some kinds of events only, and others after it came back. It can then be held to less: no event has
 * another kind, the pins that this connection was told of are known as they are in the end, and all comes in order.
 *
 * @see etcd, tests/robustness/validate/watch.go
 */
export class HistoryChecker {
  readonly name: string
  readonly violations: string[] = []
  /** The last event's cursor; null before the first. */
  cursor: string | null = null
  events = 0
  readonly #isOrdered: boolean
  /** The last reported state of each pin. Null: the pin is gone. */
  readonly #known = new Map<string, ToldPin | null>()
  /** Request ids of pins that replaced another pin. */
  readonly #successors = new Set<string>()
  /** True while every kind of event that changes a pin's state was subscribed to. */
  #isComplete = true
  /** Of the present connection. */
  #kinds: ReadonlySet<PinEventKind> = DEFAULT_KINDS
  #isById = false
  #told = new Map<string, number>()
  #seq = -1
  #changeSeq = -1
  #resumedAt = -1
  #isFirst = true

  /** @param isOrdered false where replicas show states again that are over; a pin that is gone never comes back */
  constructor(name: string, isOrdered: boolean) {
    this.name = name
    this.#isOrdered = isOrdered
  }

  /** Begins a connection: with the known pins if it resumes from the last cursor, else with none. */
  connected(isResumed: boolean, { kinds, isById }: ToldConnection): void {
    this.#kinds = kinds ?? DEFAULT_KINDS
    this.#isById = isById
    this.#isComplete &&= this.#hasKinds(...KINDS_OF_STATE)
    if (!isResumed) {
      this.#forget()
      // A cursor is good for the same selection only.
      this.cursor = null
    }
    this.#resumedAt = isResumed ? this.#seq : -1
    this.#told = new Map()
    this.#seq = -1
    this.#changeSeq = -1
    this.#isFirst = true
  }

  /** @param truth the present states of pins: nothing newer can have been told */
  saw(event: ToldEvent, truth: ReadonlyMap<string, Pin>): void {
    this.events++
    if (!this.#kinds.has(event.kind)) this.#violate(`kind: ${event.kind} was not asked for`)
    this.#checkNumber(event)
    this.cursor = event.cursor
    switch (event.kind) {
      case 'STALE':
      case 'RESUMED':
        return
      case 'CAUGHT_UP':
        if (event.isResync) this.#forget()
        break
      case 'REMOVED':
        this.#learn(event.requestId, null, truth)
        break
      case 'REPLACED':
        this.#successors.add(event.pin.requestId)
        this.#learn(event.replaced.requestId, null, truth)
        if (this.#told.get(event.pin.requestId) !== revOf(event.pin)) {
          this.#learn(event.pin.requestId, event.pin, truth)
        }
        break
      case 'SNAPSHOT':
        // Pins that a new snapshot does not contain are gone.
        if (event.isResync && this.#isFirst) this.#forget()
        this.#learn(event.pin.requestId, event.pin, truth)
        break
      default:
        this.#learn(event.pin.requestId, event.pin, truth, !this.#isOrdered)
    }
    this.#isFirst = false
  }

  /** True when the client knows all pins that it follows, and what took the place of others. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /** The stream said that all pins asked for have settled. */
  settled(requestIds: Iterable<string>): void {
    if (!this.#isComplete) return
    for (const requestId of [...requestIds, ...this.#successors]) {
      const pin = this.#known.get(requestId)
      if (pin === null || (pin && isSettled(pin.status))) continue
      this.#violate(`ended while ${requestId} was ${pin?.status ?? 'unknown'}`)
    }
  }

  /** Returns the differences between the known and the true state. Empty once nothing has changed for long. */
  differences(truth: ReadonlyMap<string, Pin>, isWanted: (pin: ToldPin) => boolean): string[] {
    const lost = [...truth.values()]
      .filter((pin) => isWanted(pin) && this.#mustKnow(pin) && this.#revKnown(pin.requestId) !== revOf(pin))
      .map(
        (pin) => `lost: ${pin.requestId} is ${pin.status} (${revOf(pin)}), known as ${this.#revKnown(pin.requestId)}`,
      )
    // A pin that no longer matches is reported once in its new state, and then no longer followed.
    const outdated = (this.#isComplete ? [...this.#known.values()] : [])
      .filter((pin) => pin !== null && isWanted(pin) && !truth.has(pin.requestId))
      .map((pin) => `outdated: ${pin?.requestId}`)
    return [...lost, ...outdated].map((what) => `${this.name}: ${what}`)
  }

  /** Returns true if the pin replaced one that the client followed. */
  succeeds(requestId: string): boolean {
    return this.#successors.has(requestId)
  }

  #forget(): void {
    this.#known.clear()
    this.#successors.clear()
    this.#isComplete = this.#hasKinds(...KINDS_OF_STATE)
  }

  #hasKinds(...kinds: readonly PinEventKind[]): boolean {
    return kinds.every((kind) => this.#kinds.has(kind))
  }

  /** Returns true if the client must know the last state of a pin: of any pin, or of one that this connection has reported. */
  #mustKnow({ requestId }: ToldPin): boolean {
    if (this.#isComplete) return true
    const isFollowed = this.#hasKinds('STATUS_CHANGED') && (this.#isById || this.#hasKinds('ADDED'))
    return isFollowed && (this.#told.get(requestId) ?? GONE) !== GONE
  }

  #revKnown(requestId: string): number | null {
    const pin = this.#known.get(requestId)
    return pin ? revOf(pin) : null
  }

  #learn(requestId: string, pin: ToldPin | null, truth: ReadonlyMap<string, Pin>, mayRepeat = false): void {
    const rev = pin ? revOf(pin) : GONE
    const last = this.#told.get(requestId)
    const isAgain = last === GONE || (rev === last && !mayRepeat) || (this.#isOrdered && rev <= (last ?? -1))
    if (isAgain) this.#violate(`order: ${requestId} at ${rev} after ${last}`)
    const real = truth.get(requestId)
    if (rev !== GONE && real && rev > revOf(real)) this.#violate(`untrue: ${requestId} at ${rev}`)
    // Request ids are not used again.
    if (rev === GONE && real) this.#violate(`untrue: ${requestId} gone`)
    this.#told.set(requestId, rev)
    this.#known.set(requestId, pin)
  }

  #checkNumber({ kind, seq }: ToldEvent): void {
    if (seq < this.#seq) this.#violate(`number ${seq} after ${this.#seq}`)
    // Removals and replacements may be part of a snapshot, and share its number.
    const isChange = kind === 'ADDED' || kind === 'STATUS_CHANGED'
    if (isChange && seq <= this.#changeSeq) this.#violate(`unique: change ${seq} twice`)
    // Who is not told of a new snapshot does not know that the numbers may have begun again.
    const isResumed = this.#resumedAt >= 0 && this.#hasKinds('SNAPSHOT', 'CAUGHT_UP')
    if (isChange && this.#isFirst && isResumed && seq <= this.#resumedAt) {
      this.#violate(`bookmark: change ${seq} behind the cursor of ${this.#resumedAt}`)
    }
    this.#seq = seq
    if (isChange) this.#changeSeq = seq
  }

  #violate(what: string): void {
    this.violations.push(`${this.name}: ${what}`)
  }
}

function revOf(pin: ToldPin): number {
  return Number(pin.info.rev)
}

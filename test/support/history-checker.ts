import { isSettled, type Pin } from '../../src/domain/pin.ts'
import type { LiveEvent } from '../../src/live/live-event.ts'

const GONE = Number.POSITIVE_INFINITY

/**
 * What a client knows of the pins that it follows, over any number of connections, and whether it was told properly.
 *
 * Every state of a pin carries its number in `info.rev`, so that the properties of etcd's watches can be checked:
 * - ordered: the states of a pin come in the order in which they were true;
 * - unique: no state of a pin, and no change, comes twice over one connection;
 * - reliable: in the end, the last state of every pin is known;
 * - resumable: behind a cursor comes all that was missed, or a snapshot that says so;
 * - bookmarkable: nothing at or before the cursor comes again as a change.
 *
 * @see etcd, tests/robustness/validate/watch.go
 */
export class HistoryChecker {
  readonly violations: string[] = []
  /** The last event's cursor; null before the first. */
  cursor: string | null = null
  events = 0
  readonly #name: string
  /** The last state of each pin that was told; null of one that is gone. */
  readonly #known = new Map<string, Pin | null>()
  /** Of the present connection. */
  #told = new Map<string, number>()
  #seq = -1
  #changeSeq = -1
  #resumedAt = -1
  #isFirst = true

  constructor(name: string) {
    this.#name = name
  }

  /** A connection begins: with what is known, when it comes with the last cursor, or with nothing. */
  connected(isResumed: boolean): void {
    if (!isResumed) {
      this.#known.clear()
      // A cursor is good for the same selection only.
      this.cursor = null
    }
    this.#resumedAt = isResumed ? this.#seq : -1
    this.#told = new Map()
    this.#seq = -1
    this.#changeSeq = -1
    this.#isFirst = true
  }

  /** @param truth how pins are by now: nothing newer can have been told */
  saw(event: LiveEvent, truth: ReadonlyMap<string, Pin>): void {
    this.events++
    this.#checkNumber(event)
    this.cursor = event.cursor
    switch (event.type) {
      case 'LiveStale':
      case 'LiveResumed':
        return
      case 'PinRemoved':
        this.#learn(event.requestId, null, truth)
        break
      case 'PinReplaced':
        this.#learn(event.replaced.requestId, null, truth)
        this.#learn(event.pin.requestId, event.pin, truth)
        break
      case 'PinSnapshot':
        // What a new snapshot does not show is gone.
        if (event.isResync && this.#isFirst) this.#known.clear()
        this.#learn(event.pin.requestId, event.pin, truth)
        break
      default:
        this.#learn(event.pin.requestId, event.pin, truth)
    }
    this.#isFirst = false
  }

  /** The stream said that all pins asked for have settled. */
  settled(requestIds: Iterable<string>): void {
    for (const requestId of requestIds) {
      const pin = this.#known.get(requestId)
      if (pin === null || (pin && isSettled(pin.status))) continue
      this.#violate(`ended while ${requestId} was ${pin?.status ?? 'unknown'}`)
    }
  }

  /** Nothing has changed for long: everything that is asked for must be known as it is. */
  atRest(truth: ReadonlyMap<string, Pin>, isWanted: (pin: Pin) => boolean): void {
    for (const pin of truth.values()) {
      const known = this.#known.get(pin.requestId)
      if (isWanted(pin) && (!known || revOf(known) !== revOf(pin))) {
        this.#violate(`lost: ${pin.requestId} is ${pin.status} (${revOf(pin)}), known as ${known && revOf(known)}`)
      }
    }
    // A pin that no longer matches is told as it then is, and not followed any further.
    for (const pin of this.#known.values()) {
      const real = pin && truth.get(pin.requestId)
      if (pin && isWanted(pin) && (!real || revOf(real) !== revOf(pin))) this.#violate(`outdated: ${pin.requestId}`)
    }
  }

  #learn(requestId: string, pin: Pin | null, truth: ReadonlyMap<string, Pin>): void {
    const rev = pin ? revOf(pin) : GONE
    const last = this.#told.get(requestId)
    if (last !== undefined && rev <= last) this.#violate(`order: ${requestId} at ${rev} after ${last}`)
    const real = truth.get(requestId)
    if (rev !== GONE && real && rev > revOf(real)) this.#violate(`untrue: ${requestId} at ${rev}`)
    this.#told.set(requestId, rev)
    this.#known.set(requestId, pin)
  }

  #checkNumber({ type, seq }: LiveEvent): void {
    const isChange = type !== 'PinSnapshot' && type !== 'LiveStale' && type !== 'LiveResumed'
    if (seq < this.#seq) this.#violate(`number ${seq} after ${this.#seq}`)
    // Removals may be part of a snapshot, and share its number.
    if (isChange && type !== 'PinRemoved' && seq <= this.#changeSeq) this.#violate(`unique: change ${seq} twice`)
    if (isChange && this.#isFirst && this.#resumedAt >= 0 && type !== 'PinRemoved' && seq <= this.#resumedAt) {
      this.#violate(`bookmark: change ${seq} behind the cursor of ${this.#resumedAt}`)
    }
    this.#seq = seq
    if (isChange) this.#changeSeq = seq
  }

  #violate(what: string): void {
    this.violations.push(`${this.#name}: ${what}`)
  }
}

function revOf(pin: Pin): number {
  return Number(pin.info.rev)
}

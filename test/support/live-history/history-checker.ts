import { isSettled, type Pin } from '../../../src/domain/pin.ts'

/** What is looked at of a pin. */
export type ToldPin = Pick<Pin, 'requestId' | 'status' | 'name' | 'info'>

/** What is looked at of an event, by whatever way it came. */
export type ToldEvent = { readonly seq: number; readonly cursor: string } & (
  | { readonly type: 'PinSnapshot'; readonly pin: ToldPin; readonly isResync: boolean }
  | { readonly type: 'PinAdded' | 'PinStatusChange'; readonly pin: ToldPin }
  | { readonly type: 'PinReplaced'; readonly pin: ToldPin; readonly replaced: Pick<Pin, 'requestId'> }
  | { readonly type: 'PinRemoved'; readonly requestId: string }
  | { readonly type: 'LiveStale' | 'LiveResumed' }
  | { readonly type: 'LiveCaughtUp'; readonly isResync: boolean }
)

const GONE = Number.POSITIVE_INFINITY

/**
 * What a client knows of the pins that it follows, over any number of connections, and whether it was told properly.
 *
 * Every state of a pin carries its number in `info.rev`, so that the properties of etcd's watches can be checked:
 * - ordered: the states of a pin come in the order in which they were true;
 * - unique: no state of a pin, and no change, comes twice over one connection; but a replacement shows the new pin as it
 *   is, told of before or not;
 * - reliable: in the end, the last state of every pin is known;
 * - resumable: behind a cursor comes all that was missed, or a snapshot that says so;
 * - bookmarkable: nothing at or before the cursor comes again as a change.
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
  /** The last state of each pin that was told; null of one that is gone. */
  readonly #known = new Map<string, ToldPin | null>()
  /** What took the place of others. */
  readonly #successors = new Set<string>()
  /** Of the present connection. */
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

  /** A connection begins: with what is known, when it comes with the last cursor, or with nothing. */
  connected(isResumed: boolean): void {
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

  /** @param truth how pins are by now: nothing newer can have been told */
  saw(event: ToldEvent, truth: ReadonlyMap<string, Pin>): void {
    this.events++
    this.#checkNumber(event)
    this.cursor = event.cursor
    switch (event.type) {
      case 'LiveStale':
      case 'LiveResumed':
        return
      case 'LiveCaughtUp':
        if (event.isResync) this.#forget()
        break
      case 'PinRemoved':
        this.#learn(event.requestId, null, truth)
        break
      case 'PinReplaced':
        this.#successors.add(event.pin.requestId)
        this.#learn(event.replaced.requestId, null, truth)
        if (this.#told.get(event.pin.requestId) !== revOf(event.pin)) {
          this.#learn(event.pin.requestId, event.pin, truth)
        }
        break
      case 'PinSnapshot':
        // What a new snapshot does not show is gone.
        if (event.isResync && this.#isFirst) this.#forget()
        this.#learn(event.pin.requestId, event.pin, truth)
        break
      default:
        this.#learn(event.pin.requestId, event.pin, truth)
    }
    this.#isFirst = false
  }

  /** The stream said that all pins asked for have settled. */
  settled(requestIds: Iterable<string>): void {
    for (const requestId of [...requestIds, ...this.#successors]) {
      const pin = this.#known.get(requestId)
      if (pin === null || (pin && isSettled(pin.status))) continue
      this.#violate(`ended while ${requestId} was ${pin?.status ?? 'unknown'}`)
    }
  }

  /** In what it differs from how things are that what was told does not show: nothing, once all has been at rest for long. */
  differences(truth: ReadonlyMap<string, Pin>, isWanted: (pin: ToldPin) => boolean): string[] {
    const lost = [...truth.values()]
      .filter((pin) => isWanted(pin) && this.#revKnown(pin.requestId) !== revOf(pin))
      .map(
        (pin) => `lost: ${pin.requestId} is ${pin.status} (${revOf(pin)}), known as ${this.#revKnown(pin.requestId)}`,
      )
    // A pin that no longer matches is told as it then is, and not followed any further.
    const outdated = [...this.#known.values()]
      .filter((pin) => pin !== null && isWanted(pin) && !truth.has(pin.requestId))
      .map((pin) => `outdated: ${pin?.requestId}`)
    return [...lost, ...outdated].map((what) => `${this.name}: ${what}`)
  }

  /** Whether it took the place of a pin that was followed. */
  succeeds(requestId: string): boolean {
    return this.#successors.has(requestId)
  }

  #forget(): void {
    this.#known.clear()
    this.#successors.clear()
  }

  #revKnown(requestId: string): number | null {
    const pin = this.#known.get(requestId)
    return pin ? revOf(pin) : null
  }

  #learn(requestId: string, pin: ToldPin | null, truth: ReadonlyMap<string, Pin>): void {
    const rev = pin ? revOf(pin) : GONE
    const last = this.#told.get(requestId)
    const isAgain = rev === last || last === GONE || (this.#isOrdered && rev <= (last ?? -1))
    if (isAgain) this.#violate(`order: ${requestId} at ${rev} after ${last}`)
    const real = truth.get(requestId)
    if (rev !== GONE && real && rev > revOf(real)) this.#violate(`untrue: ${requestId} at ${rev}`)
    // Request ids are not used again.
    if (rev === GONE && real) this.#violate(`untrue: ${requestId} gone`)
    this.#told.set(requestId, rev)
    this.#known.set(requestId, pin)
  }

  #checkNumber({ type, seq }: ToldEvent): void {
    if (seq < this.#seq) this.#violate(`number ${seq} after ${this.#seq}`)
    // Removals and replacements may be part of a snapshot, and share its number.
    const isChange = type === 'PinAdded' || type === 'PinStatusChange'
    if (isChange && seq <= this.#changeSeq) this.#violate(`unique: change ${seq} twice`)
    if (isChange && this.#isFirst && this.#resumedAt >= 0 && seq <= this.#resumedAt) {
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

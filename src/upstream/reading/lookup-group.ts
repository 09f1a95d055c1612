import type { Cid } from '../../domain/cid.ts'
import type { Pin } from '../../domain/pin.ts'
import { TurnQueue, turnOf } from '../budget/turn-queue.ts'
import type { PinPage } from '../http/pin-page.ts'
import { type StopSignal, unionOfOperationIds, type WaitingOperations } from '../waiting/stop.ts'
import { PartlyReadError } from './left-out.ts'

/** Pins, and the records beside them that are not valid pins. */
export type PinRecords = Pick<PinPage, 'pins' | 'leftOut'>

/** The target of a lookup: all pins of a CID, or the pin with a request id. */
export interface Lookup {
  readonly cid: Cid
  readonly requestId: string | null
}

interface Waiter extends Lookup {
  readonly askedAt: number
  readonly signal: StopSignal
  group: LookupGroup
  resolve(pins: readonly Pin[]): void
  reject(error: unknown): void
}

/** Lookups that wait for the same thing: first for budget, then for one answer. */
export class LookupGroup implements WaitingOperations {
  readonly #byCid = new Map<string, Set<Waiter>>()
  readonly #onDeserted: () => void
  #size = 0
  #contents = 0

  /** @param onDeserted called when the last waiting lookup was aborted */
  constructor(onDeserted: () => void) {
    this.#onDeserted = onDeserted
  }

  /** Number of lookups. */
  get size(): number {
    return this.#size
  }

  /** Number of different CIDs. */
  get cidCount(): number {
    return this.#byCid.size
  }

  /** Yields the different CIDs, longest waiting first. */
  *cids(): Generator<Cid> {
    for (const waiters of this.#byCid.values()) for (const { cid } of firstOf(waiters)) yield cid
  }

  /** Yields the different CIDs: callers take turns, and so do the operations of a caller. */
  *cidsByTurns(): Generator<Cid> {
    const askers = new Set([...this.#waiters()].map(({ signal }) => signal.asker))
    if (askers.size < 2) return yield* this.cids()
    const queue = new TurnQueue<Cid>()
    for (const [first, ...others] of this.#byCid.values()) {
      if (!first) continue
      const turn = queue.append(first.cid, turnOf(first.signal.asker))
      for (const { signal } of others) queue.join(turn, turnOf(signal.asker))
    }
    for (let cid = queue.shift(); cid; cid = queue.shift()) yield cid
  }

  hasCid({ text }: Cid): boolean {
    return this.#byCid.has(text)
  }

  /** True if any lookup is for all pins of a CID. */
  get hasContents(): boolean {
    return this.#contents > 0
  }

  /** Ids of the operations that wait for any of the lookups. */
  get operationIds(): readonly string[] {
    return unionOfOperationIds([...this.#waiters()].map(({ signal }) => signal))
  }

  /** Clock time of the lookup that waits longest; undefined without lookups. */
  get askedAt(): number | undefined {
    let oldest: number | undefined
    for (const waiters of this.#byCid.values()) {
      for (const { askedAt } of firstOf(waiters)) oldest = Math.min(oldest ?? askedAt, askedAt)
    }
    return oldest
  }

  /**
   * Adds a lookup and waits for its pins. A lookup for one pin gets at most that pin.
   *
   * @param askedAt time on the service's clock
   * @throws `signal.reason` as soon as `signal` is aborted
   * @throws whatever the group fails with
   */
  add(lookup: Lookup, askedAt: number, signal: StopSignal): Promise<readonly Pin[]> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const leave = (): void => {
        const { group } = waiter
        group.#remove(waiter)
        reject(signal.reason)
        if (group.#size === 0) group.#onDeserted()
      }
      const waiter: Waiter = {
        cid: lookup.cid,
        requestId: lookup.requestId,
        askedAt,
        signal,
        group: this,
        resolve(pins) {
          signal.removeEventListener('abort', leave)
          resolve(pins)
        },
        reject(error) {
          signal.removeEventListener('abort', leave)
          reject(error)
        },
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#insert(waiter)
    })
  }

  /** Moves lookups from another group to this one. Default: all of them. */
  take(from: LookupGroup, cids: Iterable<Cid> = [...from.cids()]): void {
    for (const { text } of cids) for (const waiter of [...(from.#byCid.get(text) ?? [])]) this.#move(waiter)
  }

  /** Moves the oldest lookup for a single pin to this group. Returns its request id; null when there is none. */
  takePin(from: LookupGroup): string | null {
    for (const waiter of from.#waiters()) {
      if (waiter.requestId === null) continue
      this.#move(waiter)
      return waiter.requestId
    }
    return null
  }

  /**
   * Resolves all lookups. `pins` must contain every pin that matches any of them, and may contain more.
   *
   * A lookup for all pins of a CID is rejected with {@link PartlyReadError} if a record of this CID could not be read.
   */
  settle(serviceName: string, { pins, leftOut = [] }: PinRecords): void {
    const byContent = new Map<string, Pin[]>()
    for (const pin of pins) {
      const same = byContent.get(pin.cid.key)
      if (same) same.push(pin)
      else byContent.set(pin.cid.key, [pin])
    }
    for (const waiter of this.#drain()) {
      const found = byContent.get(waiter.cid.key) ?? []
      const unread = waiter.requestId === null ? leftOut.filter(({ cidKey }) => cidKey === waiter.cid.key) : []
      if (unread.length > 0) waiter.reject(new PartlyReadError(serviceName, unread, found))
      else waiter.resolve(waiter.requestId === null ? found : found.filter((pin) => pin.requestId === waiter.requestId))
    }
  }

  /** Rejects the lookups that were added at `until` or earlier. Default: all of them. */
  fail(error: unknown, until = Number.POSITIVE_INFINITY): void {
    for (const waiter of this.#drain(until)) waiter.reject(error)
  }

  #drain(until = Number.POSITIVE_INFINITY): Waiter[] {
    const drained = [...this.#waiters()].filter(({ askedAt }) => askedAt <= until)
    for (const waiter of drained) this.#remove(waiter)
    return drained
  }

  *#waiters(): Generator<Waiter> {
    for (const waiters of this.#byCid.values()) yield* waiters
  }

  #move(waiter: Waiter): void {
    waiter.group.#remove(waiter)
    waiter.group = this
    this.#insert(waiter)
  }

  #insert(waiter: Waiter): void {
    const same = this.#byCid.get(waiter.cid.text)
    if (same) same.add(waiter)
    else this.#byCid.set(waiter.cid.text, new Set([waiter]))
    this.#size++
    if (waiter.requestId === null) this.#contents++
  }

  #remove(waiter: Waiter): void {
    const same = this.#byCid.get(waiter.cid.text)
    if (!same?.delete(waiter)) return
    if (same.size === 0) this.#byCid.delete(waiter.cid.text)
    this.#size--
    if (waiter.requestId === null) this.#contents--
  }
}

/** Returns the waiter that was added first, if any. */
function firstOf(waiters: ReadonlySet<Waiter>): Waiter[] {
  const [first] = waiters
  return first ? [first] : []
}

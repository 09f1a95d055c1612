import type { Cid } from '../../../domain/cid.ts'
import type { Pin } from '../../../domain/pin.ts'
import type { PinRecords } from '../../http/pin-page.ts'
import {
  type Asker,
  firstEndOf,
  listen,
  type StopSignal,
  unionOfOperationIds,
  type WaitingOperations,
} from '../../waiting/stop.ts'
import { PartlyReadError } from '../lists/left-out.ts'
import type { LookupTurns } from './lookup-turns.ts'

/** The target of a lookup: all pins of a CID, or the pin with a request id. */
export interface Lookup {
  readonly cid: Cid
  readonly requestId: string | null
}

/** The times of a lookup, on the service's clock. */
export interface LookupTimes {
  /** When its wait began. */
  readonly askedAt: number
  /** When it must have left. */
  readonly lastStart: number
}

interface Waiter extends Lookup, LookupTimes {
  readonly signal: StopSignal
  group: LookupGroup
  resolve(pins: readonly Pin[]): void
  reject(error: unknown): void
}

/** Lookups that wait for the same thing: first for budget, then for one answer. */
export class LookupGroup implements WaitingOperations {
  readonly #byCid = new Map<string, Set<Waiter>>()
  readonly #onDeserted: () => void
  readonly #turns: LookupTurns | undefined
  /** By target: the number of lookups for it. */
  readonly #targets = new Map<string, number>()
  #contents = 0

  /**
   * @param onDeserted called when the last waiting lookup was aborted
   * @param turns the turns of the lookups while they are in this group. Default: they take none.
   */
  constructor(onDeserted: () => void, turns?: LookupTurns) {
    this.#onDeserted = onDeserted
    this.#turns = turns
  }

  /** Number of different lookups. Equal ones of several callers count once. */
  get size(): number {
    return this.#targets.size
  }

  /** Number of different CIDs. */
  get cidCount(): number {
    return this.#byCid.size
  }

  /** Yields the different CIDs, longest waiting first. */
  *cids(): Generator<Cid> {
    for (const waiters of this.#byCid.values()) for (const { cid } of firstOf(waiters)) yield cid
  }

  /** Returns whether an equal lookup waits. */
  has(lookup: Lookup): boolean {
    return this.#targets.has(targetOf(lookup))
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

  get endsAt(): number | undefined {
    return firstEndOf([...this.#waiters()].map(({ signal }) => signal))
  }

  /** Clock time by which the first of the lookups must have left. Infinity without lookups. */
  get lastStart(): number {
    let first = Number.POSITIVE_INFINITY
    for (const { lastStart } of this.#waiters()) first = Math.min(first, lastStart)
    return first
  }

  /** Clock time of the lookup that waits longest; undefined without lookups. */
  get askedAt(): number | undefined {
    let oldest: number | undefined
    for (const { askedAt } of this.#waiters()) oldest = Math.min(oldest ?? askedAt, askedAt)
    return oldest
  }

  /**
   * Adds a lookup and waits for its pins. A lookup for one pin gets at most that pin.
   *
   * @throws `signal.reason` as soon as `signal` is aborted
   * @throws whatever the group fails with
   */
  add(lookup: Lookup, { askedAt, lastStart }: LookupTimes, signal: StopSignal): Promise<readonly Pin[]> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const leave = (): void => {
        const { group } = waiter
        group.#remove(waiter)
        reject(signal.reason)
        if (group.size === 0) group.#onDeserted()
      }
      const waiter: Waiter = {
        cid: lookup.cid,
        requestId: lookup.requestId,
        askedAt,
        lastStart,
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
      listen(signal, leave)
      this.#insert(waiter)
    })
  }

  /** Moves lookups from another group to this one. Default: all of them. */
  take(from: LookupGroup, cids: Iterable<Cid> = [...from.cids()]): void {
    for (const { text } of cids) for (const waiter of [...(from.#byCid.get(text) ?? [])]) this.#move(waiter)
  }

  /**
   * Moves the lookups for the single pin whose turn it is to this group. Returns its request id; null when there is none.
   */
  takePin(from: LookupGroup): string | null {
    for (const waiter of from.#byTurns()) {
      if (waiter.requestId === null) continue
      from.#turns?.remove(waiter.cid, { isServed: true })
      for (const other of [...(from.#byCid.get(waiter.cid.text) ?? [])])
        if (other.requestId === waiter.requestId) this.#move(other)
      for (const { cid, signal } of from.#byCid.get(waiter.cid.text) ?? []) from.#turns?.join(cid, signal.asker)
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

  /**
   * Rejects lookups.
   *
   * @param errorOf returns the error of a lookup. The rejected lookups do not wait any more when it is called.
   * @param isOver returns whether a lookup is rejected. Default: all are.
   */
  fail(
    errorOf: (lookup: Lookup, asker: Asker | undefined) => unknown,
    isOver: (times: LookupTimes) => boolean = () => true,
  ): void {
    for (const waiter of this.#drain(isOver)) waiter.reject(errorOf(waiter, waiter.signal.asker))
  }

  #drain(isOver: (times: LookupTimes) => boolean = () => true): Waiter[] {
    const drained = [...this.#waiters()].filter(isOver)
    for (const waiter of drained) this.#remove(waiter)
    return drained
  }

  /** Yields the lookups of the CID whose turn it is, and then all lookups. */
  *#byTurns(): Generator<Waiter> {
    const first = this.#turns?.first
    if (first) yield* this.#byCid.get(first.text) ?? []
    yield* this.#waiters()
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
    const target = targetOf(waiter)
    this.#targets.set(target, (this.#targets.get(target) ?? 0) + 1)
    if (waiter.requestId === null) this.#contents++
    this.#turns?.join(waiter.cid, waiter.signal.asker)
  }

  #remove(waiter: Waiter): void {
    const same = this.#byCid.get(waiter.cid.text)
    if (!same?.delete(waiter)) return
    const target = targetOf(waiter)
    const equal = (this.#targets.get(target) ?? 0) - 1
    if (equal > 0) this.#targets.set(target, equal)
    else this.#targets.delete(target)
    if (waiter.requestId === null) this.#contents--
    if (same.size > 0) return
    this.#byCid.delete(waiter.cid.text)
    this.#turns?.remove(waiter.cid, { isServed: false })
  }
}

function targetOf({ cid, requestId }: Lookup): string {
  return requestId === null ? cid.text : `${cid.text} ${requestId}`
}

/** Returns the waiter that was added first, if any. */
function firstOf(waiters: ReadonlySet<Waiter>): Waiter[] {
  const [first] = waiters
  return first ? [first] : []
}

import type { Cid } from '../../domain/cid.ts'
import type { Pin } from '../../domain/pin.ts'
import { type RequestIds, type StopSignal, unionOfRequestIds } from '../stop.ts'

/** Something that somebody waits for: all pins of a CID, or the one of them with a request id. */
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

/** Lookups that wait for the same thing: first for their turn, then for an answer. */
export class LookupGroup implements RequestIds {
  readonly #byCid = new Map<string, Set<Waiter>>()
  readonly #onDeserted: () => void
  #size = 0
  #contents = 0

  /** @param onDeserted called when the last one that waited has gone away */
  constructor(onDeserted: () => void) {
    this.#onDeserted = onDeserted
  }

  /** How many lookups. */
  get size(): number {
    return this.#size
  }

  /** How many different CIDs. */
  get cidCount(): number {
    return this.#byCid.size
  }

  /** The different CIDs, longest waiting first. */
  *cids(): Generator<Cid> {
    for (const waiters of this.#byCid.values()) for (const { cid } of firstOf(waiters)) yield cid
  }

  hasCid({ text }: Cid): boolean {
    return this.#byCid.has(text)
  }

  /** Whether anybody waits for all pins of a CID. */
  get hasContents(): boolean {
    return this.#contents > 0
  }

  /** Request ids of the operations that wait for any of the lookups. */
  get requestIds(): readonly string[] {
    return unionOfRequestIds([...this.#waiters()].map(({ signal }) => signal))
  }

  /** When the one that waits longest was added; undefined of nobody. */
  get askedAt(): number | undefined {
    let oldest: number | undefined
    for (const waiters of this.#byCid.values()) {
      for (const { askedAt } of firstOf(waiters)) oldest = Math.min(oldest ?? askedAt, askedAt)
    }
    return oldest
  }

  /**
   * Adds a lookup and waits for its pins; for a single pin, at most that one.
   *
   * @param askedAt on the service's clock
   * @throws `signal.reason` as soon as `signal` is aborted, or whatever the group fails with
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

  /** Moves all lookups over from another group, or those of some CIDs. */
  take(from: LookupGroup, cids: Iterable<Cid> = [...from.cids()]): void {
    for (const { text } of cids) for (const waiter of [...(from.#byCid.get(text) ?? [])]) this.#move(waiter)
  }

  /** Moves over the one lookup for a single pin that came first. Returns its request id; null when there is none. */
  takePin(from: LookupGroup): string | null {
    for (const waiter of from.#waiters()) {
      if (waiter.requestId === null) continue
      this.#move(waiter)
      return waiter.requestId
    }
    return null
  }

  /** Answers all lookups from pins that hold, at least, everything they are after. */
  settle(pins: readonly Pin[]): void {
    const byContent = new Map<string, Pin[]>()
    for (const pin of pins) {
      const same = byContent.get(pin.cid.key)
      if (same) same.push(pin)
      else byContent.set(pin.cid.key, [pin])
    }
    for (const waiter of this.#drain()) {
      const found = byContent.get(waiter.cid.key) ?? []
      waiter.resolve(waiter.requestId === null ? found : found.filter((pin) => pin.requestId === waiter.requestId))
    }
  }

  /** Rejects all lookups, or those asked for at `until` or earlier. */
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

/** The one that was added first, if any. */
function firstOf(waiters: ReadonlySet<Waiter>): Waiter[] {
  const [first] = waiters
  return first ? [first] : []
}

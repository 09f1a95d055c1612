import type { BudgetClass } from './request-class.ts'

/** A class whose calls may leave at once, and are counted for that. */
export type BurstClass = 'mutation' | 'interactive'

/** Where more sends may count than this, those within a 64th of the span share a slot, and leave with the last of it. */
const MOST_SLOTS = 256
const SHARED_SLOTS = 64
/** Gone slots are dropped when there are more of them than this, and more than those that are left. */
const FEWEST_DROPPED = 32

/**
 * The instants at which requests were sent, for as long as they count: a span of time before now.
 *
 * Instants must come in order. To add a send and to count them takes constant time on average. The other methods go through the
 * slots: a few hundred at most.
 */
export class SendLog {
  readonly #spanMs: number
  readonly #grainMs: number
  /** When each slot leaves the span, oldest first, and the number of its sends. */
  readonly #leavesAt: number[] = []
  readonly #counts: number[] = []
  /** The number of interactive sends in each slot, and of mutations. */
  readonly #countsOf: Readonly<Record<BurstClass, number[]>> = { mutation: [], interactive: [] }
  /** Index of the oldest slot within the span. */
  #first = 0
  #size = 0
  readonly #sizeOf: Record<BurstClass, number> = { mutation: 0, interactive: 0 }
  #slotFrom = Number.NEGATIVE_INFINITY

  /** @param most largest number of sends that the span may hold */
  constructor(spanMs: number, most: number) {
    this.#spanMs = spanMs
    this.#grainMs = most > MOST_SLOTS ? spanMs / SHARED_SLOTS : 0
  }

  push(at: number, requestClass: BudgetClass): void {
    const { mutation, interactive } = this.#countsOf
    const isMutation = requestClass === 'mutation' ? 1 : 0
    const isInteractive = requestClass === 'interactive' ? 1 : 0
    this.#size += 1
    this.#sizeOf.mutation += isMutation
    this.#sizeOf.interactive += isInteractive
    const last = this.#leavesAt.length - 1
    const leavesAt = at + this.#spanMs
    if (last >= this.#first && at - this.#slotFrom <= this.#grainMs) {
      this.#leavesAt[last] = leavesAt
      this.#counts[last] = (this.#counts[last] ?? 0) + 1
      mutation[last] = (mutation[last] ?? 0) + isMutation
      interactive[last] = (interactive[last] ?? 0) + isInteractive
      return
    }
    this.#slotFrom = at
    this.#leavesAt.push(leavesAt)
    this.#counts.push(1)
    mutation.push(isMutation)
    interactive.push(isInteractive)
  }

  /** Returns the number of sends that count now. */
  sizeAt(now: number): number {
    const { mutation, interactive } = this.#countsOf
    for (let at = this.#leavesAt[this.#first]; at !== undefined && at <= now; at = this.#leavesAt[this.#first]) {
      this.#size -= this.#counts[this.#first] ?? 0
      this.#sizeOf.mutation -= mutation[this.#first] ?? 0
      this.#sizeOf.interactive -= interactive[this.#first] ?? 0
      this.#first += 1
    }
    if (this.#first > FEWEST_DROPPED && this.#first * 2 > this.#leavesAt.length) {
      for (const each of [this.#leavesAt, this.#counts, mutation, interactive]) each.splice(0, this.#first)
      this.#first = 0
    }
    return this.#size
  }

  /** Returns the number of sends of a class that counted at the last call of `sizeAt`. */
  sizeOf(requestClass: BurstClass): number {
    return this.#sizeOf[requestClass]
  }

  /** Returns when the n-th oldest send leaves; undefined if there are fewer. Counts from the last call of `sizeAt`. */
  leavesAt(n: number): number | undefined {
    return this.#nth(this.#counts, n)
  }

  /** Like `leavesAt`, of the sends of a class. */
  leavesAtOf(requestClass: BurstClass, n: number): number | undefined {
    return this.#nth(this.#countsOf[requestClass], n)
  }

  #nth(counts: readonly number[], n: number): number | undefined {
    let left = n
    for (let slot = this.#first; slot < this.#leavesAt.length; slot++) {
      left -= counts[slot] ?? 0
      if (left <= 0) return this.#leavesAt[slot]
    }
    return undefined
  }

  /** Returns the number of sends after an instant. A slot that several share counts if its last send does. */
  sizeSince(at: number): number {
    let size = 0
    for (let slot = this.#leavesAt.length - 1; slot >= this.#first; slot--) {
      if ((this.#leavesAt[slot] ?? 0) <= at + this.#spanMs) break
      size += this.#counts[slot] ?? 0
    }
    return size
  }

  /** Returns when the last send leaves; undefined without sends. */
  get emptyAt(): number | undefined {
    return this.#size > 0 ? this.#leavesAt.at(-1) : undefined
  }

  /**
   * Returns the shortest even gap between further sends from `from` on, with which none of them has to wait for an older one
   * to leave: the largest `(leaves - from) / (free + n)` over all sends that leave later, the n-th oldest each.
   *
   * @param free number of sends that the limit allows at `from`, less those that count. Negative when too many count.
   * @param held sends that are still to come, and leave at `heldUntil`
   */
  evenGapFrom(from: number, free: number, held: number, heldUntil: number): EvenGap {
    let gap = 0
    let until = from
    let sends = 0
    let before = 0
    const end = this.#leavesAt.length
    for (let slot = this.#first; slot < end || (slot === end && held > 0); slot++) {
      const at = slot === end ? heldUntil : (this.#leavesAt[slot] ?? 0)
      const count = slot === end ? held : (this.#counts[slot] ?? 0)
      // The first of the slot binds most, unless the limit is passed until a later one leaves.
      const room = Math.max(1, free + before + 1)
      before += count
      if (at <= from || free + before < 1) continue
      const each = (at - from) / room
      if (each <= gap) continue
      gap = each
      until = at
      sends = room
    }
    return { gap, until, sends }
  }
}

/** Sends that may follow each other at an even gap. */
interface EvenGap {
  /** Milliseconds; 0 if no older send stands in the way. */
  readonly gap: number
  /** The instant that binds, and the number of sends until then. */
  readonly until: number
  readonly sends: number
}

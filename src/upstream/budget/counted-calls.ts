import type { BudgetClass } from './request-class.ts'
import { type BurstClass, SendLog } from './send-log.ts'

/** The room that a limit leaves to calls that follow a first one. */
interface RoomAfter {
  /** Number of calls that the limit allows in the span. */
  readonly most: number
  /** Number of calls that the limit allows after the first one, less those that count. */
  readonly free: number
  /** Number of calls that are not in the log, and leave before the first one. Default: 0. */
  readonly more?: number
}

/** The calls that count in a cell: those with a permit that are not sent yet, and those that were sent within the span. */
export class CountedCalls {
  readonly #spanMs: number
  readonly sent: SendLog
  /** Calls with a permit that were not sent yet. */
  held = 0
  readonly #heldOf: Record<BurstClass, number> = { mutation: 0, interactive: 0 }

  /** @param most largest number of calls that the span may hold */
  constructor(spanMs: number, most: number) {
    this.#spanMs = spanMs
    this.sent = new SendLog(spanMs, most)
  }

  take(requestClass: BudgetClass): void {
    this.#hold(requestClass, 1)
  }

  /** Counts a held call from now on. */
  send(requestClass: BudgetClass, now: number): void {
    this.#hold(requestClass, -1)
    this.sent.push(now, requestClass)
  }

  giveBack(requestClass: BudgetClass): void {
    this.#hold(requestClass, -1)
  }

  sizeAt(now: number): number {
    return this.sent.sizeAt(now) + this.held
  }

  /** Returns the number of calls of a class that counted at the last call of `sizeAt`. */
  sizeOf(requestClass: BurstClass): number {
    return this.sent.sizeOf(requestClass) + this.#heldOf[requestClass]
  }

  /** Returns when so many calls have left that fewer than `most` count; the past if that is so now. */
  freeAt(now: number, most: number, used: number): number {
    const surplus = used - most + 1
    if (surplus <= 0) return Number.NEGATIVE_INFINITY
    const logged = this.sent.leavesAt(surplus)
    if (logged !== undefined) return logged
    // Calls that were not sent yet, or that leave before this one, count for a whole span at least.
    const rounds = Math.floor((surplus - this.sent.sizeAt(now) - 1) / most)
    return now + this.#spanMs * (1 + rounds)
  }

  /**
   * Returns when the last of some calls leaves, if they follow a first one at the smoothest pace.
   *
   * @param first instant at which the first one leaves
   * @param calls number of calls that follow it
   */
  departureAfter(first: number, calls: number, { most, free, more = 0 }: RoomAfter): number {
    const held = this.held + more
    const intervalMs = this.#spanMs / most
    const heldUntil = first + this.#spanMs
    let from = first
    let left = calls
    let room = free
    while (left > 0) {
      const { gap, until, sends } = this.sent.evenGapFrom(from, room, held, heldUntil)
      if (gap <= intervalMs || sends >= left) return from + left * Math.max(gap, intervalMs)
      from = until
      left -= sends
      room -= sends
    }
    return from
  }

  #hold(requestClass: BudgetClass, calls: number): void {
    this.held += calls
    if (requestClass === 'mutation' || requestClass === 'interactive') this.#heldOf[requestClass] += calls
  }
}

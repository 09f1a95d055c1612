import type { CountedCalls } from './counted-calls.ts'
import type { RateLimit } from './rate-limit.ts'
import type { BudgetClass } from './request-class.ts'
import type { SafePace } from './safe-pace.ts'
import type { BurstClass } from './send-log.ts'
import type { SlowDown } from './slow-down.ts'

/**
 * The part of a burst that an assumed limit allows: 10 calls of 100 per second, where a published limit allows 50. A service with
 * a lower limit than assumed refuses some of them, and the answers say so before many more have left.
 */
const CAUTIOUS = 0.2

/** A limit, and the use of it on which its bursts depend. */
interface BurstFacts {
  readonly limit: RateLimit
  readonly safe: SafePace
  readonly calls: CountedCalls
  readonly slowDown: SlowDown
}

/**
 * The calls of a limit that may leave at once, without a pace: mutations and interactive calls, each up to a number in the window.
 *
 * The counts of calls are as of the last call of {@link CountedCalls.sizeAt}, so call that first.
 */
export class Bursts {
  readonly #facts: BurstFacts
  #caution: number
  #interactiveFrom = Number.NEGATIVE_INFINITY

  constructor(facts: BurstFacts) {
    this.#facts = facts
    this.#caution = facts.limit.assumed ? CAUTIOUS : 1
  }

  /** Instant from which interactive calls leave in bursts. Until then they are paced, since the service refused a call. */
  get interactiveFrom(): number {
    return this.#interactiveFrom
  }

  /** Paces interactive calls until an instant. */
  postpone(until: number): void {
    this.#interactiveFrom = Math.max(this.#interactiveFrom, until)
  }

  /** Ends the caution about an assumed limit, since the service announces a limit. */
  confirm(): void {
    this.#caution = 1
  }

  /** Returns the number of calls of a class that may leave unpaced while there is room. It may be negative. */
  left(now: number, requestClass: BudgetClass): number {
    if (!isBurst(requestClass) || this.#isPostponed(now, requestClass)) return 0
    return this.#most(now, requestClass) - this.#facts.calls.sizeOf(requestClass)
  }

  /**
   * Returns when enough calls of a class have left the window for one more to leave at once. `Infinity` if that is not known, and
   * for classes without bursts.
   *
   * @param freeAt instant from which the window has room for the call
   */
  nextAt(now: number, requestClass: BudgetClass, freeAt: number): number {
    if (!isBurst(requestClass) || this.#isPostponed(now, requestClass)) return Number.POSITIVE_INFINITY
    const surplus = 1 - this.left(now, requestClass)
    if (surplus <= 0) return Math.max(now, freeAt)
    return Math.max(this.#facts.calls.sent.leavesAtOf(requestClass, surplus) ?? Number.POSITIVE_INFINITY, freeAt)
  }

  /** Returns the number of calls of a class in a window that may leave unpaced. */
  #most(now: number, requestClass: BurstClass): number {
    const { limit, safe, calls, slowDown } = this.#facts
    if (requestClass === 'interactive') return slowDown.scaled(now, Math.ceil(safe.burst * this.#caution))
    const others = calls.sizeAt(now) - calls.sizeOf('mutation')
    const most = slowDown.scaled(now, limit.limit)
    return Math.ceil((Math.max(0, most - others) / 2) * this.#caution)
  }

  #isPostponed(now: number, requestClass: BurstClass): boolean {
    return requestClass === 'interactive' && now < this.#interactiveFrom
  }
}

function isBurst(requestClass: BudgetClass): requestClass is BurstClass {
  return requestClass === 'mutation' || requestClass === 'interactive'
}

import { type PinqlError, RateLimitedError } from '../../domain/errors.ts'

const FIRST_MS = 800
const LONGEST_MS = 30_000
const RESET_AFTER_MS = 120_000
/** Shortest wait after a 429. Some services send `Retry-After: 0` with it. */
const SHORTEST_WAIT_FOR_BUDGET_MS = 1_000
/** Waits for budget that end sooner are not reported to subscribers. */
const SHORT_MS = 5_000

/**
 * Decides when to retry after failures.
 *
 * Without budget, the retry waits as long as the error says. After any other failure it waits a random part of 0.8 s, which
 * doubles with each further failure up to 30 s, and is reset after 2 minutes without a failure.
 *
 * @see client-go, tools/cache/reflector.go, whose figures these are
 */
export class Backoff {
  /** Time on the clock before which there is no retry. In the past when nothing has failed. */
  notBefore = Number.NEGATIVE_INFINITY
  readonly #random: () => number
  #ceilingMs = FIRST_MS
  #lastFailureAt = Number.NEGATIVE_INFINITY
  #failingSince: number | null = null

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** True when the last attempt failed. */
  get isPending(): boolean {
    return this.#failingSince !== null
  }

  /**
   * Notes a failure.
   *
   * @returns true when subscribers should get an event. Short waits for budget are left out, unless they add up to 5 s
   */
  failed(error: PinqlError, now: number): boolean {
    this.#failingSince ??= now
    const isForBudget = error instanceof RateLimitedError
    const delayMs = isForBudget ? Math.max(SHORTEST_WAIT_FOR_BUDGET_MS, error.retryAfterMs) : this.#delayMs(now)
    this.notBefore = Math.max(this.notBefore, now + delayMs)
    return !isForBudget || this.notBefore - this.#failingSince >= SHORT_MS
  }

  /** Notes a success. */
  succeeded(): void {
    this.#failingSince = null
  }

  #delayMs(now: number): number {
    if (now - this.#lastFailureAt > RESET_AFTER_MS) this.#ceilingMs = FIRST_MS
    this.#lastFailureAt = now
    const delayMs = this.#ceilingMs * this.#random()
    this.#ceilingMs = Math.min(LONGEST_MS, this.#ceilingMs * 2)
    return delayMs
  }
}

import { type PinqlError, RateLimitedError } from '../../domain/errors.ts'

const FIRST_MS = 800
const LONGEST_MS = 30_000
const RESET_AFTER_MS = 120_000
/** Some services refuse for want of budget and say that one may come again at once. */
const SHORTEST_WAIT_FOR_BUDGET_MS = 1_000
/** Waits for budget that are over sooner are not worth telling. */
const SHORT_MS = 5_000

/**
 * Says when to try again what has failed: after as long as a service without budget says, or else after a random part of
 * 0.8 s, and of twice as much after each further failure, up to 30 s; afresh after 2 minutes without a failure.
 *
 * @see client-go, tools/cache/reflector.go, whose figures these are
 */
export class Backoff {
  /** On the clock; in the past where nothing has failed. */
  notBefore = Number.NEGATIVE_INFINITY
  readonly #random: () => number
  #ceilingMs = FIRST_MS
  #lastFailureAt = Number.NEGATIVE_INFINITY
  #failingSince: number | null = null

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** Whether the last try failed. */
  get isPending(): boolean {
    return this.#failingSince !== null
  }

  /** @returns whether that is worth telling: short waits for budget are not, unless they go on and on */
  failed(error: PinqlError, now: number): boolean {
    this.#failingSince ??= now
    const isForBudget = error instanceof RateLimitedError
    const delayMs = isForBudget ? Math.max(SHORTEST_WAIT_FOR_BUDGET_MS, error.retryAfterMs) : this.#delayMs(now)
    this.notBefore = Math.max(this.notBefore, now + delayMs)
    return !isForBudget || this.notBefore - this.#failingSince >= SHORT_MS
  }

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

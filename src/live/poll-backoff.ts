const FIRST_MS = 800
const LONGEST_MS = 30_000
const RESET_AFTER_MS = 120_000

/**
 * How long to wait after failed polls: a random part of 0.8 s, and of twice as much after each further failure, up to
 * 30 s; afresh after 2 minutes without a failure.
 *
 * @see client-go, tools/cache/reflector.go, whose figures these are
 */
export class PollBackoff {
  readonly #random: () => number
  #ceilingMs = FIRST_MS
  #lastFailureAt = Number.NEGATIVE_INFINITY

  constructor(random: () => number = Math.random) {
    this.#random = random
  }

  /** @returns milliseconds until the next try */
  failed(now: number): number {
    if (now - this.#lastFailureAt > RESET_AFTER_MS) this.#ceilingMs = FIRST_MS
    this.#lastFailureAt = now
    const delayMs = this.#ceilingMs * this.#random()
    this.#ceilingMs = Math.min(LONGEST_MS, this.#ceilingMs * 2)
    return delayMs
  }
}

const FIRST_MS = 800
const LONGEST_MS = 30_000
const RESET_AFTER_MS = 120_000

/** How long to wait after failed polls: 0.8 s, doubled each time up to 30 s, each a random part of that; afresh after 2 minutes without a failure. */
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
    const delayMs = this.#ceilingMs * (0.5 + 0.5 * this.#random())
    this.#ceilingMs = Math.min(LONGEST_MS, this.#ceilingMs * 2)
    return delayMs
  }
}

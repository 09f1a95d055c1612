/** Factor by which a refusal slows down, once per episode of refusals. */
const FACTOR = 0.7
/** Part of the full pace that is regained per second. */
const RECOVERY_PER_SECOND = 0.01
/** Smallest part of the full pace, however often the service refuses. */
const SLOWEST = 0.02

/** Slows calls to less than an assumed limit allows, since the service has refused some. The full pace is regained slowly. */
export class SlowDown {
  /** Part of the full pace right after the last refusal. */
  #pace = 1
  #recoversFrom = Number.NEGATIVE_INFINITY
  #slowedAt = Number.NEGATIVE_INFINITY

  /** True as long as nothing was refused. */
  get isNone(): boolean {
    return this.#pace === 1
  }

  /** Clock time at which the full pace is regained. */
  get endsAt(): number {
    return this.#recoversFrom + ((1 - this.#pace) / RECOVERY_PER_SECOND) * 1000
  }

  /**
   * Slows down, but only once for all calls that got their permits before.
   *
   * @param grantedAt clock time when the refused call got its permit
   * @param pausedUntil clock time from which calls leave again
   */
  refused(now: number, grantedAt: number, pausedUntil: number): void {
    if (grantedAt > this.#slowedAt) {
      this.#pace = Math.max(SLOWEST, this.at(now) * FACTOR)
      this.#slowedAt = now
    }
    this.#recoversFrom = Math.max(now, pausedUntil)
  }

  /** Returns to the full pace, since the limit is known now. */
  end(): void {
    this.#pace = 1
  }

  /** Returns the part of the full pace. */
  at(now: number): number {
    if (this.#pace === 1) return 1
    const recovered = RECOVERY_PER_SECOND * Math.max(0, (now - this.#recoversFrom) / 1000)
    return Math.min(1, this.#pace + recovered)
  }

  /** Returns a number of calls as the pace allows it, at least 1. */
  scaled(now: number, calls: number): number {
    return this.#pace === 1 ? calls : Math.max(1, Math.floor(calls * this.at(now)))
  }
}

import type { Clock } from '../waiting/clock.ts'

/**
 * The pace of all trials at one service, whichever breaker they are for.
 *
 * Several breakers of a service may be open at once. Each plans its own trials, and would send one a second. Together they
 * send as many as one of them, until the service answers anybody: then each keeps its own pace again.
 */
export class TrialPace {
  readonly #clock: Clock
  /** Clock time of the last trial, and the milliseconds that its breaker pauses. */
  #sentAt = Number.NEGATIVE_INFINITY
  #pauseMs = 0
  /** Number of requests of the last trial. */
  #requests = 1

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Returns the clock time from which a trial may follow the last one: after the shorter pause of the two breakers. An outage that
   * has just begun is not tried more rarely because of an old one.
   *
   * @param pauseMs pause of the breaker that wants a trial
   */
  nextAt(pauseMs: number): number {
    return this.#sentAt + Math.min(this.#pauseMs, pauseMs) * this.#requests
  }

  /**
   * Records that a trial is sent.
   *
   * @param pauseMs pause of its breaker
   * @param requests 2 if it is a probe and the change that follows it. The pause is then twice as long.
   */
  sent(pauseMs: number, requests: number): void {
    this.#sentAt = this.#clock.now()
    this.#pauseMs = pauseMs
    this.#requests = requests
  }

  /** Ends the common pace, since the service has answered. */
  answered(): void {
    this.#sentAt = Number.NEGATIVE_INFINITY
  }
}

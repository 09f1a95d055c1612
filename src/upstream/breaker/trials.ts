import type { Clock } from '../waiting/clock.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { TrialPace } from './trial-pace.ts'
import { TrialTurns } from './trial-turns.ts'
import type { Trial } from './visit.ts'

/**
 * The trials of one service: when the next one is due, who has had a turn, and which one waits for the budget.
 *
 * Only one trial at a time waits for the budget.
 */
export class Trials {
  readonly turns = new TrialTurns()
  readonly #clock: Clock
  readonly #breakerOf: (tenantKey: string) => CircuitBreaker
  readonly #pace: TrialPace
  /** The trial that waits for the budget. */
  #pending: Trial | null = null

  constructor(clock: Clock, breakerOf: (tenantKey: string) => CircuitBreaker) {
    this.#clock = clock
    this.#breakerOf = breakerOf
    this.#pace = new TrialPace(clock)
  }

  /** True while a trial waits for the budget. */
  get isPending(): boolean {
    return this.#pending !== null
  }

  /** Returns the clock time from which a trial of a breaker may be sent. */
  dueAt(breaker: CircuitBreaker): number {
    return Math.max(breaker.trialAt, this.#pace.nextAt(breaker.pauseMs))
  }

  /** Begins a trial that may leave at once. */
  begin(trial: Trial): Trial {
    // The turn of a change was that of its probe.
    if (!trial.followsProbe) this.turns.had(trial.keys)
    return trial
  }

  /** Begins a trial that waits for the budget. */
  beginPending(trial: Trial): Trial {
    this.#pending = trial
    return this.begin(trial)
  }

  /** Returns whether a trial may be sent now. It may not if another was sent while it waited for the budget. */
  maySend({ tenantKey, followsProbe }: Trial): boolean {
    const breaker = this.#breakerOf(tenantKey)
    return followsProbe || !breaker.isOpen || this.dueAt(breaker) <= this.#clock.now()
  }

  /** Records that a trial is sent. */
  sent(trial: Trial): void {
    const breaker = this.#breakerOf(trial.tenantKey)
    if (breaker.isOpen) {
      const requests = trial.followsProbe ? 2 : 1
      breaker.putOffTrial(this.#clock.now() + breaker.pauseMs * requests)
      this.#pace.sent(breaker.pauseMs, requests)
    }
    this.drop(trial)
  }

  /** Records that a trial is not sent. The next one is due. */
  drop(trial: Trial): void {
    if (this.#pending === trial) this.#pending = null
  }

  /** Records that the service has answered somebody. So trials of several breakers may follow each other at once. */
  answered(trial: Trial | null): void {
    if (trial) this.turns.answered(trial.keys)
    this.#pace.answered()
  }
}

import { PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import { type Clock, systemClock } from '../clock.ts'

/** How a service is, by the calls made to it. */
export interface ServiceHealth {
  /** `up`: answers. `degraded`: failed last time. `down`: is left alone, and tried again now and then. */
  readonly state: 'up' | 'degraded' | 'down'
  /** Unix milliseconds when `state` began. */
  readonly since: number
  /** The last failure; null when there was none since the start. */
  readonly lastError: ServiceUnavailableError | null
  readonly breaker: 'closed' | 'open' | 'half-open'
}

export interface CircuitBreakerOptions {
  /** Which errors say that the service fails; all others show that it is up. Default: every `ServiceUnavailableError`. */
  readonly isFailure?: (error: unknown) => boolean
  /** Of how many callers the failures in a row must be, at the least. Default 1. */
  readonly fewestCallers?: number
}

/** What a call shows of its service; `nothing` when it was aborted. */
type Shown = 'answer' | 'failure' | 'nothing'

/** Failures in a row after which a service is left alone. */
const FAILURES_TO_OPEN = 5
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Stops calling a service that is down, and tries with one call at a time whether it is back: after 1 s, and after each
 * further failure twice as late, up to 30 s.
 *
 * Only what says that the service is down counts, such as 5xx, no connection, no answer. A refusal shows that it is up. A
 * call that was aborted shows nothing: it ends no trial, and makes no pause longer. While the breaker is not closed, only
 * the trial counts, and no call that began before.
 */
export class CircuitBreaker {
  readonly #service: string
  readonly #clock: Clock
  readonly #isFailure: (error: unknown) => boolean
  readonly #fewestCallers: number
  #breaker: ServiceHealth['breaker'] = 'closed'
  /** Without an answer between them. */
  #failuresInARow = 0
  readonly #failedCallers = new Set<string>()
  /** Of the last pause, or the next. */
  #pauseMs = FIRST_PAUSE_MS
  /** On the clock: when the pause is over. */
  #pausedUntil = 0
  #state: ServiceHealth['state'] = 'up'
  #since = Date.now()
  #lastError: ServiceUnavailableError | null = null

  constructor(service: string, clock: Clock = systemClock, options: CircuitBreakerOptions = {}) {
    this.#service = service
    this.#clock = clock
    this.#isFailure = options.isFailure ?? ((error) => error instanceof ServiceUnavailableError)
    this.#fewestCallers = options.fewestCallers ?? 1
  }

  /** Whether a call would be refused just now. */
  get isRefusing(): boolean {
    return this.#breaker === 'half-open' || (this.#breaker === 'open' && this.#clock.now() < this.#pausedUntil)
  }

  /** Whether a call would be a trial just now: the only one that is made, to find out whether the service is back. */
  get isTrying(): boolean {
    return this.#breaker === 'open' && this.#clock.now() >= this.#pausedUntil
  }

  get state(): ServiceHealth['state'] {
    return this.#state
  }

  get health(): ServiceHealth {
    return { state: this.#state, since: this.#since, lastError: this.#lastError, breaker: this.#breaker }
  }

  /** @throws {ServiceUnavailableError} while the service is left alone */
  check(): void {
    if (!this.isRefusing) return
    const message = `${this.#service} is down and is left alone for a moment`
    // While a trial is in flight, nobody knows when the next request may be sent.
    const pause = this.#breaker === 'open' ? { retryAfterMs: this.#pausedUntil - this.#clock.now() } : {}
    throw new ServiceUnavailableError(message, { service: this.#service, ...pause, cause: this.#lastError })
  }

  /**
   * Makes a call, unless the service is left alone just now.
   *
   * @param caller who makes it
   * @throws {ServiceUnavailableError} at once where it is; and whatever the call rejects with
   */
  async run<Value>(call: () => Promise<Value>, caller = ''): Promise<Value> {
    this.check()
    const isTrial = this.#breaker === 'open'
    if (isTrial) this.#breaker = 'half-open'
    try {
      const value = await call()
      this.#note('answer', isTrial, null)
      return value
    } catch (error) {
      const isFailure = this.#isFailure(error)
      if (isFailure && this.#breaker === 'closed') this.#failedCallers.add(caller)
      const shown = isFailure ? 'failure' : error instanceof PinqlError ? 'answer' : 'nothing'
      this.#note(shown, isTrial, isFailure && error instanceof ServiceUnavailableError ? error : null)
      throw error
    }
  }

  #note(shown: Shown, isTrial: boolean, error: ServiceUnavailableError | null): void {
    if (isTrial) this.#endTrial(shown)
    else if (this.#breaker === 'closed') this.#count(shown)
    this.#lastError = error ?? this.#lastError
    if (shown === 'nothing') return
    const state = this.#breaker !== 'closed' ? 'down' : shown === 'failure' ? 'degraded' : 'up'
    if (state === this.#state) return
    this.#state = state
    this.#since = Date.now()
  }

  #endTrial(shown: Shown): void {
    if (shown === 'answer') {
      this.#breaker = 'closed'
      this.#pauseMs = FIRST_PAUSE_MS
      this.#forgetFailures()
      return
    }
    if (shown === 'failure') this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs)
    this.#open()
  }

  #count(shown: Shown): void {
    if (shown === 'answer') {
      if (this.#failuresInARow > 0) this.#forgetFailures()
      return
    }
    if (shown === 'nothing') return
    this.#failuresInARow++
    if (this.#failuresInARow >= FAILURES_TO_OPEN && this.#failedCallers.size >= this.#fewestCallers) this.#open()
  }

  #open(): void {
    this.#breaker = 'open'
    this.#pausedUntil = this.#clock.now() + this.#pauseMs
  }

  #forgetFailures(): void {
    this.#failuresInARow = 0
    this.#failedCallers.clear()
  }
}

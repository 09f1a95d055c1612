import { PinqlError, ServiceUnavailableError } from '../../domain/errors.ts'
import { type Clock, systemClock } from '../waiting/clock.ts'

/** State of a service, as its recent calls show it. */
export interface ServiceHealth {
  /**
   * `up`: the service answers. `degraded`: the last call failed. `down`: pinql sends no calls, except for a trial now and
   * then.
   */
  readonly state: 'up' | 'degraded' | 'down'
  /** Unix milliseconds when `state` began. */
  readonly since: number
  /** The last failure since the start; null when there was none. */
  readonly lastError: ServiceUnavailableError | null
  readonly breaker: 'closed' | 'open' | 'half-open'
}

export interface CircuitBreakerOptions {
  /**
   * Returns whether an error is a failure of the service. Any other `PinqlError` shows that the service is up. Default: every
   * `ServiceUnavailableError` is a failure.
   */
  readonly isFailure?: (error: unknown) => boolean
  /** Smallest number of callers among the failures in a row that opens the breaker. Default: 1. */
  readonly fewestCallers?: number
}

/** A call's evidence about the service. `nothing`: the call was aborted, or failed for a bug of ours. */
type Shown = 'answer' | 'failure' | 'nothing'

/** Failures in a row that open the breaker. */
const FAILURES_TO_OPEN = 5
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Stops calls to a service that is down, and tests with one trial call at a time whether the service is back.
 *
 * The first trial comes after 1 s. After each failed trial, the pause doubles, up to 30 s.
 *
 * Only errors that say that the service is down count as failures, such as 5xx, no connection, or no answer. A refusal
 * shows that the service is up. An aborted call shows nothing. An aborted trial starts another pause of the same length.
 *
 * While the breaker is open or half-open, only the trial counts. Calls that began earlier do not.
 */
export class CircuitBreaker {
  readonly #service: string
  readonly #clock: Clock
  readonly #isFailure: (error: unknown) => boolean
  readonly #fewestCallers: number
  #breaker: ServiceHealth['breaker'] = 'closed'
  /** Failures without an answer between them. */
  #failuresInARow = 0
  readonly #failedCallers = new Set<string>()
  /** Length of the current pause in milliseconds. While the breaker is closed, length of the next one. */
  #pauseMs = FIRST_PAUSE_MS
  /** Clock time when the pause ends. */
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

  /** True while calls are refused. */
  get isRefusing(): boolean {
    return this.#breaker === 'half-open' || (this.#breaker === 'open' && this.#clock.now() < this.#pausedUntil)
  }

  /** True when the next call would be a trial: the only call that is made, to find out whether the service is back. */
  get isTrying(): boolean {
    return this.#breaker === 'open' && this.#clock.now() >= this.#pausedUntil
  }

  get state(): ServiceHealth['state'] {
    return this.#state
  }

  get health(): ServiceHealth {
    return { state: this.#state, since: this.#since, lastError: this.#lastError, breaker: this.#breaker }
  }

  /** @throws {ServiceUnavailableError} while calls are refused, with `retryAfterMs` unless a trial is in flight */
  check(): void {
    if (!this.isRefusing) return
    const message = `${this.#service} is down and is left alone for a moment`
    // While a trial is in flight, it is not known when the next request may be sent.
    const pause = this.#breaker === 'open' ? { retryAfterMs: this.#pausedUntil - this.#clock.now() } : {}
    throw new ServiceUnavailableError(message, { service: this.#service, ...pause, cause: this.#lastError })
  }

  /**
   * Makes a call, unless calls are refused.
   *
   * @param caller identifies the caller for `fewestCallers`
   * @throws {ServiceUnavailableError} at once while calls are refused
   * @throws whatever the call rejects with
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

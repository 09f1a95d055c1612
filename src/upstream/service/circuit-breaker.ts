import { CircuitState, circuitBreaker, handleWhen, type IBreaker } from 'cockatiel'
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

/** Failures in a row after which a service is left alone. */
const FAILURES_TO_OPEN = 5
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Stops calling a service that is down, and tries with one call at a time whether it is back: after 1 s, and after each
 * further failure twice as late, up to 30 s.
 *
 * Only what says that the service is down counts, such as 5xx, no connection, no answer. A refusal shows that it is up. A
 * call that was aborted shows nothing: it ends no trial, and makes no pause longer.
 */
export class CircuitBreaker {
  readonly #service: string
  readonly #clock: Clock
  readonly #isFailure: (error: unknown) => boolean
  readonly #failures: FailuresInARow
  #pause: Pause | undefined
  #wasAborted = false
  #state: ServiceHealth['state'] = 'up'
  #since = Date.now()
  #lastError: ServiceUnavailableError | null = null

  readonly #policy

  constructor(service: string, clock: Clock = systemClock, options: CircuitBreakerOptions = {}) {
    this.#service = service
    this.#clock = clock
    const { isFailure = (error) => error instanceof ServiceUnavailableError, fewestCallers = 1 } = options
    this.#isFailure = isFailure
    this.#failures = new FailuresInARow(fewestCallers)
    // In a trial, cockatiel takes every error that is not handled for a success.
    this.#policy = circuitBreaker(
      handleWhen((error) => isFailure(error) || this.#breaker === 'half-open'),
      { breaker: this.#failures, halfOpenAfter: { next: () => this.#startPause(FIRST_PAUSE_MS) } },
    )
  }

  /** Whether a call would be refused just now. */
  get isRefusing(): boolean {
    return this.#breaker === 'half-open' || (this.#breaker === 'open' && this.#pause?.isOver === false)
  }

  /** Whether a call would be a trial just now: the only one that is made, to find out whether the service is back. */
  get isTrying(): boolean {
    return this.#breaker === 'open' && this.#pause?.isOver === true
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
    const pause = this.#breaker === 'open' && this.#pause ? { retryAfterMs: this.#pause.leftMs } : {}
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
    if (!this.#isUntroubled) return this.#runCounted(call, caller)
    // Cockatiel would count nothing. It would cost as much as the rest of the call, which the usual call can do without.
    let value: Value
    try {
      value = await call()
    } catch (error) {
      // As if the call had been made only now. Where others have opened the breaker meanwhile, there is nothing to count.
      if (this.#breaker !== 'closed') throw error
      return this.#runCounted(() => Promise.reject(error), caller)
    }
    if (!this.#isUntroubled) this.#succeeded()
    return value
  }

  /** Closed, and without a failure since the last success. */
  get #isUntroubled(): boolean {
    return this.#failures.state === 0 && this.#state === 'up' && this.#policy.state === CircuitState.Closed
  }

  #succeeded(): void {
    this.#failures.success()
    this.#note(null)
  }

  async #runCounted<Value>(call: () => Promise<Value>, caller: string): Promise<Value> {
    try {
      // A refusal is handed through as a value, so that it counts as a success.
      const outcome = await this.#policy.execute(() =>
        call().then(
          (value) => ({ value }),
          (error) => this.#refusalOf(error, caller),
        ),
      )
      this.#note(null)
      if ('refusal' in outcome) throw outcome.refusal
      return outcome.value
    } catch (error) {
      if (error instanceof ServiceUnavailableError && this.#isFailure(error)) this.#note(error)
      throw error
    }
  }

  #refusalOf(error: unknown, caller: string): { readonly refusal: PinqlError } {
    if (error instanceof PinqlError && !this.#isFailure(error)) return { refusal: error }
    this.#wasAborted = !this.#isFailure(error)
    if (!this.#wasAborted) this.#failures.callers.add(caller)
    throw error
  }

  get #breaker(): ServiceHealth['breaker'] {
    const { state } = this.#policy
    if (state === CircuitState.Closed) return 'closed'
    return state === CircuitState.HalfOpen ? 'half-open' : 'open'
  }

  #startPause(ms: number): Pause {
    const next = () => this.#startPause(this.#wasAborted ? ms : Math.min(LONGEST_PAUSE_MS, 2 * ms))
    this.#pause = new Pause(this.#clock, ms, next)
    return this.#pause
  }

  #note(error: ServiceUnavailableError | null): void {
    this.#lastError = error ?? this.#lastError
    const state = this.#breaker !== 'closed' ? 'down' : error ? 'degraded' : 'up'
    if (state === this.#state) return
    this.#state = state
    this.#since = Date.now()
  }
}

/** How long a service is left alone, on our clock: cockatiel compares `duration` with the wall clock, which may jump. */
class Pause {
  readonly #clock: Clock
  readonly #endsAt: number
  readonly next: () => Pause

  constructor(clock: Clock, ms: number, next: () => Pause) {
    this.#clock = clock
    this.#endsAt = clock.now() + ms
    this.next = next
  }

  get isOver(): boolean {
    return this.leftMs <= 0
  }

  get leftMs(): number {
    return this.#endsAt - this.#clock.now()
  }

  get duration(): number {
    return this.isOver ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
}

/** Says when to open: after so many failures, of so many callers, without a success between them. */
class FailuresInARow implements IBreaker {
  /** Cockatiel's name for the number of failures. */
  state = 0
  /** Whose calls failed. */
  readonly callers = new Set<string>()
  readonly #fewestCallers: number

  constructor(fewestCallers: number) {
    this.#fewestCallers = fewestCallers
  }

  success(): void {
    this.state = 0
    this.callers.clear()
  }

  failure(): boolean {
    return ++this.state >= FAILURES_TO_OPEN && this.callers.size >= this.#fewestCallers
  }
}

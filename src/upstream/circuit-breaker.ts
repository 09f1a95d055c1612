import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel'
import { PinqlError, ServiceUnavailableError } from '../domain/errors.ts'
import { type Clock, systemClock } from './clock.ts'

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

/** Failures in a row after which a service is left alone. */
const FAILURES_TO_OPEN = 5
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Stops calling a service that is down, and tries with one call at a time whether it is back: after 1 s, and after each
 * further failure twice as late, up to 30 s.
 *
 * Only what says that the service is down counts: 5xx, no connection, no answer. A refusal shows that it is up. A call
 * that was aborted shows nothing, so it ends no trial.
 */
export class CircuitBreaker {
  readonly #service: string
  readonly #clock: Clock
  #pause: Pause | undefined
  #state: ServiceHealth['state'] = 'up'
  #since = Date.now()
  #lastError: ServiceUnavailableError | null = null

  // In a trial, cockatiel takes every error that is not handled for a success.
  readonly #policy = circuitBreaker(
    handleWhen((error) => error instanceof ServiceUnavailableError || this.#breaker === 'half-open'),
    {
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
      halfOpenAfter: { next: () => this.#startPause(FIRST_PAUSE_MS) },
    },
  )

  constructor(service: string, clock: Clock = systemClock) {
    this.#service = service
    this.#clock = clock
  }

  /** Whether a call would be refused just now. */
  get isRefusing(): boolean {
    return this.#breaker === 'half-open' || (this.#breaker === 'open' && this.#pause?.isOver === false)
  }

  get health(): ServiceHealth {
    return { state: this.#state, since: this.#since, lastError: this.#lastError, breaker: this.#breaker }
  }

  /** @throws {ServiceUnavailableError} while the service is left alone */
  check(): void {
    if (!this.isRefusing) return
    const message = `${this.#service} is down and is left alone for a moment`
    throw new ServiceUnavailableError(message, { service: this.#service, cause: this.#lastError })
  }

  /**
   * Makes a call, unless the service is left alone just now.
   *
   * @throws {ServiceUnavailableError} at once where it is; and whatever the call rejects with
   */
  async run<Value>(call: () => Promise<Value>): Promise<Value> {
    this.check()
    try {
      // A refusal is handed through as a value, so that it counts as a success.
      const outcome = await this.#policy.execute(() => call().then((value) => ({ value }), refusalOf))
      this.#note(null)
      if ('refusal' in outcome) throw outcome.refusal
      return outcome.value
    } catch (error) {
      if (error instanceof ServiceUnavailableError) this.#note(error)
      throw error
    }
  }

  get #breaker(): ServiceHealth['breaker'] {
    const { state } = this.#policy
    if (state === CircuitState.Closed) return 'closed'
    return state === CircuitState.HalfOpen ? 'half-open' : 'open'
  }

  #startPause(ms: number): Pause {
    this.#pause = new Pause(this.#clock, ms, () => this.#startPause(Math.min(LONGEST_PAUSE_MS, 2 * ms)))
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
    return this.#clock.now() >= this.#endsAt
  }

  get duration(): number {
    return this.isOver ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
}

function refusalOf(error: unknown): { readonly refusal: PinqlError } {
  if (error instanceof PinqlError && !(error instanceof ServiceUnavailableError)) return { refusal: error }
  throw error
}

import {
  BrokenCircuitError,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
} from 'cockatiel'
import { PinqlError, ServiceUnavailableError } from '../domain/errors.ts'

/** How a service is, by the calls made to it. */
export interface ServiceHealth {
  /** `up`: answers. `degraded`: failed last time. `down`: is left alone, and tried again now and then. */
  readonly state: 'up' | 'degraded' | 'down'
  /** Unix milliseconds when `state` began. */
  readonly since: number
  /** The last failure; null when there was none since the start. */
  readonly lastError: PinqlError | null
  readonly breaker: 'closed' | 'open' | 'half-open'
}

/** Failures in a row after which a service is left alone. */
const FAILURES_TO_OPEN = 5
const FIRST_PAUSE_MS = 1_000
const LONGEST_PAUSE_MS = 30_000

/**
 * Stops calling a service that is down, and tries with one call at a time whether it is back.
 *
 * Only what says that the service is down counts: 5xx, no connection, no answer. A refusal shows that it is up.
 */
export class CircuitBreaker {
  readonly #service: string
  readonly #now: () => number
  readonly #policy = circuitBreaker(
    handleWhen((error) => error instanceof ServiceUnavailableError),
    {
      breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
      halfOpenAfter: new ExponentialBackoff({ initialDelay: FIRST_PAUSE_MS, maxDelay: LONGEST_PAUSE_MS }),
    },
  )
  #state: ServiceHealth['state'] = 'up'
  #since: number
  #lastError: PinqlError | null = null

  constructor(service: string, now: () => number = Date.now) {
    this.#service = service
    this.#now = now
    this.#since = now()
  }

  /**
   * Makes a call, unless the service is left alone just now.
   *
   * @throws {ServiceUnavailableError} at once where it is; and whatever the call rejects with
   */
  async run<Value>(call: () => Promise<Value>): Promise<Value> {
    // What does not count as a failure is handed through as a value, so that it counts as a success.
    let outcome: { readonly value: Value } | { readonly error: unknown }
    try {
      outcome = await this.#policy.execute(async () => {
        try {
          return { value: await call() }
        } catch (error) {
          if (error instanceof ServiceUnavailableError) throw error
          return { error }
        }
      })
    } catch (cause) {
      if (cause instanceof BrokenCircuitError) {
        throw new ServiceUnavailableError(`${this.#service} is down and is left alone for a moment`, {
          service: this.#service,
          cause,
        })
      }
      if (cause instanceof PinqlError) this.#note(this.#policy.state === CircuitState.Open ? 'down' : 'degraded', cause)
      throw cause
    }
    if ('error' in outcome) {
      if (outcome.error instanceof PinqlError) this.#note('up', null)
      throw outcome.error
    }
    this.#note('up', null)
    return outcome.value
  }

  get health(): ServiceHealth {
    const breaker = BREAKER_STATES[this.#policy.state] ?? 'open'
    return { state: this.#state, since: this.#since, lastError: this.#lastError, breaker }
  }

  #note(state: ServiceHealth['state'], error: PinqlError | null): void {
    if (error) this.#lastError = error
    if (state === this.#state) return
    this.#state = state
    this.#since = this.#now()
  }
}

const BREAKER_STATES: Partial<Record<CircuitState, ServiceHealth['breaker']>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Open]: 'open',
}

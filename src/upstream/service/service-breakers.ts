import { LRUCache } from 'lru-cache'
import { PinqlError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import type { Clock } from '../clock.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import { CircuitBreaker, type ServiceHealth } from './circuit-breaker.ts'
import type { LastingState } from './service-reporter.ts'
import { StoppedTenants } from './stopped-tenants.ts'

/** Tenants that are kept apart. One that falls out is taken as if it had never failed. */
const MAX_TENANTS = 10_000
/** Failures of one tenant may be that account's: a list too long for the service, a broken pin. */
const FEWEST_TENANTS = 2
/** Answers that say that the service, and not something in the account, failed. */
const OUTAGE_STATUSES: ReadonlySet<number> = new Set([502, 503, 504])
const STATES: readonly ServiceHealth['state'][] = ['up', 'degraded', 'down']

/**
 * One service's breakers: one for each tenant, and one for all of them.
 *
 * A tenant whose calls fail is stopped by its own breaker, whatever the failures are. All are stopped only by what says
 * that the service itself is down, no connection, no answer in time, 502, 503 or 504, and only when it has met two
 * tenants: so no account can shut the service for the others, or keep it shut.
 */
export class ServiceBreakers {
  readonly #service: string
  readonly #clock: Clock
  readonly #shared: CircuitBreaker
  readonly #own = new LRUCache<string, CircuitBreaker>({ max: MAX_TENANTS })
  readonly #stopped: StoppedTenants
  readonly #onState: ((state: LastingState, reason: () => string) => void) | undefined
  #last: { readonly tenant: string; readonly error: ServiceUnavailableError } | null = null

  /** @param onState called after each call with the state of the service for all tenants together */
  constructor(service: string, clock: Clock, onState?: (state: LastingState, reason: () => string) => void) {
    this.#service = service
    this.#clock = clock
    this.#stopped = new StoppedTenants(clock)
    this.#onState = onState
    this.#shared = new CircuitBreaker(service, clock, { isFailure: isOutage, fewestCallers: FEWEST_TENANTS })
  }

  /** Whether a tenant's call would be refused just now. */
  isRefusing(tenant: string): boolean {
    return this.#shared.isRefusing || this.#own.peek(tenant)?.isRefusing === true
  }

  /** Whether a tenant's call would be a trial just now, for all or for this tenant. */
  isTrying(tenant: string): boolean {
    return this.#shared.isTrying || this.#own.peek(tenant)?.isTrying === true
  }

  /** @throws {ServiceUnavailableError} while the service is left alone, by all or by this tenant */
  check(tenant: string): void {
    this.#shared.check()
    this.#own.peek(tenant)?.check()
  }

  /**
   * Makes a tenant's call, unless the service is left alone just now.
   *
   * @throws {ServiceUnavailableError} at once where it is; and whatever the call rejects with
   */
  async run<Value>(tenant: string, call: () => Promise<Value>): Promise<Value> {
    // Both, before either takes the call for its trial: one's refusal must not be a failure for the other.
    this.check(tenant)
    const own = this.#ownOf(tenant)
    try {
      const value = await this.#shared.run(() => own.run(call), tenant)
      if (this.#onState) this.#noteState(tenant, own, true)
      return value
    } catch (error) {
      if (error instanceof ServiceUnavailableError) this.#last = { tenant, error }
      if (this.#onState) this.#noteState(tenant, own, isAnswer(error))
      throw error
    }
  }

  /**
   * How the service is, as far as it concerns a tenant.
   *
   * @param tenant sees its own failures in the words of the service, and of others' only that they were; none: of nobody's
   */
  health(tenant?: string): ServiceHealth {
    const shared = this.#shared.health
    const own = tenant === undefined ? undefined : this.#own.peek(tenant)?.health
    const worse = own && STATES.indexOf(own.state) > STATES.indexOf(shared.state) ? own : shared
    const lastError = this.#last && (this.#last.tenant === tenant ? this.#last.error : withoutWords(this.#last.error))
    return { ...worse, lastError }
  }

  #noteState(tenant: string, own: CircuitBreaker, isAnswered: boolean | null): void {
    const stopped = this.#stopped
    stopped.note(tenant, isAnswered, own.state === 'down')
    const isDown = this.#shared.state === 'down' || (stopped.size > 0 && !stopped.areOthersAnswered)
    const state = isDown ? 'down' : stopped.size > 0 ? 'partlyDown' : 'up'
    this.#onState?.(state, () => {
      const last = this.#last ? withoutWords(this.#last.error).message : `${this.#service} failed`
      const paused = isDown ? '' : ` with ${stopped.size === 1 ? 'one token' : `${stopped.size} tokens`}`
      return `${last}, several times in a row: pinql sends no requests${paused} for a while`
    })
  }

  #ownOf(tenant: string): CircuitBreaker {
    const known = this.#own.get(tenant)
    if (known) return known
    const own = new CircuitBreaker(this.#service, this.#clock)
    this.#own.set(tenant, own)
    return own
  }
}

/** Whether an error shows that the service works for the token; null when it shows nothing. */
function isAnswer(error: unknown): boolean | null {
  if (error instanceof ServiceUnavailableError) return false
  // Anybody can have a token refused, also while the service does nothing else.
  if (error instanceof UnauthorizedError) return null
  return error instanceof PinqlError ? true : null
}

function isOutage(error: unknown): boolean {
  if (error instanceof FailedAnswerError) return OUTAGE_STATUSES.has(error.status)
  return error instanceof ServiceUnavailableError
}

/** What a service says of a failure may name an account's pins, and whoever has them. */
function withoutWords(error: ServiceUnavailableError): ServiceUnavailableError {
  const { service } = error
  const message = error instanceof FailedAnswerError ? `${service} answered ${error.status}` : error.message
  return new ServiceUnavailableError(message, { service })
}

import { LRUCache } from 'lru-cache'
import { PinqlError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import type { Clock } from '../waiting/clock.ts'
import { CircuitBreaker, type ServiceHealth } from './circuit-breaker.ts'
import type { LastingState } from './service-reporter.ts'
import { StoppedTenants } from './stopped-tenants.ts'

/** Tenants with a breaker of their own. An evicted tenant starts again as if it had never failed. */
const MAX_TENANTS = 10_000
/**
 * Smallest number of tenants that must fail. Failures of one tenant may be caused by its account, such as a list too long
 * for the service or a broken pin.
 */
const FEWEST_TENANTS = 2
/** Statuses that show an outage of the service. Other failures may be caused by the account. */
const OUTAGE_STATUSES: ReadonlySet<number> = new Set([502, 503, 504])
const STATES: readonly ServiceHealth['state'][] = ['up', 'degraded', 'down']

/**
 * The circuit breakers of one service: one per tenant, and one for all tenants together.
 *
 * A tenant's own breaker counts all failures of that tenant's calls. The shared breaker counts only outages: no connection,
 * no answer in time, 502, 503 or 504. It opens only after outages that met two tenants. So the failures of one account
 * cannot open the shared breaker. They also cannot keep it open, unless they look like an outage.
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

  /** Returns whether a tenant's call would be refused now. */
  isRefusing(tenant: string): boolean {
    return this.#shared.isRefusing || this.#own.peek(tenant)?.isRefusing === true
  }

  /** Returns whether a tenant's call would be a trial now, of the shared breaker or of the tenant's own. */
  isTrying(tenant: string): boolean {
    return this.#shared.isTrying || this.#own.peek(tenant)?.isTrying === true
  }

  /** @throws {ServiceUnavailableError} while the shared breaker or the tenant's own refuses calls */
  check(tenant: string): void {
    this.#shared.check()
    this.#own.peek(tenant)?.check()
  }

  /**
   * Makes a tenant's call, unless a breaker refuses it.
   *
   * @throws {ServiceUnavailableError} at once while a breaker refuses it
   * @throws whatever the call rejects with
   */
  async run<Value>(tenant: string, call: () => Promise<Value>): Promise<Value> {
    // Checks both breakers before either takes the call for its trial. Otherwise, a refusal by one would count as a failure
    // for the other.
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
   * Returns the state of the service as a tenant may see it.
   *
   * @param tenant gets the last failure with the service's words only if the failure was its own. Undefined: never with the
   *   service's words.
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

/** Returns whether an error shows that the service works for the token; null when the error shows nothing. */
function isAnswer(error: unknown): boolean | null {
  if (error instanceof ServiceUnavailableError) return false
  // Any caller can send a token that is refused, and a service may refuse tokens while nothing else works.
  if (error instanceof UnauthorizedError) return null
  return error instanceof PinqlError ? true : null
}

function isOutage(error: unknown): boolean {
  if (error instanceof FailedAnswerError) return OUTAGE_STATUSES.has(error.status)
  return error instanceof ServiceUnavailableError
}

/** Drops the service's words, which may name an account's pins or its owner. */
function withoutWords(error: ServiceUnavailableError): ServiceUnavailableError {
  const { service } = error
  const message = error instanceof FailedAnswerError ? `${service} answered ${error.status}` : error.message
  return new ServiceUnavailableError(message, { service })
}

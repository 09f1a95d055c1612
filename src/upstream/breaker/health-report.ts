import { ServiceUnavailableError } from '../../domain/errors.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import type { LastingState } from '../observing/upstream-observer.ts'
import type { Clock } from '../waiting/clock.ts'
import type { BreakerSet, CallInFlight } from './breaker-set.ts'
import type { LastAnswers } from './last-answers.ts'
import type { ServiceHealth } from './service-health.ts'
import { StoppedTenants } from './stopped-tenants.ts'

/**
 * Gets the state of a service for all tenants together, after each call that may have changed it. `reason` is read only where the
 * state is reported. Returns false if it has to be told again after the next call.
 */
export type StateListener = (state: LastingState, reason: () => string) => boolean

/** Reports how healthy a service is: to a tenant that asks, and to a listener. */
export class HealthReport {
  readonly #serviceName: string
  readonly #breakers: BreakerSet
  readonly #answers: LastAnswers
  readonly #stopped: StoppedTenants
  readonly #onState: StateListener | undefined
  #last: { readonly tenantKey: string; readonly error: ServiceUnavailableError } | null = null

  constructor(
    serviceName: string,
    clock: Clock,
    { breakers, answers, onState }: { breakers: BreakerSet; answers: LastAnswers; onState: StateListener | undefined },
  ) {
    this.#serviceName = serviceName
    this.#breakers = breakers
    this.#answers = answers
    this.#stopped = new StoppedTenants(clock)
    this.#onState = onState
  }

  /**
   * Records how a call ended. The breakers must know of it already. Returns true if the listener knows that the service is up, so
   * that another success changes nothing.
   */
  note({ tenantKey }: CallInFlight, error: unknown): boolean {
    if (error instanceof ServiceUnavailableError) this.#last = { tenantKey, error }
    if (!this.#onState) return true
    const stopped = this.#stopped
    stopped.note(tenantKey, this.#breakers.isOwnOpen(tenantKey))
    const areSomeStopped = stopped.size > 0
    const isDown = this.#breakers.shared.isOpen || (areSomeStopped && !this.#answers.isAnyRecentBut(stopped))
    const state = isDown ? 'down' : areSomeStopped ? 'partlyDown' : 'up'
    const isTold = this.#onState(state, () => {
      const last = this.#last ? withoutWords(this.#last.error).message : `${this.#serviceName} failed`
      const held = isDown ? '' : ` with ${stopped.size === 1 ? 'one token' : `${stopped.size} tokens`}`
      return `${last}, several times in a row: pinql sends no requests${held} for a while`
    })
    return isTold && state === 'up'
  }

  /**
   * Returns the state of the service as a tenant may see it.
   *
   * @param tenantKey key of the tenant, which sees the service's words only in a failure of its own. Undefined: the last
   *   failure comes without the service's words.
   */
  of(tenantKey?: string): ServiceHealth {
    const last = this.#last
    const lastError = last && (last.tenantKey === tenantKey ? last.error : withoutWords(last.error))
    return { ...this.#breakers.health(tenantKey), lastError }
  }
}

/** Drops the service's words, which may name an account's pins or its owner. */
function withoutWords(error: ServiceUnavailableError): ServiceUnavailableError {
  const { service } = error
  const message = error instanceof FailedAnswerError ? `${service} answered ${error.status}` : error.message
  return new ServiceUnavailableError(message, { service })
}

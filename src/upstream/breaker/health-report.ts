import { ServiceUnavailableError } from '../../domain/errors.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import type { LastingState } from '../observing/service-reporter.ts'
import type { Clock } from '../waiting/clock.ts'
import type { BreakerSet, CallInFlight } from './breaker-set.ts'
import type { ServiceHealth } from './service-health.ts'
import { StoppedTenants } from './stopped-tenants.ts'
import type { Verdict } from './verdict.ts'

/** Gets the state of a service for all tenants together, after each call. `reason` is read only where the state is reported. */
export type StateListener = (state: LastingState, reason: () => string) => void

/** Reports how healthy a service is: to a tenant that asks, and to a listener after each call. */
export class HealthReport {
  readonly #serviceName: string
  readonly #breakers: BreakerSet
  readonly #stopped: StoppedTenants
  readonly #onState: StateListener | undefined
  #last: { readonly tenantKey: string; readonly error: ServiceUnavailableError } | null = null

  constructor(serviceName: string, clock: Clock, breakers: BreakerSet, onState: StateListener | undefined) {
    this.#serviceName = serviceName
    this.#breakers = breakers
    this.#stopped = new StoppedTenants(clock)
    this.#onState = onState
  }

  /** Records how a call ended. The breakers must know of it already. */
  note({ tenantKey, own }: CallInFlight, error: unknown, verdict: Verdict): void {
    if (error instanceof ServiceUnavailableError) this.#last = { tenantKey, error }
    if (!this.#onState) return
    const stopped = this.#stopped
    stopped.note(tenantKey, verdict, own.state === 'down')
    const isDown = this.#breakers.shared.state === 'down' || (stopped.size > 0 && !stopped.areOthersAnswered)
    const state = isDown ? 'down' : stopped.size > 0 ? 'partlyDown' : 'up'
    this.#onState(state, () => {
      const last = this.#last ? withoutWords(this.#last.error).message : `${this.#serviceName} failed`
      const held = isDown ? '' : ` with ${stopped.size === 1 ? 'one token' : `${stopped.size} tokens`}`
      return `${last}, several times in a row: pinql sends no requests${held} for a while`
    })
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

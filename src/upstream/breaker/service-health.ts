import type { ServiceUnavailableError } from '../../domain/errors.ts'

/** State of a service, as its recent calls show it. */
export interface ServiceHealth {
  /**
   * `up`: the service answers. `degraded`: the last call failed. `down`: calls wait, except for a trial now and then.
   */
  readonly state: 'up' | 'degraded' | 'down'
  /** Unix milliseconds when `state` began. */
  readonly since: number
  /** The last failure since the start; null when there was none. */
  readonly lastError: ServiceUnavailableError | null
  /** `half-open`: a trial is in flight. */
  readonly breaker: 'closed' | 'open' | 'half-open'
}

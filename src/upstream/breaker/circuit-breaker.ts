import { ServiceUnavailableError } from '../../domain/errors.ts'
import type { Clock } from '../waiting/clock.ts'
import { downError } from './down-error.ts'
import type { ServiceHealth } from './service-health.ts'
import type { Verdict } from './verdict.ts'

/** Failures in a row that open the breaker. As many as a call has tries, so that an outage does not use up the tries. */
const FAILURES_TO_OPEN = 3
/** Pause before a trial, in times of the outage's age. So an outage of two seconds costs at most one second more. */
const PAUSE_SHARE = 0.5
const SHORTEST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 1_000
/** Failures that are farther apart show no outage between them. They count for opening the breaker all the same. */
const SAME_OUTAGE_MS = 10_000

/** The end of a call, as a breaker needs to know it. */
export interface CallEnd {
  readonly verdict: Verdict
  readonly isStale: boolean
  readonly tenantKey: string
}

/**
 * Decides whether calls to a service must wait, and when the next trial call may find out whether the service is back.
 *
 * Three failures in a row open it, and any answer closes it. While it is open, trials are due. The pause after each is half as
 * long as the outage has lasted by then, but at least 100 ms and at most 1 s. A trial without an answer does not hold back the
 * next one.
 *
 * Only errors that say that the service is down count as failures, such as 5xx, no connection, or no answer. A refusal is
 * an answer. An aborted call shows nothing. Neither does the failure of a call that began before the last answer: it shows
 * how things were before.
 */
export class CircuitBreaker {
  /** Number of trials in this outage that were reads and were answered with a failure. The gate starts it anew. */
  failedReads = 0
  readonly #serviceName: string
  readonly #clock: Clock
  readonly #fewestTenants: number
  #isOpen = false
  /** Failures without an answer between them. */
  #failuresInARow = 0
  readonly #failedTenants = new Set<string>()
  /** Clock time of the first failure of the outage, and of the last. */
  #failedAt = 0
  #lastFailedAt = 0
  #openedAt = 0
  /** Clock time from which the next trial may be sent. */
  #trialAt = 0
  #trialsInFlight = 0
  #state: ServiceHealth['state'] = 'up'
  /** Unix milliseconds at which it came into its state. */
  #since: number
  /** The last failure: the cause of a {@link refusal}. */
  #lastError: ServiceUnavailableError | null = null

  /** @param fewestTenants smallest number of tenants among the failures in a row that opens the breaker */
  constructor(serviceName: string, clock: Clock, fewestTenants = 1) {
    this.#serviceName = serviceName
    this.#clock = clock
    this.#fewestTenants = fewestTenants
    this.#since = clock.wallNow()
  }

  /** True while all calls but trials must wait. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Clock time at which it opened last. */
  get openedAt(): number {
    return this.#openedAt
  }

  /** Clock time from which the next trial may be sent. It counts only while the breaker is open. */
  get trialAt(): number {
    return this.#trialAt
  }

  /** True if it is as new: no failure counts, and no trial is on its way. */
  get isAtRest(): boolean {
    return this.#state === 'up' && this.#trialsInFlight === 0
  }

  get state(): ServiceHealth['state'] {
    return this.#state
  }

  /** State of the service as this breaker sees it. `HealthReport` adds the last error, which depends on who asks. */
  get health(): Omit<ServiceHealth, 'lastError'> {
    const open = this.#trialsInFlight > 0 ? 'half-open' : 'open'
    return { state: this.#state, since: this.#since, breaker: this.#isOpen ? open : 'closed' }
  }

  /** Milliseconds from a trial that is sent now to the next one. */
  get pauseMs(): number {
    return Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (this.#clock.now() - this.#failedAt) * PAUSE_SHARE))
  }

  /**
   * Creates the error of a call that waits no longer.
   *
   * @param retryAfterMs milliseconds until the next trial may be sent. Default: until it is due.
   */
  refusal(retryAfterMs = this.#trialAt - this.#clock.now()): ServiceUnavailableError {
    return downError(this.#serviceName, { retryAfterMs: Math.max(1, retryAfterMs), cause: this.#lastError })
  }

  /** Records that a trial is sent. {@link trialEnded} must follow, before {@link end}. */
  trialSent(): void {
    this.#trialsInFlight++
    this.#planTrial()
  }

  trialEnded(): void {
    // A breaker that was evicted meanwhile does not know of its trials.
    if (this.#trialsInFlight > 0) this.#trialsInFlight--
  }

  /** Makes the next trial due at a clock time, unless it is due later anyway. */
  putOffTrial(until: number): void {
    this.#trialAt = Math.max(this.#trialAt, until)
  }

  /**
   * Records how a call ended.
   *
   * @param error null for a success
   * @param end.verdict conclusion about the service for the tenants of this breaker
   * @param end.isStale true for a call that began before the last answer, see {@link LastAnswers}
   * @param end.tenantKey identifies the tenant for `fewestTenants`
   */
  end(error: unknown, { verdict, isStale, tenantKey }: CallEnd): void {
    if (verdict === 'answer') this.#answered()
    if (verdict === 'answer' || verdict === 'nothing') return
    if (error instanceof ServiceUnavailableError) this.#lastError = error
    if (!isStale) this.#failed(tenantKey)
  }

  #answered(): void {
    this.#isOpen = false
    if (this.#failuresInARow > 0) {
      this.#failuresInARow = 0
      this.#failedTenants.clear()
    }
    this.#setState('up')
  }

  #failed(tenantKey: string): void {
    const now = this.#clock.now()
    // A failure long ago is no part of the same outage.
    if (this.#failuresInARow === 0 || (!this.#isOpen && now - this.#lastFailedAt > SAME_OUTAGE_MS)) this.#failedAt = now
    this.#lastFailedAt = now
    this.#failuresInARow++
    if (!this.#isOpen) {
      this.#failedTenants.add(tenantKey)
      if (this.#failuresInARow >= FAILURES_TO_OPEN && this.#failedTenants.size >= this.#fewestTenants) {
        this.#isOpen = true
        this.failedReads = 0
        this.#openedAt = now
        this.#planTrial()
      }
    }
    this.#setState(this.#isOpen ? 'down' : 'degraded')
  }

  #planTrial(): void {
    this.#trialAt = this.#clock.now() + this.pauseMs
  }

  #setState(state: ServiceHealth['state']): void {
    if (state === this.#state) return
    this.#state = state
    this.#since = this.#clock.wallNow()
  }
}

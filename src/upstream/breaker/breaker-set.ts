import { UnauthorizedError } from '../../domain/errors.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import type { Clock } from '../waiting/clock.ts'
import { Blame } from './blame.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { LastAnswers } from './last-answers.ts'
import type { ServiceHealth } from './service-health.ts'
import type { Verdict } from './verdict.ts'
import type { Trial } from './visit.ts'

/** Tenants with a breaker of their own. An evicted tenant starts again as if it had never failed. */
const MAX_TENANTS = 10_000
/**
 * Smallest number of tenants whose failures open the shared breaker. The failures of one tenant may be caused by its account, such
 * as a list too long for the service or a broken pin.
 */
const FEWEST_TENANTS = 2
/** From the best state to the worst. */
const STATES: readonly ServiceHealth['state'][] = ['up', 'degraded', 'down']

/** A call that was sent. */
export interface CallInFlight {
  readonly tenantKey: string
  readonly isRead: boolean
  /** Null if the call is no trial. */
  readonly trial: Trial | null
  /** Its number among the calls to the service, from {@link LastAnswers.begin}. */
  readonly number: number
}

/**
 * The circuit breakers of one service: one for each tenant, and one for all tenants together.
 *
 * A tenant's own breaker counts all failures of that tenant's calls. The shared breaker counts outages: no connection, no
 * answer in time, 502, 503 or 504. It opens only after outages that met two tenants. Other failures count only once they have
 * met five tenants, without an answer to anybody.
 *
 * So two broken accounts whose failures look like an outage can open the shared breaker. The calls of others then wait for a trial,
 * in which tenants take turns. The answer to one of them shows that the accounts are broken, and from then on their failures do
 * not count for the shared breaker.
 */
export class BreakerSet {
  readonly shared: CircuitBreaker
  readonly #serviceName: string
  readonly #clock: Clock
  readonly #answers: LastAnswers
  /** By tenant, the least recently used first. A tenant has none while no failure of it counts and no trial is on its way. */
  readonly #own = new Map<string, CircuitBreaker>()
  #isClearForEach = true
  readonly #blame = new Blame()

  constructor(serviceName: string, clock: Clock, answers: LastAnswers) {
    this.#serviceName = serviceName
    this.#clock = clock
    this.#answers = answers
    this.shared = new CircuitBreaker(serviceName, clock, FEWEST_TENANTS)
  }

  /** True if no failure counts for all tenants. Then the success of a tenant that {@link isClearFor} changes nothing. */
  get isClearForAll(): boolean {
    return this.shared.state === 'up' && this.#blame.isClear
  }

  /** True if no failure counts for any tenant alone. Then every tenant {@link isClearFor}. */
  get isClearForEach(): boolean {
    return this.#isClearForEach
  }

  /** Returns whether no failure counts for a tenant alone. */
  isClearFor(tenantKey: string): boolean {
    return (this.#own.get(tenantKey)?.state ?? 'up') === 'up' && !this.#blame.isBroken(tenantKey)
  }

  /** Returns whether a tenant's own breaker is open. */
  isOwnOpen(tenantKey: string): boolean {
    return this.#own.get(tenantKey)?.isOpen ?? false
  }

  /** Returns the open breaker that a tenant's calls must wait for; undefined if both of its breakers are closed. */
  openFor(tenantKey: string): CircuitBreaker | undefined {
    if (this.shared.isOpen) return this.shared
    const own = this.#own.get(tenantKey)
    return own?.isOpen ? own : undefined
  }

  /** Returns whether a tenant's account is known to be broken. */
  isBroken(tenantKey: string): boolean {
    return this.#blame.isBroken(tenantKey)
  }

  /** Returns the worse state of a tenant's two breakers, or the shared state. */
  health(tenantKey?: string): CircuitBreaker['health'] {
    const shared = this.shared.health
    const own = tenantKey === undefined ? undefined : this.#own.get(tenantKey)?.health
    return own && STATES.indexOf(own.state) > STATES.indexOf(shared.state) ? own : shared
  }

  /** Records that a trial of a tenant is sent. Both of its breakers learn from the answer, so a trial of one is a trial of the other. */
  trialSent(tenantKey: string): void {
    this.#ownOf(tenantKey).trialSent()
    this.shared.trialSent()
    this.#isClearForEach = false
  }

  /**
   * Records how a call ended. Returns whether a breaker has opened or closed.
   *
   * @param error null for a success
   */
  end({ tenantKey, isRead, trial, number }: CallInFlight, error: unknown, verdict: Verdict): boolean {
    const { shared } = this
    const answers = this.#answers
    const isFailure = verdict === 'failure' || verdict === 'outage'
    const own = isFailure || trial ? this.#ownOf(tenantKey) : this.#own.get(tenantKey)
    const wasOwnOpen = own?.isOpen
    const wasSharedOpen = shared.isOpen
    if (trial) {
      own?.trialEnded()
      shared.trialEnded()
      const open = this.openFor(tenantKey) ?? own
      if (open && isRead && error instanceof FailedAnswerError) open.failedReads++
    }
    // Also a service that refuses a tenant's token has answered the tenant.
    const forOwn = error instanceof UnauthorizedError ? 'answer' : verdict
    own?.end(error, { verdict: forOwn, isStale: answers.isStaleFor(tenantKey, number), tenantKey })
    const forAll = this.#blame.note(tenantKey, verdict, this.isOwnOpen(tenantKey))
    shared.end(error, { verdict: forAll, isStale: answers.isStaleForAll(number), tenantKey })
    answers.note(tenantKey, { verdict, forOwn, forAll })
    if (own?.isAtRest) this.#own.delete(tenantKey)
    this.#isClearForEach = this.#own.size === 0 && this.#blame.isNobodyBroken
    return own?.isOpen !== wasOwnOpen || shared.isOpen !== wasSharedOpen
  }

  #evictOldest(): void {
    const [oldest] = this.#own.keys()
    if (oldest !== undefined) this.#own.delete(oldest)
  }

  /** Returns a tenant's own breaker. Makes it if there is none. */
  #ownOf(tenantKey: string): CircuitBreaker {
    const own = this.#own.get(tenantKey) ?? new CircuitBreaker(this.#serviceName, this.#clock)
    this.#own.delete(tenantKey)
    this.#own.set(tenantKey, own)
    if (this.#own.size > MAX_TENANTS) this.#evictOldest()
    return own
  }
}

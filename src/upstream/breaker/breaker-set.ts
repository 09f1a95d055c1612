import { LRUCache } from 'lru-cache'
import { FailedAnswerError } from '../http/refusals.ts'
import type { Clock } from '../waiting/clock.ts'
import { Blame } from './blame.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
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
  readonly own: CircuitBreaker
  readonly numberAtOwn: number
  readonly numberAtShared: number
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
  readonly #own = new LRUCache<string, CircuitBreaker>({ max: MAX_TENANTS })
  readonly #blame = new Blame()

  constructor(serviceName: string, clock: Clock) {
    this.#serviceName = serviceName
    this.#clock = clock
    this.shared = new CircuitBreaker(serviceName, clock, FEWEST_TENANTS)
  }

  /** Returns the open breaker that a tenant's calls must wait for; undefined if both of its breakers are closed. */
  openFor(tenantKey: string): CircuitBreaker | undefined {
    if (this.shared.isOpen) return this.shared
    const own = this.#own.peek(tenantKey)
    return own?.isOpen ? own : undefined
  }

  /** Returns whether a tenant's account is known to be broken. */
  isBroken(tenantKey: string): boolean {
    return this.#blame.isBroken(tenantKey)
  }

  /** Returns the worse state of a tenant's two breakers, or the shared state. */
  health(tenantKey?: string): CircuitBreaker['health'] {
    const shared = this.shared.health
    const own = tenantKey === undefined ? undefined : this.#own.peek(tenantKey)?.health
    return own && STATES.indexOf(own.state) > STATES.indexOf(shared.state) ? own : shared
  }

  /** Records that a tenant's call is sent. Both of its breakers learn from the answer, so a trial of one is a trial of the other. */
  begin(tenantKey: string, trial: Trial | null, isRead: boolean): CallInFlight {
    const isTrial = trial !== null
    const own = this.#ownOf(tenantKey)
    const numberAtOwn = own.begin(isTrial)
    const numberAtShared = this.shared.begin(isTrial)
    return { tenantKey, isRead, trial, own, numberAtOwn, numberAtShared }
  }

  /**
   * Records how a call ended. Returns whether a breaker has opened or closed.
   *
   * @param error null for a success
   */
  end(
    { tenantKey, isRead, trial, own, numberAtOwn, numberAtShared }: CallInFlight,
    error: unknown,
    verdict: Verdict,
  ): boolean {
    const { shared } = this
    const isTrial = trial !== null
    const wasOwnOpen = own.isOpen
    const wasSharedOpen = shared.isOpen
    if (isTrial && isRead && error instanceof FailedAnswerError) (this.openFor(tenantKey) ?? own).failedReads++
    own.end(numberAtOwn, isTrial, error)
    shared.end(numberAtShared, isTrial, error, this.#blame.note(tenantKey, verdict, own.isOpen), tenantKey)
    return own.isOpen !== wasOwnOpen || shared.isOpen !== wasSharedOpen
  }

  #ownOf(tenantKey: string): CircuitBreaker {
    const known = this.#own.get(tenantKey)
    if (known) return known
    const own = new CircuitBreaker(this.#serviceName, this.#clock)
    this.#own.set(tenantKey, own)
    return own
  }
}

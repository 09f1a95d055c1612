import { LRUCache } from 'lru-cache'
import { PinqlError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import type { LastingState } from '../observing/service-reporter.ts'
import type { Clock } from '../waiting/clock.ts'
import { Gate, type Visit } from './gate.ts'
import type { ServiceHealth } from './service-health.ts'
import { StoppedTenants } from './stopped-tenants.ts'

/** Tenants with a breaker of their own. An evicted tenant starts again as if it had never failed. */
const MAX_TENANTS = 10_000
/**
 * Smallest number of tenants that must fail. Failures of one tenant may be caused by its account, such as a list too long
 * for the service or a broken pin.
 */
const FEWEST_TENANTS = 2
/**
 * Number of tenants whose calls must fail in a row with other statuses, such as 500, until that is an outage too. Fewer may have
 * broken accounts.
 */
const MANY_TENANTS = 5
/** Statuses that show an outage of the service. Other failures may be caused by the account. */
const OUTAGE_STATUSES: ReadonlySet<number> = new Set([502, 503, 504])
/** Maximum number of calls that wait for one service at the same time: of all tenants, and of one tenant. */
const MAX_WAITING = 10_000
const MAX_WAITING_OF_TENANT = 1_000
const STATES: readonly ServiceHealth['state'][] = ['up', 'degraded', 'down']

/** A call that was sent. */
export interface CallInFlight {
  readonly tenantKey: string
  readonly own: Gate
  readonly numberAtOwn: number
  readonly numberAtShared: number
  readonly isTrial: boolean
}

/**
 * The circuit breakers of one service: one per tenant, and one for all tenants together.
 *
 * A tenant's own breaker counts all failures of that tenant's calls. The shared breaker counts outages: no connection, no
 * answer in time, 502, 503 or 504. It opens only after outages that met two tenants. Other failures count only once they have
 * met five tenants, without an answer to anybody. So the failures of one account cannot open the shared breaker. They also
 * cannot keep it open, unless they look like an outage.
 *
 * Calls wait while one of the two is open, first for the shared one.
 */
export class ServiceBreakers {
  readonly #serviceName: string
  readonly #clock: Clock
  readonly #shared: Gate
  readonly #own = new LRUCache<string, Gate>({ max: MAX_TENANTS })
  readonly #stopped: StoppedTenants
  readonly #onState: ((state: LastingState, reason: () => string) => void) | undefined
  /** Tenants with failures that are no outages, since the last answer to anybody. {@link MANY_TENANTS} at most. */
  readonly #failing = new Set<string>()
  #waiting = 0
  #stopping: ServiceUnavailableError | null = null
  #last: { readonly tenantKey: string; readonly error: ServiceUnavailableError } | null = null

  /** @param onState called after each call with the state of the service for all tenants together */
  constructor(serviceName: string, clock: Clock, onState?: (state: LastingState, reason: () => string) => void) {
    this.#serviceName = serviceName
    this.#clock = clock
    this.#stopped = new StoppedTenants(clock)
    this.#onState = onState
    this.#shared = new Gate(serviceName, clock, {
      isFailure: (error) => isOutage(error) || (isAnswer(error) === false && this.#failing.size >= MANY_TENANTS),
      isAnswer: (error) => isAnswer(error) !== null,
      fewestTenants: FEWEST_TENANTS,
    })
  }

  /** The error of all calls from now on, since pinql stops; null while it runs. */
  get stopping(): ServiceUnavailableError | null {
    return this.#stopping
  }

  /** Returns whether a tenant's calls must wait now, unless they are trials. */
  isOpen(tenantKey: string): boolean {
    return this.#openGate(tenantKey) !== undefined
  }

  /** Returns the clock time since which a tenant's calls must wait. */
  openedAt(tenantKey: string): number {
    return this.#openGate(tenantKey)?.breaker.openedAt ?? 0
  }

  /**
   * Waits until a tenant's call may be sent. Returns null when the service is back, or the gate of which the call is the
   * next trial. Then {@link begin} must follow, or `dropTrial` of the gate.
   *
   * @throws {ServiceUnavailableError} at the end of the visit; at once when too many calls wait
   * @throws `visit.signal.reason` when aborted
   */
  async wait(tenantKey: string, visit: Visit): Promise<Gate | null> {
    for (let gate = this.#openGate(tenantKey); gate; gate = this.#openGate(tenantKey)) {
      if (this.#stopping) throw this.#stopping
      const own = this.#ownOf(tenantKey)
      if (this.#waiting >= MAX_WAITING || own.visitors >= MAX_WAITING_OF_TENANT) throw gate.breaker.refusal()
      this.#waiting++
      own.visitors++
      try {
        if (await gate.wait(visit)) return gate
      } finally {
        this.#waiting--
        own.visitors--
      }
    }
    return null
  }

  /**
   * Makes a tenant's call a trial without waiting. Returns its gate, as {@link wait} does; null when no trial is due.
   */
  takeTrial(tenantKey: string): Gate | null {
    const gate = this.#openGate(tenantKey)
    return gate?.takeTrial() ? gate : null
  }

  /** Has a probe sent when the budget has room, in place of a call that does not wait for it. */
  probeLate(tenantKey: string, visit: Pick<Visit, 'probeLate'>): void {
    this.#openGate(tenantKey)?.probeLate(visit)
  }

  /** Creates the error of a call that does not wait, or waits no longer. */
  refusal(tenantKey: string): ServiceUnavailableError {
    return this.#stopping ?? (this.#openGate(tenantKey) ?? this.#shared).breaker.refusal()
  }

  /**
   * Records that a tenant's call is sent. {@link end} must follow.
   *
   * @param trialOf the gate of which the call is a trial
   */
  begin(tenantKey: string, trialOf: Gate | null): CallInFlight {
    const own = this.#ownOf(tenantKey)
    // Both breakers learn from the answer. So a trial of one breaker is a trial of the other one, too.
    const numberAtOwn = own.begin(trialOf)
    const numberAtShared = this.#shared.begin(trialOf)
    return { tenantKey, own, numberAtOwn, numberAtShared, isTrial: trialOf !== null }
  }

  /** @param error null for a success */
  end({ tenantKey, own, numberAtOwn, numberAtShared, isTrial }: CallInFlight, error: unknown): void {
    const isAnswered = error === null || isAnswer(error)
    if (isAnswered === true) this.#failing.clear()
    else if (isAnswered === false && this.#failing.size < MANY_TENANTS) this.#failing.add(tenantKey)
    own.end(numberAtOwn, isTrial, error)
    this.#shared.end(numberAtShared, isTrial, error, tenantKey)
    if (error instanceof ServiceUnavailableError) this.#last = { tenantKey, error }
    if (this.#onState) this.#noteState(tenantKey, own.breaker.state === 'down', isAnswered)
  }

  /**
   * Returns the state of the service as a tenant may see it.
   *
   * @param tenantKey key of the tenant, which sees the service's words only in a failure of its own. Undefined: the last
   *   failure comes without the service's words.
   */
  health(tenantKey?: string): ServiceHealth {
    const shared = this.#shared.breaker.health
    const own = tenantKey === undefined ? undefined : this.#own.peek(tenantKey)?.breaker.health
    const worse = own && STATES.indexOf(own.state) > STATES.indexOf(shared.state) ? own : shared
    const lastError =
      this.#last && (this.#last.tenantKey === tenantKey ? this.#last.error : withoutWords(this.#last.error))
    return { ...worse, lastError }
  }

  /** Fails all calls that wait, and all that come. */
  stop(error: ServiceUnavailableError): void {
    this.#stopping = error
    for (const gate of [this.#shared, ...this.#own.values()]) gate.failAll(error)
  }

  #openGate(tenantKey: string): Gate | undefined {
    if (this.#shared.breaker.isOpen) return this.#shared
    const own = this.#own.peek(tenantKey)
    return own?.breaker.isOpen ? own : undefined
  }

  #noteState(tenantKey: string, isStopped: boolean, isAnswered: boolean | null): void {
    const stopped = this.#stopped
    stopped.note(tenantKey, isAnswered, isStopped)
    const isDown = this.#shared.breaker.state === 'down' || (stopped.size > 0 && !stopped.areOthersAnswered)
    const state = isDown ? 'down' : stopped.size > 0 ? 'partlyDown' : 'up'
    this.#onState?.(state, () => {
      const last = this.#last ? withoutWords(this.#last.error).message : `${this.#serviceName} failed`
      const held = isDown ? '' : ` with ${stopped.size === 1 ? 'one token' : `${stopped.size} tokens`}`
      return `${last}, several times in a row: pinql sends no requests${held} for a while`
    })
  }

  #ownOf(tenantKey: string): Gate {
    const known = this.#own.get(tenantKey)
    if (known) return known
    const own = new Gate(this.#serviceName, this.#clock)
    this.#own.set(tenantKey, own)
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

/** Returns whether an error shows that the service itself cannot be reached. */
export function isOutage(error: unknown): boolean {
  if (error instanceof FailedAnswerError) return OUTAGE_STATUSES.has(error.status)
  return error instanceof ServiceUnavailableError
}

/** Drops the service's words, which may name an account's pins or its owner. */
function withoutWords(error: ServiceUnavailableError): ServiceUnavailableError {
  const { service } = error
  const message = error instanceof FailedAnswerError ? `${service} answered ${error.status}` : error.message
  return new ServiceUnavailableError(message, { service })
}

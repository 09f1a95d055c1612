import { LRUCache } from 'lru-cache'
import { PinqlError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import type { LastingState } from '../observing/service-reporter.ts'
import type { Clock } from '../waiting/clock.ts'
import { BrokenAccounts } from './broken-accounts.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { Gate } from './gate.ts'
import type { ServiceHealth } from './service-health.ts'
import { StoppedTenants } from './stopped-tenants.ts'
import type { Trial, Visit } from './visit.ts'

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
  readonly isRead: boolean
  readonly own: CircuitBreaker
  readonly numberAtOwn: number
  readonly numberAtShared: number
  /** Null if the call is no trial. */
  readonly trial: Trial | null
}

/**
 * The circuit breakers of one service, one per tenant and one for all tenants together, and the gate at which calls wait.
 *
 * A tenant's own breaker counts all failures of that tenant's calls. The shared breaker counts outages: no connection, no
 * answer in time, 502, 503 or 504. It opens only after outages that met two tenants. Other failures count only once they have
 * met five tenants, without an answer to anybody.
 *
 * So two broken accounts whose failures look like an outage can open the shared breaker. The calls of others then wait for a trial,
 * in which tenants take turns. The answer to one of them shows that the accounts are broken, and from then on their failures do
 * not count for the shared breaker.
 *
 * Calls wait while one of the two is open.
 */
export class ServiceBreakers {
  readonly #serviceName: string
  readonly #clock: Clock
  readonly #shared: CircuitBreaker
  readonly #own = new LRUCache<string, CircuitBreaker>({ max: MAX_TENANTS })
  readonly #gate: Gate
  readonly #broken = new BrokenAccounts()
  readonly #stopped: StoppedTenants
  readonly #onState: ((state: LastingState, reason: () => string) => void) | undefined
  /** Tenants with failures that are no outages, since the last answer to anybody. {@link MANY_TENANTS} at most. */
  readonly #failing = new Set<string>()
  /** Number of calls that wait: of all tenants, and of each tenant that has any. */
  #waiting = 0
  readonly #waitingOf = new Map<string, number>()
  /** Calls that wait elsewhere, until their breakers open. */
  readonly #untilOpen = new Set<{ readonly tenantKey: string; onOpen(): void }>()
  #stopping: ServiceUnavailableError | null = null
  #last: { readonly tenantKey: string; readonly error: ServiceUnavailableError } | null = null

  /** @param onState called after each call with the state of the service for all tenants together */
  constructor(serviceName: string, clock: Clock, onState?: (state: LastingState, reason: () => string) => void) {
    this.#serviceName = serviceName
    this.#clock = clock
    this.#stopped = new StoppedTenants(clock)
    this.#onState = onState
    this.#shared = new CircuitBreaker(serviceName, clock, {
      isFailure: (error) => this.#isSharedFailure(error),
      isAnswer: (error) => isAnswer(error) !== null,
      fewestTenants: FEWEST_TENANTS,
    })
    this.#gate = new Gate(
      clock,
      (tenantKey) => this.#openBreaker(tenantKey) ?? this.#shared,
      (tenantKey) => this.#broken.has(tenantKey),
    )
  }

  /** The error of all calls from now on, since pinql stops; null while it runs. */
  get stopping(): ServiceUnavailableError | null {
    return this.#stopping
  }

  /** Returns whether a tenant's calls must wait now, unless they are trials. */
  isOpen(tenantKey: string): boolean {
    return this.#openBreaker(tenantKey) !== undefined
  }

  /** Returns the clock time since which a tenant's calls must wait. */
  openedAt(tenantKey: string): number {
    return this.#openBreaker(tenantKey)?.openedAt ?? 0
  }

  /** Calls `onOpen` when a tenant's calls must wait. Returns a function that ends this. */
  whenOpen(tenantKey: string, onOpen: () => void): () => void {
    const entry = { tenantKey, onOpen }
    this.#untilOpen.add(entry)
    return () => this.#untilOpen.delete(entry)
  }

  /**
   * Waits until a tenant's call may be sent. Returns null when the service is back, or the trial that the call is to be. Then
   * {@link begin} must follow, or {@link drop}.
   *
   * @throws {ServiceUnavailableError} at the end of the visit; at once when too many calls wait
   * @throws `visit.signal.reason` when aborted
   */
  async wait(visit: Visit): Promise<Trial | null> {
    const { tenantKey } = visit
    while (this.isOpen(tenantKey)) {
      if (this.#stopping) throw this.#stopping
      const waiting = this.#waitingOf.get(tenantKey) ?? 0
      if (this.#waiting >= MAX_WAITING || waiting >= MAX_WAITING_OF_TENANT) throw this.#gate.refusal(visit)
      this.#count(tenantKey, 1)
      try {
        const trial = await this.#gate.wait(visit)
        if (trial) return trial
      } finally {
        this.#count(tenantKey, -1)
      }
    }
    return null
  }

  /**
   * Makes a tenant's call a trial without waiting, if one is due. Returns null otherwise.
   *
   * @param hasPermit true if the call may leave at once
   */
  takeTrial(tenantKey: string, { hasPermit }: { readonly hasPermit: boolean }): Trial | null {
    return this.isOpen(tenantKey) ? this.#gate.takeTrial(tenantKey, hasPermit) : null
  }

  /** Returns whether a trial that got its permit may be sent. If not, {@link drop} must follow. */
  maySend(trial: Trial): boolean {
    return this.#gate.maySend(trial)
  }

  /** Records that a trial is not sent. */
  drop(trial: Trial, isRefusedByBudget = false): void {
    this.#gate.drop(trial, isRefusedByBudget)
  }

  /** Makes a call that waits the trial, in place of a probe with a permit. See {@link Gate.handOver}. */
  handOver(trial: Trial, lane: string): boolean {
    return this.#gate.handOver(trial, lane)
  }

  /** Lets a tenant's change try at once that waits, since the service has answered a probe. */
  tryChange(tenantKey: string): void {
    this.#gate.tryChange(tenantKey)
  }

  /** Has a probe sent when the budget has room, in place of a call that does not wait for it. */
  probeLate(visit: Pick<Visit, 'tenantKey' | 'trialWaitMs' | 'probeLate'>): void {
    if (this.isOpen(visit.tenantKey)) this.#gate.probeLate(visit)
  }

  /** Creates the error of a call that does not wait, or waits no longer. */
  refusal(visit: Pick<Visit, 'tenantKey' | 'trialWaitMs'>): ServiceUnavailableError {
    return this.#stopping ?? this.#gate.refusal(visit)
  }

  /** Records that a tenant's call is sent, as a trial or not. {@link end} must follow. */
  begin(tenantKey: string, trial: Trial | null, isRead: boolean): CallInFlight {
    const isTrial = trial !== null
    const own = this.#ownOf(tenantKey)
    // Both breakers learn from the answer. So a trial of one breaker is a trial of the other one, too.
    const numberAtOwn = own.begin(isTrial)
    const numberAtShared = this.#shared.begin(isTrial)
    if (trial) this.#gate.sent(trial)
    return { tenantKey, isRead, own, numberAtOwn, numberAtShared, trial }
  }

  /** @param error null for a success */
  end({ tenantKey, isRead, own, numberAtOwn, numberAtShared, trial }: CallInFlight, error: unknown): void {
    const isTrial = trial !== null
    const isAnswered = error === null || isAnswer(error)
    const wasOpen = { own: own.isOpen, shared: this.#shared.isOpen }
    const isBroken = isAnswered === false && this.#broken.has(tenantKey)
    if (isAnswered === true) this.#failing.clear()
    else if (isAnswered === false && !isBroken && this.#failing.size < MANY_TENANTS) this.#failing.add(tenantKey)
    if (isTrial && isRead && error instanceof FailedAnswerError) (this.#openBreaker(tenantKey) ?? own).failedReads++
    own.end(numberAtOwn, isTrial, error)
    // Neither a failure nor an answer, for the shared breaker.
    const isIgnored = isBroken && this.#isSharedFailure(error)
    this.#shared.end(numberAtShared, isTrial, isIgnored ? undefined : error, tenantKey)
    if (error instanceof ServiceUnavailableError) this.#last = { tenantKey, error }
    if (isAnswered === true) this.#broken.answered(tenantKey)
    else if (own.isOpen) this.#broken.stopped(tenantKey)
    if (this.#onState) this.#noteState(tenantKey, own.state === 'down', isAnswered)
    if (wasOpen.own !== own.isOpen || wasOpen.shared !== this.#shared.isOpen) this.#changed()
    if (isAnswered === true) this.#gate.answered(trial)
  }

  /**
   * Returns the state of the service as a tenant may see it.
   *
   * @param tenantKey key of the tenant, which sees the service's words only in a failure of its own. Undefined: the last
   *   failure comes without the service's words.
   */
  health(tenantKey?: string): ServiceHealth {
    const shared = this.#shared.health
    const own = tenantKey === undefined ? undefined : this.#own.peek(tenantKey)?.health
    const worse = own && STATES.indexOf(own.state) > STATES.indexOf(shared.state) ? own : shared
    const lastError =
      this.#last && (this.#last.tenantKey === tenantKey ? this.#last.error : withoutWords(this.#last.error))
    return { ...worse, lastError }
  }

  /** Fails all calls that wait, and all that come. */
  stop(error: ServiceUnavailableError): void {
    this.#stopping = error
    this.#gate.failAll(error)
  }

  #openBreaker(tenantKey: string): CircuitBreaker | undefined {
    if (this.#shared.isOpen) return this.#shared
    const own = this.#own.peek(tenantKey)
    return own?.isOpen ? own : undefined
  }

  #isSharedFailure(error: unknown): boolean {
    return isOutage(error) || (isAnswer(error) === false && this.#failing.size >= MANY_TENANTS)
  }

  #count(tenantKey: string, more: 1 | -1): void {
    this.#waiting += more
    const waiting = (this.#waitingOf.get(tenantKey) ?? 0) + more
    if (waiting > 0) this.#waitingOf.set(tenantKey, waiting)
    else this.#waitingOf.delete(tenantKey)
  }

  /** Moves calls to where they have to wait, after a breaker has opened or closed. */
  #changed(): void {
    this.#gate.letGo()
    for (const { tenantKey, onOpen } of [...this.#untilOpen]) if (this.isOpen(tenantKey)) onOpen()
  }

  #noteState(tenantKey: string, isStopped: boolean, isAnswered: boolean | null): void {
    const stopped = this.#stopped
    stopped.note(tenantKey, isAnswered, isStopped)
    const isDown = this.#shared.state === 'down' || (stopped.size > 0 && !stopped.areOthersAnswered)
    const state = isDown ? 'down' : stopped.size > 0 ? 'partlyDown' : 'up'
    this.#onState?.(state, () => {
      const last = this.#last ? withoutWords(this.#last.error).message : `${this.#serviceName} failed`
      const held = isDown ? '' : ` with ${stopped.size === 1 ? 'one token' : `${stopped.size} tokens`}`
      return `${last}, several times in a row: pinql sends no requests${held} for a while`
    })
  }

  #ownOf(tenantKey: string): CircuitBreaker {
    const known = this.#own.get(tenantKey)
    if (known) return known
    const own = new CircuitBreaker(this.#serviceName, this.#clock)
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

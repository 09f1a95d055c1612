import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import type { CallMeter } from '../budget/call-meter.ts'
import type { RateLimit } from '../budget/rate-limit.ts'
import type { LimitUsage, Permit, RequestBudget } from '../budget/request-budget.ts'
import type { ServiceResponse } from '../http/exchange.ts'
import type { ListQuery } from '../http/list-query.ts'
import { hasRateLimitHeaders, parseRateLimitHeaders } from '../http/rate-limit-headers.ts'
import { parseRetryAfter } from '../http/retry-after.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../providers/capabilities.ts'
import { findProvider } from '../providers/known-providers.ts'
import { type Clock, systemClock } from '../waiting/clock.ts'
import { sleep } from '../waiting/sleep.ts'
import { Stop } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import { callTimes, isPoll, longestReadWait, longestTrial, longestVisit, longestWait } from './call-times.ts'
import type { ServiceHealth } from './circuit-breaker.ts'
import { type ClientOptions, createServiceClient, type ProxySettings, type ServiceClient } from './client.ts'
import type { Gate, Visit } from './gate.ts'
import { LearnedCapabilities, type Lesson } from './learned-capabilities.ts'
import { observeClient } from './observed-client.ts'
import { reportCall } from './report-call.ts'
import { type CallInFlight, ServiceBreakers } from './service-breakers.ts'
import type { ServiceCall } from './service-call.ts'
import { ServiceReporter } from './service-reporter.ts'
import type { ServiceSettings } from './service-settings.ts'
import { createSharedLimits, type SharedLimits } from './shared-limits.ts'
import { type TenantObserver, UNKNOWN_AGE } from './tenant-observer.ts'
import type { ServiceEvent, UpstreamCall, UpstreamObserver } from './upstream-observer.ts'

export interface ServiceOptions {
  /** Opens the client. Default: {@link createServiceClient}, over HTTP. */
  readonly connect?: ((options: ClientOptions) => ServiceClient) | undefined
  /** Milliseconds that one try may take. A read may take 2.5 times as long, including waits and retries. Default: 10,000. */
  readonly timeoutMs?: number | undefined
  readonly proxy?: ProxySettings | undefined
  readonly clock?: Clock | undefined
  /** Called once for each lesson from a service's answers. */
  readonly onLesson?: ((service: string, lesson: Lesson) => void) | undefined
  /** Gets the events of all services. It must not throw. Default: none, and then nothing is measured. */
  readonly observer?: UpstreamObserver | undefined
}

const MAX_TRIES = 3
/** The service says of each permit when its request is sent. */
const HELD = { isHeld: true } as const
const FIRST_BACKOFF_MS = 200
/** The shortest read. */
const PROBE: ListQuery = { statuses: PIN_STATUSES, limit: 1 }

/**
 * One configured service: its connections, its part of a budget, its breakers, and its known capabilities.
 *
 * Every call of every tenant goes through `call`.
 */
export class Service implements AsyncDisposable {
  /** Configured name. */
  readonly name: string
  /** Base URL of its Pinning Service API, without user name, password and query. */
  readonly endpoint: string
  /** Key of the known provider that runs it; null for a stranger. */
  readonly provider: string | null
  /** True when the configuration has a token for it. */
  readonly hasToken: boolean
  /** Decides when a call may leave. Services of one provider share a budget. */
  readonly budget: RequestBudget
  readonly known: LearnedCapabilities
  readonly clock: Clock
  /**
   * Counts calls of the classes `mutation` and `interactive`, which go before polls. Services that share a budget have the
   * same counter.
   */
  readonly urgentCalls: CallMeter
  /** Milliseconds that one try may take. See {@link Service.call}. */
  readonly timeoutMs: number
  /** The limits that its calls keep, those of other services of the provider included. */
  readonly limits: readonly RateLimit[]
  readonly #client: ServiceClient
  readonly #breakers: ServiceBreakers
  /** From the configuration. */
  readonly #token: string | null
  readonly #observers = new Map<string, TenantObserver>()
  readonly #onCall: ((call: UpstreamCall) => void) | undefined
  readonly #reporter: ServiceReporter | undefined

  /** @param shared the limits, and what is used of them. Default: this service shares them with no other. */
  constructor(settings: ServiceSettings, options: ServiceOptions = {}, shared?: SharedLimits) {
    const { name, endpoint } = settings
    const { timeoutMs = 10_000, proxy, clock = systemClock, onLesson, observer } = options
    const provider = findProvider(settings.provider)
    const { origin, pathname } = new URL(endpoint)
    this.name = name
    this.endpoint = `${origin}${pathname}`.replace(/\/+$/, '')
    this.provider = settings.provider
    this.hasToken = Boolean(settings.token)
    this.#token = settings.token
    this.clock = clock
    this.timeoutMs = timeoutMs
    const { limits, budget, urgentCalls } = shared ?? ownLimits(settings, clock)
    this.limits = limits
    this.budget = budget
    this.urgentCalls = urgentCalls
    this.#onCall = observer?.onCall && ((call) => observer.onCall?.(call))
    const reporter = observer?.onService && new ServiceReporter(name, clock, (event) => observer.onService?.(event))
    this.#reporter = reporter
    this.#breakers = new ServiceBreakers(name, clock, reporter && ((...state) => reporter.isNow(...state)))
    const capabilities = { ...SPECIFIED_CAPABILITIES, ...provider.capabilities, ...settings.capabilities }
    this.known = new LearnedCapabilities(capabilities, (lesson) => onLesson?.(name, lesson))
    this.#client = (options.connect ?? createServiceClient)({
      name,
      endpoint,
      timeoutMs,
      proxy,
      known: this.known,
    })
  }

  get capabilities(): Capabilities {
    return this.known.current
  }

  /** Returns the state of the service as a tenant may see it. A service's words about another tenant's failure are left out. */
  health(tenant?: string): ServiceHealth {
    return this.#breakers.health(tenant)
  }

  /** Returns the rest of each limit. A tenant's own limits are shown to that tenant only. */
  budgets(tenant?: string): LimitUsage[] {
    return this.budget.snapshot(tenant)
  }

  /** Reports to a tenant's observer that a pin has replaced another, where no answer may have shown it. */
  noteReplaced(tenant: string, requestId: string, pin: Pin): void {
    this.#observers.get(tenant)?.replaced(requestId, pin, UNKNOWN_AGE)
  }

  /**
   * Sets the observer that sees all answers to a tenant. A tenant has one observer at a time. Returns a function that
   * removes it.
   */
  observe(tenant: string, observer: TenantObserver): () => void {
    this.#observers.set(tenant, observer)
    return () => {
      if (this.#observers.get(tenant) === observer) this.#observers.delete(tenant)
    }
  }

  /** Milliseconds that a read somebody waits for may wait before it is sent. The rest of its time is kept for the answer. */
  get longestWaitMs(): number {
    return longestReadWait(this.timeoutMs)
  }

  /**
   * Makes a call as soon as the service is up and the budget allows it, and retries it after failures that allow a retry.
   * One try takes at most `timeoutMs`. All tries share one deadline: 2.5 times `timeoutMs` for what may be repeated, such as
   * reads, and `timeoutMs` for other changes and for polls.
   *
   * A request that cannot have had an effect is always retried: one that was refused with 429, or that found no connection.
   * A request that may have had an effect is retried only if `isRepeatable`. There are 3 tries at most. After a 429, the
   * budget decides when to retry. After other failures, the pause is random: up to 200 ms before the second try and 400 ms
   * before the third.
   *
   * While a breaker is open, the call waits for up to 0.45 times `timeoutMs`, and uses no budget. It leaves when the service
   * has answered any call, or when it is the next trial. Tries during an outage are not counted. Polls never wait.
   *
   * @throws {RateLimitedError} when the budget cannot grant the call in time, at once if that is already clear; or when the
   *   last try got a 429
   * @throws {ServiceUnavailableError} when the last try failed, or when the service did not come back in time
   * @throws whatever else `send` rejects with
   * @throws `signal.reason` when aborted
   */
  async call<Value>(call: ServiceCall<Value>): Promise<Value> {
    const { tenant, endpoint, signal } = call
    const breakers = this.#breakers
    const askedAt = call.askedAt ?? this.clock.now()
    const { deadline, lastStart } = callTimes(call, askedAt, this.timeoutMs)
    const waitsUntil = call.class === 'interactive' ? lastStart : askedAt + longestWait(this.timeoutMs)
    const request = { tenant, endpoint, class: call.class, asker: signal?.asker, deadline: waitsUntil }
    let visit: Visit | undefined
    let failure: unknown
    let attempt = 0
    for (let tries = 1; ; ) {
      let trialOf: Gate | null = null
      if (breakers.isOpen(tenant)) {
        if (isPoll(call)) trialOf = breakers.takeTrialNow(tenant, failure)
        else {
          visit ??= this.#visit(call, lastStart)
          trialOf = await this.#wait(tenant, visit, failure)
        }
        if (!trialOf) {
          visit = undefined
          tries = 1
        }
      }
      let permit: Permit
      try {
        // Trials never burst: while a service is down, they leave at the pace of its limit at most.
        const paced = trialOf ? { ...request, class: 'trial' as const } : request
        permit = await this.budget.acquire(paced, signal ? { signal, isHeld: true } : HELD)
      } catch (error) {
        trialOf?.dropTrial()
        throw error
      }
      if (signal?.aborted) {
        permit.giveBack()
        trialOf?.dropTrial()
        throw signal.reason
      }
      if (!trialOf && breakers.isOpen(tenant)) {
        // The service went down while the call waited for the budget.
        if (endpoint !== 'write') trialOf = breakers.takeTrial(tenant)
        if (!trialOf) {
          permit.giveBack()
          continue
        }
      }
      if (call.class === 'mutation' || call.class === 'interactive') this.urgentCalls.note(endpoint)
      attempt++
      const inFlight = breakers.begin(tenant, trialOf)
      try {
        if (trialOf) return await this.#try(call, deadline, permit, attempt, inFlight, visit)
        const value = await this.#send(call, deadline, permit, attempt)
        permit.sent()
        breakers.end(inFlight, null)
        return value
      } catch (error) {
        if (!trialOf) {
          // The slot is free again if the request was never sent. A trial is brought to its end, and says so then.
          permit.giveBack()
          breakers.end(inFlight, error)
        }
        if (error instanceof UnauthorizedError) this.#reporter?.refusedToken(this.#tokenFrom(call))
        const isLast = tries >= MAX_TRIES
        if (!isWorthRepeating(error, call.isRepeatable)) throw error
        if (error instanceof RateLimitedError) {
          if (isLast) throw error
          tries++
          continue
        }
        failure = error
        request.deadline = lastStart
        if (breakers.isOpen(tenant)) {
          if (isPoll(call)) throw error
          continue
        }
        const backoffMs = Math.random() * FIRST_BACKOFF_MS * 2 ** (tries - 1)
        if (isLast || this.clock.now() + backoffMs > lastStart) throw error
        tries++
        await sleep(this.clock, backoffMs, { signal })
      }
    }
  }

  #visit(call: ServiceCall<unknown>, lastStart: number): Visit {
    const { signal } = call
    const since = this.clock.now()
    const until = Math.min(since + longestVisit(this.timeoutMs), lastStart)
    const probe = call.endpoint === 'write' ? (gate: Gate): void => void this.#probe(call, gate) : null
    return { since, until, signal, probe, hasTried: false }
  }

  /** Waits at the gate. A failure of the call itself says more than that the service is down. */
  async #wait(tenant: string, visit: Visit, failure: unknown): Promise<Gate | null> {
    try {
      return await this.#breakers.wait(tenant, visit)
    } catch (error) {
      throw visit.signal?.aborted ? error : (failure ?? error)
    }
  }

  /**
   * Makes a call that is a trial. The call continues after its callers have left: an aborted trial would show nothing, and
   * clients that always leave early would keep the breaker open forever. A caller that came from the gate waits for half of
   * `timeoutMs` in all, unless the service comes back meanwhile.
   */
  #try<Value>(
    call: ServiceCall<Value>,
    deadline: number,
    permit: Permit,
    attempt: number,
    inFlight: CallInFlight,
    visit: Visit | undefined,
  ): Promise<Value> {
    const { tenant, signal } = call
    const breakers = this.#breakers
    const run = async (): Promise<Value> => {
      try {
        const value = await this.#send({ ...call, signal: new Stop(signal) }, deadline, permit, attempt)
        permit.sent()
        breakers.end(inFlight, null)
        return value
      } catch (error) {
        permit.giveBack()
        breakers.end(inFlight, error)
        throw error
      }
    }
    const trial = untilAborted(run(), signal)
    if (!visit) return trial
    const over = new Stop()
    const giveUp = (): void => {
      if (breakers.isOpen(tenant)) over.abort(breakers.refusal(tenant))
    }
    const timer = this.clock.setTimeout(giveUp, visit.since + longestTrial(this.timeoutMs) - this.clock.now())
    return untilAborted(trial, over).finally(() => timer.cancel())
  }

  /** Sends the shortest read in the name of a change that waits, since a change must not be a trial. */
  async #probe({ tenant, token, class: requestClass }: ServiceCall<unknown>, trialOf: Gate): Promise<void> {
    const deadline = this.clock.now() + this.timeoutMs
    const request = { tenant, token, endpoint: 'list', class: requestClass } as const
    let permit: Permit
    try {
      permit = await this.budget.acquire({ ...request, class: 'trial', deadline }, HELD)
    } catch {
      trialOf.dropTrial()
      return
    }
    const send: ServiceCall<unknown>['send'] = (client, options) => client.listPins(PROBE, options)
    const inFlight = this.#breakers.begin(tenant, trialOf)
    // The breakers get the error.
    await this.#try({ ...request, isRepeatable: true, send }, deadline, permit, 1, inFlight, undefined).catch(() => {})
  }

  #send<Value>(call: ServiceCall<Value>, deadline: number, permit: Permit, attempt: number): Promise<Value> {
    const { token, signal, endpoint } = call
    const timeoutMs = Math.max(1, Math.ceil(Math.min(this.timeoutMs, deadline - this.clock.now())))
    const onAnswer = (answer: ServiceResponse): void => {
      permit.sent()
      this.#observe(call, answer, permit.grantedAt)
    }
    const observer = this.#observers.get(call.tenant)
    const client = observer ? observeClient(this.#client, observer) : this.#client
    const onSent = (): void => permit.sent()
    const options = { token, signal, timeoutMs, onAnswer, onSent }
    if (!this.#onCall) return call.send(client, options)
    const facts = { service: this.name, endpoint, class: call.class, attempt, waitedMs: permit.waitedMs }
    const report = { clock: this.clock, onCall: this.#onCall }
    return reportCall(facts, options, report, (observed) => call.send(client, observed))
  }

  #observe(call: ServiceCall<unknown>, answer: ServiceResponse, sentAt: number): void {
    const { tenant, endpoint } = call
    const { status, headers } = answer
    // The budget learns nothing from other answers.
    if (status !== 429 && !hasRateLimitHeaders(headers)) return
    const wallNowMs = Date.now()
    const retryAfterMs = parseRetryAfter(headers.get('retry-after'), { date: headers.get('date'), wallNowMs })
    const rateLimit = parseRateLimitHeaders(Object.fromEntries(headers), wallNowMs)
    this.budget.observe({ tenant, endpoint, status, sentAt, retryAfterMs, rateLimit })
    if (!this.#reporter || (status !== 429 && rateLimit?.remaining !== 0)) return
    const pausedMs =
      (status === 429 ? retryAfterMs : undefined) ??
      rateLimit?.resetsInMs ??
      this.budget.expectedWaitMs({ tenant, endpoint, class: 'mutation' })
    if (pausedMs > 0) this.#reporter.paused(this.#tokenFrom(call), pausedMs, status)
  }

  #tokenFrom({ token }: ServiceCall<unknown>): NonNullable<ServiceEvent['tokenFrom']> {
    return token === this.#token ? 'configuration' : 'caller'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reporter?.end()
    this.budget[Symbol.dispose]()
    const { name: service } = this
    this.#breakers.failAll(new ServiceUnavailableError('no more requests: the gateway is stopping', { service }))
    await this.#client[Symbol.asyncDispose]()
  }
}

function ownLimits(settings: ServiceSettings, clock: Clock): SharedLimits {
  const own = createSharedLimits([settings], clock).get(settings.name)
  if (!own) throw new Error('a service has no limits')
  return own
}

function isWorthRepeating(error: unknown, isRepeatable: boolean): boolean {
  if (error instanceof RateLimitedError) return true
  return error instanceof ServiceUnavailableError && (isRepeatable || !error.mayHaveActed)
}

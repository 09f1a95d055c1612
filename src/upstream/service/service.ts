import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import type { CallMeter } from '../budget/call-meter.ts'
import type { Endpoint, RateLimit } from '../budget/rate-limit.ts'
import type { LimitUsage, Permit, RequestBudget } from '../budget/request-budget.ts'
import type { RequestClass } from '../budget/request-class.ts'
import type { ServiceResponse } from '../http/exchange.ts'
import { hasRateLimitHeaders, parseRateLimitHeaders } from '../http/rate-limit-headers.ts'
import { parseRetryAfter } from '../http/retry-after.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../providers/capabilities.ts'
import { findProvider } from '../providers/known-providers.ts'
import { type Clock, systemClock } from '../waiting/clock.ts'
import { sleep } from '../waiting/sleep.ts'
import { Stop, type StopSignal } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import type { ServiceHealth } from './circuit-breaker.ts'
import {
  type CallOptions,
  type ClientOptions,
  createServiceClient,
  type PinOperations,
  type ProxySettings,
  type ServiceClient,
} from './client.ts'
import { LearnedCapabilities, type Lesson } from './learned-capabilities.ts'
import { observeClient } from './observed-client.ts'
import { reportCall } from './report-call.ts'
import { ServiceBreakers } from './service-breakers.ts'
import { ServiceReporter } from './service-reporter.ts'
import { createSharedLimits, type SharedLimits } from './shared-limits.ts'
import { type TenantObserver, UNKNOWN_AGE } from './tenant-observer.ts'
import type { ServiceEvent, UpstreamCall, UpstreamObserver } from './upstream-observer.ts'

/** A service's settings, as configured. */
export interface ServiceSettings {
  readonly name: string
  /** Base URL of the Pinning Service API. */
  readonly endpoint: string
  /** Token for callers without a token of their own. Null: callers must bring one. */
  readonly token: string | null
  /**
   * Name of the known provider that runs the service. Null: unknown. pinql then assumes what the specification says, and
   * learns from the answers.
   */
  readonly provider: string | null
  /** Rate limits that override the provider's. */
  readonly limits?: readonly RateLimit[] | undefined
  /** Capabilities that override the provider's. */
  readonly capabilities?: Partial<Capabilities> | undefined
}

export interface ServiceOptions {
  /** Opens the client. Default: {@link createServiceClient}, over HTTP. */
  readonly connect?: ((options: ClientOptions) => ServiceClient) | undefined
  /** Milliseconds a call may take, including waits and retries. Default: 10,000. */
  readonly timeoutMs?: number | undefined
  readonly proxy?: ProxySettings | undefined
  readonly clock?: Clock | undefined
  /** Called once for each lesson from a service's answers. */
  readonly onLesson?: ((service: string, lesson: Lesson) => void) | undefined
  /** Gets the events of all services. It must not throw. Default: none, and then nothing is measured. */
  readonly observer?: UpstreamObserver | undefined
}

/** A call to be made. */
export interface ServiceCall<Value> {
  /** Key of the tenant whose turn and allowance the call uses. */
  readonly tenant: string
  readonly token: string
  readonly endpoint: Endpoint
  readonly class: RequestClass
  readonly signal?: StopSignal | undefined
  /** True if the request may be retried after a failure that may have reached the service. */
  readonly isRepeatable: boolean
  /** Clock time when the first caller began to wait. The deadline counts from it. Default: now. */
  readonly askedAt?: number | undefined
  /**
   * Sends the request. Called once per try, when the budget has granted it. So the caller can decide as late as then what
   * to send.
   */
  send(client: PinOperations, options: CallOptions): Promise<Value>
}

const MAX_TRIES = 3
/** The service says of each permit when its request is sent. */
const HELD = { isHeld: true } as const
/** The part of a call's time that waiting for budget must leave for the answer. An answer without time looks like a failure. */
const ANSWER_SHARE = 0.2
const FIRST_BACKOFF_MS = 200

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
  /** Milliseconds a call may take, including waits and retries. */
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

  /** Milliseconds that a call may wait before it is sent. The rest of `timeoutMs` is kept for the answer. */
  get longestWaitMs(): number {
    return this.timeoutMs * (1 - ANSWER_SHARE)
  }

  /**
   * Makes a call as soon as the budget allows it, and retries it after failures that allow a retry. All tries share one
   * deadline.
   *
   * A request that cannot have had an effect is always retried: one that was refused with 429, or that found no connection.
   * A request that may have had an effect is retried only if `isRepeatable`. There are 3 tries at most. After a 429, the
   * budget decides when to retry. After other failures, the pause is random: up to 200 ms before the second try and 400 ms
   * before the third. While a breaker refuses calls, no budget is used.
   *
   * @throws {RateLimitedError} when the budget cannot grant the call in time, at once if that is already clear; or when the
   *   last try got a 429
   * @throws {ServiceUnavailableError} when the last try failed, or at once while a breaker refuses calls
   * @throws whatever else `send` rejects with
   * @throws `signal.reason` when aborted
   */
  async call<Value>(call: ServiceCall<Value>): Promise<Value> {
    const { tenant, endpoint, signal } = call
    const askedAt = call.askedAt ?? this.clock.now()
    const request = { tenant, endpoint, class: call.class, deadline: askedAt + this.longestWaitMs }
    for (let attempt = 1; ; attempt++) {
      this.#breakers.check(tenant)
      const permit = await this.budget.acquire(request, signal ? { signal, isHeld: true } : HELD)
      if (call.class === 'mutation' || call.class === 'interactive') this.urgentCalls.note(endpoint)
      let isTrial = false
      try {
        signal?.throwIfAborted()
        const deadline = askedAt + this.timeoutMs
        isTrial = this.#breakers.isTrying(tenant)
        const send = (): Promise<Value> => this.#send(call, deadline, permit, attempt)
        const value = await (isTrial ? this.#try(call, deadline, permit, attempt) : this.#breakers.run(tenant, send))
        permit.sent()
        return value
      } catch (error) {
        // The slot is free again if the request was never sent. A trial is brought to its end, and says so then.
        if (!isTrial) permit.giveBack()
        if (error instanceof UnauthorizedError) this.#reporter?.refusedToken(this.#tokenFrom(call))
        if (attempt === MAX_TRIES || !isWorthRepeating(error, call.isRepeatable)) throw error
        if (error instanceof RateLimitedError) continue
        const backoffMs = Math.random() * FIRST_BACKOFF_MS * 2 ** (attempt - 1)
        if (this.#breakers.isRefusing(tenant) || this.clock.now() + backoffMs > request.deadline) throw error
        await sleep(this.clock, backoffMs, { signal })
      }
    }
  }

  /**
   * Makes a call that is a breaker's trial. The call continues after its callers have left: an aborted trial would show
   * nothing, and clients that always leave early would keep the breaker open forever.
   */
  #try<Value>(call: ServiceCall<Value>, deadline: number, permit: Permit, attempt: number): Promise<Value> {
    const { tenant, signal } = call
    const unabortable = { ...call, signal: new Stop(signal) }
    const trial = this.#breakers.run(tenant, () => this.#send(unabortable, deadline, permit, attempt))
    trial.then(
      () => permit.sent(),
      () => permit.giveBack(),
    )
    return untilAborted(trial, signal)
  }

  #send<Value>(call: ServiceCall<Value>, deadline: number, permit: Permit, attempt: number): Promise<Value> {
    const { token, signal, endpoint } = call
    const timeoutMs = Math.max(1, Math.ceil(deadline - this.clock.now()))
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

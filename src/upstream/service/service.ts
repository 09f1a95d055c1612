import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { CallMeter } from '../budget/call-meter.ts'
import { createRequestBudget } from '../budget/create-request-budget.ts'
import { ASSUMED_LIMITS, type Endpoint, type RateLimit } from '../budget/rate-limit.ts'
import type { Permit, RateBudget, RequestBudget } from '../budget/request-budget.ts'
import type { RequestClass } from '../budget/request-class.ts'
import { type Clock, systemClock } from '../clock.ts'
import type { ServiceResponse } from '../http/exchange.ts'
import { hasRateLimitHeaders, parseRateLimitHeaders } from '../http/rate-limit-headers.ts'
import { parseRetryAfter } from '../http/retry-after.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../providers/capabilities.ts'
import { findProvider } from '../providers/known-providers.ts'
import { sleep } from '../sleep.ts'
import { Stop, type StopSignal } from '../stop.ts'
import { untilAborted } from '../until-aborted.ts'
import type { ServiceHealth } from './circuit-breaker.ts'
import {
  type CallOptions,
  type ClientOptions,
  createPinningServiceClient,
  type PinningServiceClient,
  type PinOperations,
  type ProxySettings,
} from './client.ts'
import { LearnedCapabilities, type Lesson } from './learned-capabilities.ts'
import { observeClient } from './observed-client.ts'
import { reportCall } from './report-call.ts'
import { ServiceBreakers } from './service-breakers.ts'
import { ServiceReporter } from './service-reporter.ts'
import { type TenantObserver, UNKNOWN_AGE } from './tenant-observer.ts'
import type { ServiceEvent, UpstreamCall, UpstreamObserver } from './upstream-observer.ts'

/** A service as it was configured. */
export interface ServiceSettings {
  readonly name: string
  /** Base URL of the Pinning Service API. */
  readonly endpoint: string
  /** Used for callers who bring no token of their own; null when they must. */
  readonly token: string | null
  /** Which known provider runs it; null for a stranger, who is taken at the specification's word and watched. */
  readonly provider: string | null
  /** Published limits, in place of the provider's. */
  readonly limits?: readonly RateLimit[] | undefined
  /** What is known to differ from the provider. */
  readonly capabilities?: Partial<Capabilities> | undefined
}

export interface PinningServiceOptions {
  /** Opens the connection. Default: HTTP; others need no socket. */
  readonly connect?: ((options: ClientOptions) => PinningServiceClient) | undefined
  /** Milliseconds a call may take, waiting and retries included. Default 10,000. */
  readonly timeoutMs?: number | undefined
  readonly proxy?: ProxySettings | undefined
  readonly clock?: Clock | undefined
  /** Told once of each thing that a service's answers teach. */
  readonly onLesson?: ((service: string, lesson: Lesson) => void) | undefined
  /** Gets the events of all services. It must not throw. Default: none, and then nothing is measured. */
  readonly observer?: UpstreamObserver | undefined
}

/** One call that is to be made. */
export interface ServiceCall<Value> {
  /** Key of the tenant, whose turn and allowance are used. */
  readonly tenant: string
  readonly token: string
  readonly endpoint: Endpoint
  readonly class: RequestClass
  readonly signal?: StopSignal | undefined
  /** Whether it may be sent again after a failure that may have reached the service. */
  readonly isRepeatable: boolean
  /** Since when it is waited for, on the service's clock: the deadline counts from then. Default: now. */
  readonly askedAt?: number | undefined
  /** Sends it; called when its turn has come, so that it can still decide what to send. */
  send(client: PinOperations, options: CallOptions): Promise<Value>
}

const MAX_TRIES = 3
/** The part of a call's time that no wait for budget may use up: an answer that gets no time looks like a failure. */
const ANSWER_SHARE = 0.2
const FIRST_BACKOFF_MS = 200

/**
 * One configured service: its connections, its budget, its breakers, and what is known of it.
 *
 * Every call of every tenant goes through `call`.
 */
export class PinningService implements AsyncDisposable {
  /** Configured name. */
  readonly name: string
  /** Base URL of its Pinning Service API, without what a password in it would tell. */
  readonly endpoint: string
  readonly settings: ServiceSettings
  readonly budget: RequestBudget
  readonly known: LearnedCapabilities
  readonly clock: Clock
  /** Counts queries and changes, which come before polls. */
  readonly urgentCalls: CallMeter
  /** Milliseconds a call may take, waiting and retries included. */
  readonly timeoutMs: number
  /** Configured, published by the provider, or assumed. */
  readonly limits: readonly RateLimit[]
  readonly #client: PinningServiceClient
  readonly #breakers: ServiceBreakers
  readonly #observers = new Map<string, TenantObserver>()
  readonly #onCall: ((call: UpstreamCall) => void) | undefined
  readonly #reporter: ServiceReporter | undefined

  constructor(settings: ServiceSettings, options: PinningServiceOptions = {}) {
    const { name, endpoint } = settings
    const { timeoutMs = 10_000, proxy, clock = systemClock, onLesson, observer } = options
    const provider = findProvider(settings.provider)
    const { origin, pathname } = new URL(endpoint)
    this.name = name
    this.endpoint = `${origin}${pathname}`.replace(/\/+$/, '')
    this.settings = settings
    this.clock = clock
    this.urgentCalls = new CallMeter(clock)
    this.timeoutMs = timeoutMs
    this.limits = settings.limits ?? provider.limits ?? ASSUMED_LIMITS
    this.#onCall = observer?.onCall && ((call) => observer.onCall?.(call))
    const reporter = observer?.onService && new ServiceReporter(name, clock, (event) => observer.onService?.(event))
    this.#reporter = reporter
    this.#breakers = new ServiceBreakers(name, clock, reporter && ((...state) => reporter.isNow(...state)))
    this.budget = createRequestBudget({ service: name, limits: this.limits, clock })
    const capabilities = { ...SPECIFIED_CAPABILITIES, ...provider.capabilities, ...settings.capabilities }
    this.known = new LearnedCapabilities(capabilities, (lesson) => onLesson?.(name, lesson))
    this.#client = (options.connect ?? createPinningServiceClient)({
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

  /** How it is, as far as it concerns a tenant; what it said of another tenant's failure is shown to nobody else. */
  health(tenant?: string): ServiceHealth {
    return this.#breakers.health(tenant)
  }

  /** What is left of each limit; a tenant's own limits are shown to that tenant only. */
  budgets(tenant?: string): RateBudget[] {
    return this.budget.snapshot(tenant)
  }

  /** Tells a tenant's observer that a pin took the place of another, where no answer may have said so. */
  noteReplaced(tenant: string, requestId: string, pin: Pin): void {
    this.#observers.get(tenant)?.replaced(requestId, pin, UNKNOWN_AGE)
  }

  /** Shows all that a tenant's answers tell to an observer, one at a time. Returns how to stop. */
  observe(tenant: string, observer: TenantObserver): () => void {
    this.#observers.set(tenant, observer)
    return () => {
      if (this.#observers.get(tenant) === observer) this.#observers.delete(tenant)
    }
  }

  /** Milliseconds that a call may wait before it leaves: the rest of `timeoutMs` is kept for the answer. */
  get longestWaitMs(): number {
    return this.timeoutMs * (1 - ANSWER_SHARE)
  }

  /**
   * Makes a call when the budget has room for it, and again after failures that allow it, all within one deadline.
   *
   * What cannot have had an effect, a refusal for the rate or a connection that never stood, is sent again whatever it
   * is; what may have, only if it is repeatable. After a 429 the budget says when; after other failures it waits a
   * random time of up to 200, then 400 ms. A service that the breaker leaves alone costs no budget.
   *
   * @throws {RateLimitedError} at once when the budget has no room in time
   * @throws {ServiceUnavailableError} when the last try failed, or at once when the breaker is open
   * @throws whatever else `send` rejects with
   * @throws `signal.reason` when aborted
   */
  async call<Value>(call: ServiceCall<Value>): Promise<Value> {
    const { tenant, endpoint, signal } = call
    const askedAt = call.askedAt ?? this.clock.now()
    const request = { tenant, endpoint, class: call.class, deadline: askedAt + this.longestWaitMs }
    for (let attempt = 1; ; attempt++) {
      this.#breakers.check(tenant)
      const permit = await this.budget.acquire(request, signal ? { signal } : {})
      signal?.throwIfAborted()
      if (call.class === 'mutation' || call.class === 'interactive') this.urgentCalls.note(endpoint)
      try {
        const deadline = askedAt + this.timeoutMs
        if (this.#breakers.isTrying(tenant)) return await this.#try(call, deadline, permit, attempt)
        return await this.#breakers.run(tenant, () => this.#send(call, deadline, permit, attempt))
      } catch (error) {
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
   * Makes a call that is a breaker's trial. It goes on when its callers leave: an aborted trial would show nothing, and
   * clients that always leave early would keep the breaker open for ever.
   */
  #try<Value>(call: ServiceCall<Value>, deadline: number, permit: Permit, attempt: number): Promise<Value> {
    const { tenant, signal } = call
    const unabortable = { ...call, signal: new Stop(signal) }
    const trial = this.#breakers.run(tenant, () => this.#send(unabortable, deadline, permit, attempt))
    return untilAborted(trial, signal)
  }

  #send<Value>(call: ServiceCall<Value>, deadline: number, permit: Permit, attempt: number): Promise<Value> {
    const { token, signal, endpoint } = call
    const timeoutMs = Math.max(1, Math.ceil(deadline - this.clock.now()))
    const onAnswer = (answer: ServiceResponse): void => this.#observe(call, answer, permit.grantedAt)
    const observer = this.#observers.get(call.tenant)
    const client = observer ? observeClient(this.#client, observer) : this.#client
    const options = { token, signal, timeoutMs, onAnswer }
    if (!this.#onCall) return call.send(client, options)
    const facts = { service: this.name, endpoint, class: call.class, attempt, waitedMs: permit.waitedMs }
    const report = { clock: this.clock, onCall: this.#onCall }
    return reportCall(facts, options, report, (observed) => call.send(client, observed))
  }

  #observe(call: ServiceCall<unknown>, answer: ServiceResponse, sentAt: number): void {
    const { tenant, endpoint } = call
    const { status, headers } = answer
    // The budget learns nothing from any other answer.
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
    return token === this.settings.token ? 'configuration' : 'caller'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reporter?.end()
    this.budget[Symbol.dispose]()
    await this.#client[Symbol.asyncDispose]()
  }
}

function isWorthRepeating(error: unknown, isRepeatable: boolean): boolean {
  if (error instanceof RateLimitedError) return true
  return error instanceof ServiceUnavailableError && (isRepeatable || !error.mayHaveActed)
}

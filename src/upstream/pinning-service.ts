import { setTimeout as wait } from 'node:timers/promises'
import { type PinqlError, RateLimitedError, ServiceUnavailableError } from '../domain/errors.ts'
import { createRequestBudget } from './budget/create-request-budget.ts'
import type { Endpoint, RateLimit } from './budget/rate-limit.ts'
import type { RateBudget, RequestBudget } from './budget/request-budget.ts'
import type { RequestClass } from './budget/request-class.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from './capabilities.ts'
import { CircuitBreaker, type ServiceHealth } from './circuit-breaker.ts'
import {
  type CallOptions,
  createPinningServiceClient,
  type PinningServiceClient,
  type PinOperations,
  type ProxySettings,
} from './client.ts'
import { type Clock, systemClock } from './clock.ts'
import { LearnedCapabilities, type Lesson } from './learned-capabilities.ts'
import { observeClient } from './observed-client.ts'
import { findProvider } from './providers/known-providers.ts'
import { parseRateLimitHeaders } from './rate-limit-headers.ts'
import type { ServiceResponse } from './request.ts'
import { parseRetryAfter } from './retry-after.ts'
import type { TenantObserver } from './tenant-observer.ts'

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
  /** Milliseconds a call may take, waiting and retries included. Default 10,000. */
  readonly timeoutMs?: number | undefined
  readonly proxy?: ProxySettings | undefined
  readonly clock?: Clock | undefined
  /** Told once of each thing that a service's answers teach. */
  readonly onLesson?: ((service: string, lesson: Lesson) => void) | undefined
}

/** One call that is to be made. */
export interface ServiceCall<Value> {
  /** Key of the tenant, whose turn and allowance are used. */
  readonly tenant: string
  readonly token: string
  readonly endpoint: Endpoint
  readonly class: RequestClass
  readonly signal?: AbortSignal | undefined
  /** Whether it may be sent again after a failure that may have reached the service. */
  readonly isRepeatable: boolean
  /** Sends it; called when its turn has come, so that it can still decide what to send. */
  send(client: PinOperations, options: CallOptions): Promise<Value>
}

const MAX_TRIES = 3
const FIRST_BACKOFF_MS = 200

/**
 * One configured service: its connections, its budget, its breaker, and what is known of it.
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
  readonly timeoutMs: number
  readonly #client: PinningServiceClient
  readonly #breaker: CircuitBreaker
  readonly #observers = new Map<string, TenantObserver>()

  constructor(settings: ServiceSettings, options: PinningServiceOptions = {}) {
    const { name, endpoint } = settings
    const { timeoutMs = 10_000, proxy, clock = systemClock, onLesson } = options
    const provider = findProvider(settings.provider)
    const limits = settings.limits ?? provider.limits
    const { origin, pathname } = new URL(endpoint)
    this.name = name
    this.endpoint = `${origin}${pathname}`
    this.settings = settings
    this.clock = clock
    this.timeoutMs = timeoutMs
    this.#client = createPinningServiceClient({ name, endpoint, timeoutMs, proxy })
    this.#breaker = new CircuitBreaker(name)
    this.budget = createRequestBudget({ service: name, clock, ...(limits ? { limits } : {}) })
    const capabilities = { ...SPECIFIED_CAPABILITIES, ...provider.capabilities, ...settings.capabilities }
    this.known = new LearnedCapabilities(capabilities, (lesson) => onLesson?.(name, lesson))
  }

  get capabilities(): Capabilities {
    return this.known.current
  }

  get health(): ServiceHealth {
    return this.#breaker.health
  }

  /** What is left of each limit; a tenant's own limits are shown to that tenant only. */
  budgets(tenant?: string): RateBudget[] {
    return this.budget.snapshot(tenant)
  }

  /** Shows all that a tenant's answers tell to an observer, one at a time. Returns how to stop. */
  observe(tenant: string, observer: TenantObserver): () => void {
    this.#observers.set(tenant, observer)
    return () => {
      if (this.#observers.get(tenant) === observer) this.#observers.delete(tenant)
    }
  }

  /**
   * Makes a call when the budget has room for it, and again after failures that allow it, all within one deadline.
   *
   * What cannot have had an effect, a refusal for the rate or a connection that never stood, is sent again whatever it
   * is; what may have, only if it is repeatable. Between tries it waits a random time of up to 200, 400 ms.
   *
   * @throws {RateLimitedError} at once when the budget has no room before the deadline
   * @throws {ServiceUnavailableError} when the last try failed, or the breaker is open; costs no budget then
   * @throws `signal.reason` when aborted
   */
  async call<Value>(call: ServiceCall<Value>): Promise<Value> {
    const deadline = this.clock.now() + this.timeoutMs
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#tryOnce(call, deadline)
      } catch (error) {
        const backoffMs = Math.random() * FIRST_BACKOFF_MS * 2 ** (attempt - 1)
        const isInTime = this.clock.now() + backoffMs < deadline
        if (attempt === MAX_TRIES || !isInTime || !isWorthRepeating(error, call.isRepeatable)) throw error
        await wait(backoffMs, undefined, call.signal ? { signal: call.signal } : {}).catch(() =>
          call.signal?.throwIfAborted(),
        )
      }
    }
  }

  async #tryOnce<Value>(call: ServiceCall<Value>, deadline: number): Promise<Value> {
    const { tenant, endpoint, signal } = call
    if (this.health.breaker === 'closed') {
      const permit = await this.budget.acquire(
        { tenant, endpoint, class: call.class, deadline },
        signal ? { signal } : {},
      )
      return this.#breaker.run(() => this.#send(call, deadline, permit.grantedAt))
    }
    // The breaker lets one call through to see whether the service is back; only that one may cost budget.
    return this.#breaker.run(async () => {
      const permit = await this.budget.acquire(
        { tenant, endpoint, class: call.class, deadline },
        signal ? { signal } : {},
      )
      return this.#send(call, deadline, permit.grantedAt)
    })
  }

  #send<Value>(call: ServiceCall<Value>, deadline: number, sentAt: number): Promise<Value> {
    const { token, signal } = call
    const timeoutMs = Math.max(1, Math.ceil(deadline - this.clock.now()))
    const onAnswer = (answer: ServiceResponse): void => this.#observe(call, answer, sentAt)
    const observer = this.#observers.get(call.tenant)
    const client = observer ? observeClient(this.#client, observer) : this.#client
    return call.send(client, { token, signal, timeoutMs, onAnswer })
  }

  #observe({ tenant, endpoint }: ServiceCall<unknown>, answer: ServiceResponse, sentAt: number): void {
    const wallNowMs = Date.now()
    const { status, headers } = answer
    this.budget.observe({
      tenant,
      endpoint,
      status,
      sentAt,
      retryAfterMs: parseRetryAfter(headers.get('retry-after'), { date: headers.get('date'), wallNowMs }),
      rateLimit: parseRateLimitHeaders(Object.fromEntries(headers), wallNowMs),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.budget[Symbol.dispose]()
    await this.#client[Symbol.asyncDispose]()
  }
}

function isWorthRepeating(error: unknown, isRepeatable: boolean): error is PinqlError {
  if (error instanceof RateLimitedError) return true
  return error instanceof ServiceUnavailableError && (isRepeatable || !error.mayHaveActed)
}

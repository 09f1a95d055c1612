import type { UnauthorizedError } from '../../domain/errors.ts'
import type { Permit, RequestBudget } from '../budget/request-budget.ts'
import type { Standings } from '../budget/standings.ts'
import type { ServiceClient } from '../http/client.ts'
import type { ServiceResponse } from '../http/exchange.ts'
import { hasRateLimitHeaders, parseRateLimitHeaders } from '../http/rate-limit-headers.ts'
import { retryAfterOf } from '../http/retry-after.ts'
import { observeClient } from '../observing/observe-client.ts'
import { reportCall } from '../observing/report-call.ts'
import type { ServiceReporter } from '../observing/service-reporter.ts'
import type { TenantObserver } from '../observing/tenant-observer.ts'
import type { ServiceEvent, UpstreamCall } from '../observing/upstream-observer.ts'
import type { Clock } from '../waiting/clock.ts'
import type { StopSignal } from '../waiting/stop.ts'
import { RefusedTokens } from './refused-tokens.ts'
import type { ServiceCall } from './service-call.ts'

export interface CallSenderOptions {
  readonly serviceName: string
  /** The token of the configuration. */
  readonly ownToken: string | null
  readonly clock: Clock
  readonly client: ServiceClient
  readonly budget: RequestBudget
  readonly standings: Standings
  readonly onCall: ((call: UpstreamCall) => void) | undefined
  readonly reporter: ServiceReporter | undefined
}

/** One try of a call. */
export interface Try {
  readonly permit: Permit
  readonly signal: StopSignal | undefined
  readonly timeoutMs: number
  /** Number of this try, from 1. */
  readonly attempt: number
}

/**
 * Sends each try of the calls to one service, and passes its answer to everything that learns from it: the budget, the tenant's
 * observer, and the observers of upstream events.
 */
export class CallSender {
  readonly #options: CallSenderOptions
  readonly #observers = new Map<string, TenantObserver>()
  readonly #refusedTokens: RefusedTokens

  constructor(options: CallSenderOptions) {
    this.#options = options
    this.#refusedTokens = new RefusedTokens(options.serviceName, options.clock)
  }

  /** Returns the observer of a tenant's answers. */
  observerOf(tenantKey: string): TenantObserver | undefined {
    return this.#observers.get(tenantKey)
  }

  /** Sets the observer of a tenant's answers, in place of any other. Returns a function that removes it. */
  observe(tenantKey: string, observer: TenantObserver): () => void {
    this.#observers.set(tenantKey, observer)
    return () => {
      if (this.#observers.get(tenantKey) === observer) this.#observers.delete(tenantKey)
    }
  }

  /** Makes one try of a call. Notes on the permit when its request is sent. */
  send<Value>(call: ServiceCall<Value>, { permit, signal, timeoutMs, attempt }: Try): Promise<Value> {
    const { clock, client, onCall, serviceName } = this.#options
    const onAnswer = (answer: ServiceResponse): void => {
      permit.sent()
      this.#learn(call, answer, permit.grantedAt)
    }
    const onSent = (): void => permit.sent()
    const observer = this.#observers.get(call.tenantKey)
    const observed = observer ? observeClient(client, observer) : client
    const options = { token: call.token, signal, timeoutMs, onAnswer, onSent }
    if (!onCall) return call.send(observed, options)
    const { endpoint, class: requestClass } = call
    const facts = { service: serviceName, endpoint, class: requestClass, attempt, waitedMs: permit.waitedMs }
    return reportCall(facts, options, { clock, onCall }, (reported) => call.send(observed, reported))
  }

  /** Returns the error of a call that is not to be sent, since the service has just refused its token. Undefined for any other. */
  refusalOf({ tenantKey, endpoint }: ServiceCall<unknown>): UnauthorizedError | undefined {
    return this.#refusedTokens.refusalOf(tenantKey, endpoint)
  }

  /**
   * Reports that the service refused the token of a call. Remembers it too, unless the token is the gateway's or was accepted before: one
   * refusal may be a mistake of the service, and would keep everybody out who uses the token.
   */
  tokenRefused(call: ServiceCall<unknown>, error: UnauthorizedError): void {
    const { standings, reporter } = this.#options
    const { tenantKey, endpoint } = call
    const from = this.#tokenFrom(call)
    reporter?.refusedToken(from)
    if (from === 'caller' && !standings.isAccepted(tenantKey)) this.#refusedTokens.refused(tenantKey, endpoint, error)
  }

  /** Notes that a call succeeded. So the service accepts its token, whose calls share no turn from now on. */
  succeeded({ tenantKey }: ServiceCall<unknown>): void {
    const { standings, budget } = this.#options
    if (!standings.accept(tenantKey)) return
    this.#refusedTokens.accepted(tenantKey)
    budget.endSharing(tenantKey)
  }

  #learn(call: ServiceCall<unknown>, { status, headers }: ServiceResponse, grantedAt: number): void {
    // The budget learns nothing from other answers.
    if (status !== 429 && !hasRateLimitHeaders(headers)) return
    const { tenantKey, endpoint } = call
    const { budget, reporter, clock } = this.#options
    const wallNowMs = clock.wallNow()
    const retryAfterMs = retryAfterOf(headers, wallNowMs)
    const rateLimit = parseRateLimitHeaders(Object.fromEntries(headers), wallNowMs)
    budget.observe({ tenantKey, endpoint, status, grantedAt, retryAfterMs, rateLimit })
    if (!reporter || (status !== 429 && rateLimit?.remaining !== 0)) return
    const pausedMs =
      (status === 429 ? retryAfterMs : undefined) ??
      rateLimit?.resetsInMs ??
      budget.expectedWaitMs({ tenantKey, endpoint, class: 'mutation' })
    if (pausedMs > 0) reporter.paused(this.#tokenFrom(call), pausedMs, status)
  }

  #tokenFrom({ token }: ServiceCall<unknown>): NonNullable<ServiceEvent['tokenFrom']> {
    return token === this.#options.ownToken ? 'configuration' : 'caller'
  }
}

import { ServiceUnavailableError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import { PinRoom } from '../../domain/pin-room.ts'
import type { StateListener } from '../breaker/health-report.ts'
import { ServiceBreakers } from '../breaker/service-breakers.ts'
import type { ServiceHealth } from '../breaker/service-health.ts'
import type { CallMeter } from '../budget/call-meter.ts'
import type { QueuedElsewhere } from '../budget/queued-elsewhere.ts'
import type { RateLimit } from '../budget/rate-limit.ts'
import type { LimitUsage, RequestBudget } from '../budget/request-budget.ts'
import type { Standings } from '../budget/standings.ts'
import { type ClientOptions, createServiceClient, type ServiceClient } from '../http/client.ts'
import { openConnections, type ProxySettings } from '../http/connections.ts'
import { LearnedCapabilities, type Lesson } from '../learning/learned-capabilities.ts'
import { ServiceReporter } from '../observing/service-reporter.ts'
import { type TenantObserver, UNKNOWN_AGE } from '../observing/tenant-observer.ts'
import type { UpstreamCall, UpstreamObserver } from '../observing/upstream-observer.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../providers/capabilities.ts'
import { findProvider } from '../providers/known-providers.ts'
import type { Clock } from '../waiting/clock.ts'
import type { CallPath } from './call-path.ts'
import { CallRun } from './call-run.ts'
import { CallSender } from './call-sender.ts'
import { callTimes } from './call-times.ts'
import type { ServiceCall } from './service-call.ts'
import type { ServiceSettings } from './service-settings.ts'
import type { SharedLimits } from './shared-limits.ts'

export interface ServiceOptions {
  /** Opens the client of a service in a test's own process. Default: {@link createServiceClient}, over HTTP. */
  readonly connect?: ((options: ClientOptions) => ServiceClient) | undefined
  /** Milliseconds that one try may take. A read may take as long as its operation, including waits and retries. */
  readonly timeoutMs: number
  readonly proxy?: ProxySettings | undefined
  readonly clock: Clock
  /** Returns the random part of the pauses between tries, from 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined
  /** Called once for each lesson from a service's answers. */
  readonly onLesson?: ((serviceName: string, lesson: Lesson) => void) | undefined
  /** Gets the events of all services. It must not throw. Default: none, and then nothing is measured. */
  readonly observer?: UpstreamObserver | undefined
  /** The memory for the pins of long reads, which all services share. Default: room of its own. */
  readonly room?: PinRoom | undefined
}

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
  /** Key of the known provider that runs it; null for an unknown provider. */
  readonly provider: string | null
  /** True when the configuration has a token for it. */
  readonly hasToken: boolean
  /** Decides when a call may leave. Services of one provider share a budget. */
  readonly budget: RequestBudget
  /** The tokens that have a turn of their own. Services that share a budget have the same object. */
  readonly standings: Standings
  readonly known: LearnedCapabilities
  readonly clock: Clock
  /** The memory for the pins of all reads that may be long. */
  readonly room: PinRoom
  /**
   * Counts calls of the classes `mutation` and `interactive`, which go before polls. Services that share a budget have the
   * same counter.
   */
  readonly urgentCalls: CallMeter
  /** The requests that lookups of all tenants will need. Services that share a budget have the same object. */
  readonly queuedElsewhere: QueuedElsewhere
  /** Milliseconds that one try may take. See {@link Service.call}. */
  readonly timeoutMs: number
  /** The limits that its calls keep, those of other services of the provider included. */
  readonly limits: readonly RateLimit[]
  readonly #client: ServiceClient
  readonly #reporter: ServiceReporter | undefined
  readonly #path: CallPath

  /** @param shared the limits, and what is used of them */
  constructor(settings: ServiceSettings, options: ServiceOptions, shared: SharedLimits) {
    const { name, endpoint } = settings
    const { timeoutMs, proxy, clock, random = Math.random, onLesson, observer, room = new PinRoom() } = options
    const provider = findProvider(settings.provider)
    const { origin, pathname } = new URL(endpoint)
    this.name = name
    this.endpoint = `${origin}${pathname}`.replace(/\/+$/, '')
    this.provider = settings.provider
    this.hasToken = Boolean(settings.token)
    this.clock = clock
    this.room = room
    this.timeoutMs = timeoutMs
    const { limits, budget, standings, urgentCalls, queuedElsewhere } = shared
    this.limits = limits
    this.budget = budget
    this.standings = standings
    this.urgentCalls = urgentCalls
    this.queuedElsewhere = queuedElsewhere
    const capabilities = { ...SPECIFIED_CAPABILITIES, ...provider.capabilities, ...settings.capabilities }
    this.known = new LearnedCapabilities(capabilities, (lesson) => onLesson?.(name, lesson))
    const clientOptions = { name, endpoint, known: this.known, clock, heldToken: settings.token }
    const client =
      options.connect?.(clientOptions) ??
      createServiceClient(openConnections({ endpoint, timeoutMs, proxy }), clientOptions)
    const reporter = observer?.onService && new ServiceReporter(name, clock, (event) => observer.onService?.(event))
    const onCall = observer?.onCall && ((call: UpstreamCall): void => observer.onCall?.(call))
    const sender = { serviceName: name, ownToken: settings.token, clock, client, budget, standings, onCall, reporter }
    this.#client = client
    this.#reporter = reporter
    const onState = reporter && ((...state: Parameters<StateListener>) => reporter.isNow(...state))
    this.#path = {
      clock,
      timeoutMs,
      budget,
      urgentCalls,
      breakers: new ServiceBreakers(name, clock, onState, standings.sharedTurnOf),
      sender: new CallSender(sender),
      random,
    }
  }

  get capabilities(): Capabilities {
    return this.known.current
  }

  /** Returns the state of the service as a tenant may see it. A service's words about another tenant's failure are left out. */
  health(tenantKey?: string): ServiceHealth {
    return this.#path.breakers.health(tenantKey)
  }

  /** Returns whether a tenant's calls wait now, since the service is down. */
  isDownFor(tenantKey: string): boolean {
    return this.#path.breakers.isOpen(tenantKey)
  }

  /** Returns the rest of each limit. A tenant's own limits are shown to that tenant only. */
  limitUsage(tenantKey?: string): LimitUsage[] {
    return this.budget.snapshot(tenantKey)
  }

  /** Reports to a tenant's observer that a pin has replaced another, where no answer may have shown it. */
  noteReplaced(tenantKey: string, requestId: string, pin: Pin): void {
    this.#path.sender.observerOf(tenantKey)?.replaced(requestId, pin, UNKNOWN_AGE)
  }

  /**
   * Sets the observer that sees all answers to a tenant. A tenant has one observer at a time. Returns a function that
   * removes it.
   */
  observe(tenantKey: string, observer: TenantObserver): () => void {
    return this.#path.sender.observe(tenantKey, observer)
  }

  /**
   * Returns the clock time after which an interactive read is not sent. The rest of its time is kept for the answer.
   *
   * @param askedAt clock time at which its wait began
   * @param endsAt clock time at which the operation that waits for it ends. Default: three times `timeoutMs` later.
   */
  lastStartOf(askedAt: number, endsAt?: number): number {
    return callTimes({ class: 'interactive', isRepeatable: true }, askedAt, this.timeoutMs, endsAt).lastStart
  }

  /**
   * Makes a call as soon as the service is up and the budget allows it, and retries it after failures that allow a retry.
   * One try takes at most `timeoutMs`. All tries share one deadline. For what may be repeated, such as reads, it is the end of the
   * operation that waits, less half of `timeoutMs`; without such an end, 2.5 times `timeoutMs`. For other changes and for polls it
   * is `timeoutMs`.
   *
   * A request that cannot have had an effect is always retried: one that was refused with 429, or that found no connection.
   * A request that may have had an effect is retried only if `isRepeatable`. There are 3 tries at most. After a 429, the
   * budget decides when to retry. After other failures, the pause is random: up to 200 ms before the second try and 400 ms
   * before the third.
   *
   * If the service has refused the same endpoint to the token within the last minute, and has never accepted the token, the call fails
   * with the same error at once, and nothing is sent.
   *
   * While a breaker is open, the call waits for up to 0.45 times `timeoutMs`, and uses no budget. So does a call that waits for the
   * budget when the breaker opens. It leaves when the service has answered any call, or when it is the next trial. Trials do not count as
   * tries, and neither do the tries before the first wait. Polls never wait.
   *
   * @throws {RateLimitedError} when the budget cannot grant the call in time, at once if that is already clear; or when the
   *   last try got a 429
   * @throws {ServiceUnavailableError} when the last try failed, or when the service did not come back in time
   * @throws whatever else `send` rejects with
   * @throws `signal.reason` when aborted
   */
  call<Value>(call: ServiceCall<Value>): Promise<Value> {
    return new CallRun(call, this.#path).run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#reporter?.end()
    this.budget[Symbol.dispose]()
    const stopping = new ServiceUnavailableError('no more requests: the gateway is stopping', { service: this.name })
    this.#path.breakers.stop(stopping)
    await this.#client[Symbol.asyncDispose]()
  }
}

import { Dispatcher } from 'undici'
import { type ClientOptions, createServiceClient, type ServiceClient } from '../../../src/upstream/http/client.ts'
import { Service } from '../../../src/upstream/service/service.ts'
import type { ServiceCall } from '../../../src/upstream/service/service-call.ts'
import type { ServiceSettings } from '../../../src/upstream/service/service-settings.ts'
import type { Tenant } from '../../../src/upstream/tenant/tenant.ts'
import { systemClock } from '../../../src/upstream/waiting/clock.ts'
import { answerRequest, type EmulatedProviderHooks, type ServiceParts } from '../providers/answer-request.ts'
import { EmulatedPins } from '../providers/emulated-pins.ts'
import { EMULATED_TOKENS } from '../providers/emulated-provider.ts'
import type { LoggedRequest, ProviderProfile } from '../providers/provider-profile.ts'
import { RateGate } from '../providers/rate-gate.ts'
import type { WireReply } from '../providers/wire-reply.ts'
import { limitsOfOne } from '../upstream/create-service.ts'
import { createTenant } from '../upstream/create-tenant.ts'

const [TOKEN] = EMULATED_TOKENS
const TIMEOUT_MS = 10_000
const ENDPOINT = 'http://zoo.test'

/** One account at an emulated service without a network between, for tests that need very many requests. */
export interface EmulatedTenant {
  readonly tenant: Tenant
  /** The truth, to be changed at any time. */
  readonly store: EmulatedPins
  readonly hooks: EmulatedProviderHooks
  /** Number of requests that were answered. */
  readonly requests: number
}

/**
 * Connects a tenant with an emulated service in the same process.
 *
 * All is as over HTTP but the connection and the budget: request, client, wire, what is learned, and the service's answers.
 */
export function createEmulatedTenant(
  profile: ProviderProfile,
  settings: Pick<ServiceSettings, 'provider' | 'capabilities'>,
): EmulatedTenant {
  let sequence = 0
  let now = 1_700_000_000_000_000_000n
  const clock = (): bigint => (now += 1_000_000_000n)
  const store = new EmulatedPins(profile, clock, () => ++sequence)
  const parts: ServiceParts = {
    profile,
    clock,
    gate: new RateGate([]),
    tokens: new Set([TOKEN]),
    unpaidTokens: new Set(),
    hooks: {},
    storeOf: () => store,
    isForeign: () => false,
    isBroken: () => false,
  }
  const dispatcher = new InProcessDispatcher(parts)
  return {
    tenant: createTenantOver(dispatcher, { name: profile.name, ...settings }),
    store,
    hooks: parts.hooks,
    get requests() {
      return dispatcher.requests
    },
  }
}

/** Makes a tenant whose requests go to a dispatcher, at once and without a budget. */
export function createTenantOver(
  dispatcher: Dispatcher,
  settings: Pick<ServiceSettings, 'name' | 'provider' | 'capabilities'>,
): Tenant {
  const [tenant] = createTenantsOver(dispatcher, settings, [TOKEN])
  return tenant as Tenant
}

/** Makes one tenant for each token of the same service. */
export function createTenantsOver(
  dispatcher: Dispatcher,
  settings: Pick<ServiceSettings, 'name' | 'provider' | 'capabilities'>,
  tokens: readonly string[],
): Tenant[] {
  const service = new UnlimitedService({ endpoint: ENDPOINT, token: TOKEN, ...settings }, dispatcher)
  return tokens.map((token) => createTenant(service, `${settings.name}:${token}`, token))
}

/** Sends every call at once, over the given dispatcher. */
class UnlimitedService extends Service {
  readonly #send: <Value>(call: ServiceCall<Value>) => Promise<Value>

  constructor(settings: ServiceSettings, dispatcher: Dispatcher) {
    const clients: ServiceClient[] = []
    const connect = (options: ClientOptions): ServiceClient => {
      const client = createServiceClient(dispatcher, options)
      clients.push(client)
      return client
    }
    super(settings, { clock: systemClock, timeoutMs: TIMEOUT_MS, connect }, limitsOfOne(settings, systemClock))
    const [client] = clients as [ServiceClient]
    this.#send = ({ send, token, signal }) => send(client, { token, signal, timeoutMs: TIMEOUT_MS })
  }

  override call<Value>(call: ServiceCall<Value>): Promise<Value> {
    return this.#send(call)
  }
}

class InProcessDispatcher extends Dispatcher {
  readonly #parts: ServiceParts
  requests = 0

  constructor(parts: ServiceParts) {
    super()
    this.#parts = parts
  }

  override dispatch({ method, path, body }: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    handler.onConnect?.(() => {})
    void this.#answer(method, path, String(body ?? '')).then(
      (reply) => {
        handler.onHeaders?.(reply.status, rawHeaders(reply.headers), () => {}, '')
        handler.onData?.(Buffer.from(reply.body))
        handler.onComplete?.(null)
      },
      (error: Error) => handler.onError?.(error),
    )
    return true
  }

  async #answer(method: string, path: string, body: string): Promise<WireReply> {
    this.requests++
    const { pathname, searchParams } = new URL(path, ENDPOINT)
    const isItem = pathname !== '/pins'
    const operations: Record<string, LoggedRequest['operation']> = isItem
      ? { GET: 'get', POST: 'replace', DELETE: 'remove' }
      : { GET: 'list', POST: 'add' }
    const request: LoggedRequest = {
      at: 0,
      method,
      path: pathname,
      query: searchParams,
      token: TOKEN,
      operation: operations[method] ?? null,
      headers: {},
      body,
      status: null,
    }
    const reply = await answerRequest(this.#parts, request, { address: '', headBytes: path.length })
    if (typeof reply === 'string') throw new Error(`The emulated service gave ${reply}`)
    return reply
  }
}

function rawHeaders(headers: WireReply['headers']): Buffer[] {
  return Object.entries(headers)
    .flat()
    .map((text) => Buffer.from(String(text), 'latin1'))
}

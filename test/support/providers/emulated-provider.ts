import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { PinStatus } from '../../../src/domain/pin.ts'
import { answerRequest, type EmulatedProviderHooks, type ServiceParts } from './answer-request.ts'
import type { EmulatedPin } from './emulated-pin.ts'
import { EmulatedPins, type SeedPin } from './emulated-pins.ts'
import type { Operation } from './operation.ts'
import type { LoggedRequest, ProviderProfile } from './provider-profile.ts'
import { RateGate, type RateRule } from './rate-gate.ts'

/** The tokens that a service knows unless told otherwise. */
export const EMULATED_TOKENS = ['alice-token', 'bob-token'] as const

export interface EmulatedProviderOptions {
  /** Default: `EMULATED_TOKENS`. */
  readonly tokens?: readonly string[]
  /** Known tokens whose account has not paid. Default: none. */
  readonly unpaidTokens?: readonly string[]
  /** Nanoseconds since 1970. Default: the real time, monotonic. */
  readonly clock?: () => bigint
  /** The limits to enforce: the profile's, or others. Default: none. */
  readonly rateRules?: 'as documented' | readonly RateRule[]
  readonly hooks?: EmulatedProviderHooks
}

/** A pinning service with one provider's documented behaviour, over real HTTP on the loopback interface. */
export interface EmulatedProvider extends AsyncDisposable {
  readonly profile: ProviderProfile
  /** The base URL, without a trailing slash. */
  readonly endpoint: string
  /** Every request since the start or `resetLog()`, oldest first. */
  readonly requests: readonly LoggedRequest[]
  /** May be changed at any time. */
  readonly hooks: EmulatedProviderHooks
  /** Counts the logged requests of a method and path. A text is the whole path below the endpoint. A pattern need only match. */
  count(method?: string, path?: string | RegExp): number
  resetLog(): void
  /** The truth, in the order in which the pins were stored. */
  pins(token: string): EmulatedPin[]
  seed(token: string, pins: readonly SeedPin[]): EmulatedPin[]
  setStatus(token: string, requestId: string, status: PinStatus, info?: Readonly<Record<string, string>>): void
  removeDirectly(token: string, requestId: string): void
  /** Moves every pin one step along: `queued` to `pinning`, `pinning` to `pinned`, or what the service makes of it. */
  advance(token: string): void
  /** Forgets all pins, as a service does that keeps them in memory and restarts (#47). */
  forgetAll(): void
  /** Lets the next `count` requests that get as far meet an internal failure. */
  breakNext(count: number): void
}

/**
 * Starts a service on 127.0.0.1 and a free port.
 *
 * Disposing closes all connections, and throws if the emulator itself failed at any request.
 */
export async function startEmulatedProvider(
  profile: ProviderProfile,
  options: EmulatedProviderOptions = {},
): Promise<EmulatedProvider> {
  const clock = options.clock ?? monotonicClock()
  const rules = options.rateRules === 'as documented' ? profile.rateRules : (options.rateRules ?? [])
  const stores = new Map<string, EmulatedPins>()
  const log: LoggedRequest[] = []
  const bugs: unknown[] = []
  let lastCreated = -1n
  let sequence = 0
  let breakCount = 0

  function nextCreated(): bigint {
    const { unit, unique } = profile.created
    const cut = clock() / unit
    const instant = unique && cut * unit <= lastCreated ? lastCreated + unit : cut * unit
    lastCreated = instant
    return instant
  }

  function storeOf(token: string): EmulatedPins {
    const tenant = profile.tenancy === 'shared' ? '' : token
    const store = stores.get(tenant) ?? new EmulatedPins(profile, nextCreated, () => ++sequence)
    stores.set(tenant, store)
    return store
  }

  const parts: ServiceParts = {
    profile,
    clock,
    storeOf,
    gate: new RateGate(rules),
    tokens: new Set(options.tokens ?? EMULATED_TOKENS),
    unpaidTokens: new Set(options.unpaidTokens),
    hooks: { ...options.hooks },
    isForeign: (requestId: string) => [...stores.values()].some((store) => store.has(requestId)),
    isBroken: () => breakCount > 0 && breakCount-- > 0,
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const logged = describeRequest(profile, request, Number(clock()) / 1e6)
    log.push(logged)
    logged.body = await text(request)
    const verdict = await answerRequest(parts, logged, {
      address: request.socket.remoteAddress ?? '',
      headBytes: headBytes(request),
    })
    if (verdict === 'drop') request.socket.destroy()
    if (verdict === 'drop' || verdict === 'silence') return
    logged.status = verdict.status
    response.writeHead(verdict.status, { ...verdict.headers, ...profile.headers(logged, log) })
    response.end(verdict.body)
  }

  const server = createServer({ maxHeaderSize: 1 << 20 }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      // A client that goes away while it sends is its own business.
      if (!request.complete) return
      bugs.push(error)
      response.writeHead(500, { 'content-type': 'text/plain' }).end(`The emulator failed: ${error}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  return {
    profile,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${profile.basePath}`,
    requests: log,
    hooks: parts.hooks,
    count: (method, path) => log.filter((request) => matches(request, method, path)).length,
    resetLog: () => void log.splice(0),
    pins: (token) => storeOf(token).all(),
    seed: (token, pins) => pins.map((pin) => storeOf(token).add(pin)),
    setStatus: (token, requestId, status, info) =>
      void storeOf(token).update(requestId, { status, ...(info && { info }) }),
    removeDirectly: (token, requestId) => storeOf(token).remove(requestId),
    advance(token) {
      const store = storeOf(token)
      const pins = store.all()
      for (const pin of pins) store.update(pin.requestId, { status: profile.nextStatus(pin, pins) })
    },
    forgetAll() {
      for (const store of stores.values()) store.clear()
    },
    breakNext(count) {
      breakCount = count
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
      if (bugs.length > 0) throw new AggregateError(bugs, `The emulated ${profile.name} failed`)
    },
  }
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }

function describeRequest(profile: ProviderProfile, request: IncomingMessage, at: number): Writable<LoggedRequest> {
  const { method = '', url = '/', headers } = request
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1')
  const isInside = pathname.startsWith(`${profile.basePath}/`)
  const path = isInside ? pathname.slice(profile.basePath.length) : pathname
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? null
  const operation = isInside ? operationOf(method, path) : null
  return { at, method, path, query: searchParams, token, operation, headers, body: '', status: null }
}

/** The bytes of the request line and the headers as they came. */
function headBytes({ method, url, rawHeaders }: IncomingMessage): number {
  const line = `${method} ${url} HTTP/1.1\r\n`
  return Buffer.byteLength(line) + rawHeaders.reduce((sum, part) => sum + Buffer.byteLength(part) + 2, 2)
}

function operationOf(method: string, path: string): Operation | null {
  if (path === '/pins') return method === 'GET' ? 'list' : method === 'POST' ? 'add' : null
  if (!/^\/pins\/[^/]+$/.test(path)) return null
  return method === 'GET' ? 'get' : method === 'POST' ? 'replace' : method === 'DELETE' ? 'remove' : null
}

function matches(request: LoggedRequest, method?: string, path?: string | RegExp): boolean {
  const hasMethod = method === undefined || request.method === method
  return (
    hasMethod && (path === undefined || (typeof path === 'string' ? request.path === path : path.test(request.path)))
  )
}

/** The real time to the nanosecond; never goes back. */
function monotonicClock(): () => bigint {
  const start = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint()
  return () => start + process.hrtime.bigint()
}

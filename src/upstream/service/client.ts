import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici'
import { MalformedResponseError, PinNotFoundError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import { errorFromResponse, isWebPage } from '../http/error-from-response.ts'
import { exchange, type ServiceRequest, type ServiceResponse } from '../http/exchange.ts'
import { createHideSecrets } from '../http/hide-secrets.ts'
import { encodeListQuery, type ListQuery } from '../http/list-query.ts'
import { decodePin, decodePinPage, encodeNewPin, type PinPage } from '../http/wire.ts'
import { SPECIFIED_CAPABILITIES } from '../providers/capabilities.ts'
import type { StopSignal } from '../stop.ts'
import { LearnedCapabilities } from './learned-capabilities.ts'

/** What every call takes. */
export interface CallOptions {
  /** Bearer token of the call. */
  readonly token: string
  /** Aborts the request; it then rejects with `signal.reason`. */
  readonly signal?: StopSignal | undefined
  /** Milliseconds for the whole call. Default: the client's. */
  readonly timeoutMs?: number | undefined
  /** Called just before the request is handed to the connections, and not if it is never sent. */
  readonly onSent?: (() => void) | undefined
  /** Told of every answer, refusals included, as soon as it is read. */
  readonly onAnswer?: ((answer: ServiceResponse) => void) | undefined
}

/** What a removal takes. */
export interface RemovalOptions extends CallOptions {
  /** The pin that was made to take the removed one's place, for those who follow both. It is not sent. */
  readonly successor?: Pin | undefined
}

/** The five operations of the Pinning Service API 1.0.0 at one service. */
export interface PinOperations {
  listPins(query: ListQuery, options: CallOptions): Promise<PinPage>
  addPin(pin: NewPin, options: CallOptions): Promise<Pin>
  getPin(requestId: string, options: CallOptions): Promise<Pin>
  replacePin(requestId: string, pin: NewPin, options: CallOptions): Promise<Pin>
  removePin(requestId: string, options: RemovalOptions): Promise<void>
}

/** The operations over connections that must be closed. */
export interface PinningServiceClient extends PinOperations, AsyncDisposable {}

/** Where an HTTP proxy stands between pinql and the services; usually from `HTTPS_PROXY` and its kin. */
export interface ProxySettings {
  readonly httpProxy?: string | undefined
  readonly httpsProxy?: string | undefined
  readonly noProxy?: string | undefined
}

export interface ClientOptions {
  /** Configured name of the service, for errors. */
  readonly name: string
  /** Base URL; its path is kept, a trailing slash or `/pins` is not. */
  readonly endpoint: string
  /** Milliseconds a call may take. Default 10,000. */
  readonly timeoutMs?: number | undefined
  /** Most connections to the service. Default: no bound, since a call that has its budget must not wait for a connection. */
  readonly connections?: number | undefined
  /** Largest answer that is read, in bytes. Default 16 MiB: 1,000 pins with long `meta`. */
  readonly maxBodyBytes?: number | undefined
  readonly proxy?: ProxySettings | undefined
  /** How to take the service's answers. Default: as the specification says. */
  readonly known?: LearnedCapabilities | undefined
  /** What sends the requests. Default: a pool of connections. */
  readonly dispatcher?: Dispatcher | undefined
}

/** The part of a call's time that a connection may take to be made. */
const CONNECT_SHARE = 0.4

/**
 * Opens a connection pool to one service. Nothing is sent until the first call.
 *
 * Every call is one request: no retry, no redirect, no cookie. It rejects with
 * - `UnauthorizedError`, `InsufficientFundsError`, `RateLimitedError`, `BadRequestError`, `PinNotFoundError`, `ServiceError`
 *   as the service's status and words say,
 * - `ServiceUnavailableError` for 5xx, no connection, or no answer in time,
 * - `MalformedResponseError` for a success that is not in the API's words,
 * - `signal.reason` when aborted.
 *
 * @see Pinning Service API 1.0.0
 */
export function createPinningServiceClient(options: ClientOptions): PinningServiceClient {
  const { name, timeoutMs = 10_000, maxBodyBytes = 16 * 1024 * 1024 } = options
  const { known = new LearnedCapabilities(SPECIFIED_CAPABILITIES) } = options
  const { origin, basePath } = splitEndpoint(options.endpoint)
  const dispatcher = options.dispatcher ?? createDispatcher(origin, timeoutMs, options)

  function call<Value>(
    request: ServiceRequest,
    requestId: string | null,
    callOptions: CallOptions,
    decode: (text: string, status: number) => Value,
  ): Promise<Value> {
    const { signal, timeoutMs: callTimeoutMs = timeoutMs, onAnswer, onSent } = callOptions
    const exchangeOptions = { signal, timeoutMs: callTimeoutMs, maxBodyBytes, onSent }
    return exchange(dispatcher, name, request, exchangeOptions, (response) => {
      onAnswer?.(response)
      const { status, text } = response
      if (status >= 200 && status < 300) return decode(text, status)
      const isList = request.method === 'GET' && requestId === null
      if (isList && status === 404 && isJson(text) && known.observeListNotFound()) return decode(text, status)
      const hide = createHideSecrets(request)
      throw errorFromResponse(name, response, requestId, request.method !== 'GET', hide)
    })
  }

  function pinPath(requestId: string): string {
    // No URL can name these pins: dots would mean another path, and half a surrogate pair has no UTF-8.
    if (/^\.{1,2}$|\p{Surrogate}/u.test(requestId)) throw new PinNotFoundError(name, requestId)
    return `${basePath}/pins/${encodeURIComponent(requestId)}`
  }

  const toPin = (text: string): Pin => decodePin(name, text, known.current)

  return {
    async listPins(query, callOptions) {
      const path = `${basePath}/pins?${encodeListQuery(query)}`
      return call({ origin, method: 'GET', path, token: callOptions.token }, null, callOptions, (text, status) =>
        // A refusal that comes here is an empty list.
        status === 404 ? { count: 0, pins: [] } : decodePinPage(name, text, known.current),
      )
    },
    async addPin(pin, callOptions) {
      const { token } = callOptions
      const request = { origin, method: 'POST', path: `${basePath}/pins`, token, body: encodeNewPin(pin) } as const
      return call(request, null, callOptions, toPin)
    },
    async getPin(requestId, callOptions) {
      const request = { origin, method: 'GET', path: pinPath(requestId), token: callOptions.token } as const
      return call(request, requestId, callOptions, toPin)
    },
    async replacePin(requestId, pin, callOptions) {
      const { token } = callOptions
      const request = { origin, method: 'POST', path: pinPath(requestId), token, body: encodeNewPin(pin) } as const
      return call(request, requestId, callOptions, toPin)
    },
    async removePin(requestId, callOptions) {
      const request = { origin, method: 'DELETE', path: pinPath(requestId), token: callOptions.token } as const
      await call(request, requestId, callOptions, (text) => {
        // Any other success will do: services answer with an empty body, "OK", or JSON.
        if (!isWebPage(text)) return
        throw new MalformedResponseError(`${name} answered with a web page: check its endpoint`, { service: name })
      })
    },
    async [Symbol.asyncDispose]() {
      const closing = new ServiceUnavailableError('pinql is shutting down', { service: name })
      await dispatcher.destroy(closing)
    },
  }
}

/** Splits a base URL, and drops the slash or `/pins` that people paste behind it. */
function splitEndpoint(endpoint: string): { origin: string; basePath: string } {
  const url = new URL(endpoint)
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, '').replace(/\/pins$/, '') }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function createDispatcher(origin: string, timeoutMs: number, options: ClientOptions): Dispatcher {
  // A host that takes no connection is given up early enough to be tried once more.
  const connect = { timeout: timeoutMs * CONNECT_SHARE }
  // Each exchange has a deadline of its own.
  const noTimeouts = { headersTimeout: 0, bodyTimeout: 0 }
  const settings = { connections: options.connections ?? null, pipelining: 1, connect, ...noTimeouts }
  const { httpProxy = '', httpsProxy = '', noProxy = '' } = options.proxy ?? {}
  if (!httpProxy && !httpsProxy) return new Pool(origin, settings)
  const proxied = { proxyTls: connect, requestTls: connect }
  return new EnvHttpProxyAgent({ ...settings, ...proxied, httpProxy, httpsProxy, noProxy })
}

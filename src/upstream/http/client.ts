import type { Dispatcher } from 'undici'
import { MalformedResponseError, PinNotFoundError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { NewPin, Pin } from '../../domain/pin.ts'
import type { Clock } from '../waiting/clock.ts'
import type { StopSignal } from '../waiting/stop.ts'
import { splitEndpoint } from './connections.ts'
import type { Reading } from './decode-pin.ts'
import { errorFromResponse, isJson, isWebPage } from './error-from-response.ts'
import { exchange, type ServiceRequest, type ServiceResponse } from './exchange.ts'
import { createHideSecrets, createHideTokenIn } from './hide-secrets.ts'
import { encodeListQuery, type ListQuery } from './list-query.ts'
import type { PinPage } from './pin-page.ts'
import { encodeNewPin, parseLongPinPage, parsePinPage, parseReportedPin } from './wire.ts'

/** Options of one try of a call. */
export interface CallOptions {
  /** Bearer token of the request. */
  readonly token: string
  /** Aborts the request, which then rejects with `signal.reason`. */
  readonly signal?: StopSignal | undefined
  /** Milliseconds for the whole request. */
  readonly timeoutMs: number
  /** Called at most once: when the request begins to be sent, or when no connection could be made. See {@link exchange}. */
  readonly onSent?: (() => void) | undefined
  /** Called with every answer, refusals included, as soon as it is read. */
  readonly onAnswer?: ((answer: ServiceResponse) => void) | undefined
}

/** Options of a removal. */
export interface RemovalOptions extends CallOptions {
  /** The pin that replaces the removed one, for observers that follow both. It is not sent. */
  readonly successor?: Pin | undefined
}

/**
 * The five calls of the Pinning Service API 1.0.0, which names them operations, at one service. Each method makes one try of a
 * call, with one request.
 */
export interface PinClient {
  listPins(query: ListQuery, options: CallOptions): Promise<PinPage>
  addPin(pin: NewPin, options: CallOptions): Promise<Pin>
  getPin(requestId: string, options: CallOptions): Promise<Pin>
  replacePin(requestId: string, pin: NewPin, options: CallOptions): Promise<Pin>
  removePin(requestId: string, options: RemovalOptions): Promise<void>
}

/** The five calls over connections, which must be closed by disposing. */
export interface ServiceClient extends PinClient, AsyncDisposable {}

/** The part of what is known of a service that decides how its answers are read. */
interface KnownAnswers {
  readonly current: Reading
  readonly answers: { readonly hasListedPins: boolean }
  /** Learns from a list that was refused with 404 in JSON. Returns true when the 404 means an empty list. */
  observeListNotFound(): boolean
}

export interface ClientOptions {
  /** Configured name of the service, for errors. */
  readonly name: string
  /** Base URL. Its path is kept, except for a trailing slash and a trailing `/pins`. */
  readonly endpoint: string
  readonly known: KnownAnswers
  /** The configured token, which callers must not see. Default: none. */
  readonly heldToken?: string | null
  /** Dates in headers of answers without a `Date` are compared with its wall clock. */
  readonly clock: Pick<Clock, 'wallNow'>
}

/** Characters of a list above which others go on while it is read. A page of 1,000 pins has half as many. */
const LONG_PAGE = 1_000_000
/** Largest answer that is read: enough for 1,000 pins with long `meta`. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/**
 * Creates the client of one service over its connections.
 *
 * Every method makes one try: one request, without retry, redirect or cookie. It rejects with
 * - `UnauthorizedError`, `InsufficientFundsError`, `RateLimitedError`, `BadRequestError`, `PinNotFoundError`, or
 *   `ServiceError`, depending on the service's status and words,
 * - `ServiceUnavailableError` for 5xx, 408, 424, no connection, or no answer in time,
 * - `MalformedResponseError` for an answer that is not in the API's words, such as a redirect or a web page,
 * - `signal.reason` when aborted.
 *
 * Disposing the client ends all connections. Requests in flight then reject with `ServiceUnavailableError`.
 *
 * @see Pinning Service API 1.0.0
 */
export function createServiceClient(dispatcher: Dispatcher, options: ClientOptions): ServiceClient {
  const { name, known, clock, heldToken = null } = options
  const { origin, basePath } = splitEndpoint(options.endpoint)
  /** Callers do not know the token that the gateway holds. A service that repeats it would show it to them. */
  const hideHeldTokenIn = heldToken === null ? null : createHideTokenIn(heldToken)

  function call<Value>(
    request: ServiceRequest,
    requestId: string | null,
    callOptions: CallOptions,
    decode: (text: string, status: number) => Value | Promise<Value>,
  ): Promise<Value> {
    const { signal, timeoutMs, onAnswer, onSent } = callOptions
    const exchangeOptions = { signal, timeoutMs, maxBodyBytes: MAX_BODY_BYTES, onSent }
    const read = (response: ServiceResponse): Value | Promise<Value> => {
      onAnswer?.(response)
      const { status, text } = response
      if (status >= 200 && status < 300) return decode(text, status)
      const isList = request.method === 'GET' && requestId === null
      if (isList && status === 404 && isJson(text) && known.observeListNotFound()) return decode(text, status)
      const mayHaveActed = request.method !== 'GET'
      const refused = { requestId, mayHaveActed, wallNowMs: clock.wallNow(), hide: createHideSecrets(request) }
      throw errorFromResponse(name, response, refused)
    }
    return exchange(dispatcher, name, request, read, exchangeOptions)
  }

  function pinPath(requestId: string): string {
    // No URL can name these pins: dots would mean another path, and an unpaired surrogate has no UTF-8.
    if (/^\.{1,2}$|\p{Surrogate}/u.test(requestId)) throw new PinNotFoundError(name, requestId)
    return `${basePath}/pins/${encodeURIComponent(requestId)}`
  }

  const reading = (text: string, token: string): Reading => {
    const { namesPinsByCid } = known.current
    return {
      namesPinsByCid,
      hide: token === heldToken ? hideHeldTokenIn?.(text) : undefined,
      hasListedPins: known.answers.hasListedPins,
    }
  }

  const readPin =
    (token: string) =>
    (text: string): Pin =>
      parseReportedPin(name, text, reading(text, token))

  return {
    async listPins(query, callOptions) {
      const { token } = callOptions
      const path = `${basePath}/pins?${encodeListQuery(query)}`
      return call({ origin, method: 'GET', path, token }, null, callOptions, (text, status) =>
        // A 404 gets here only if the service answers an empty list with 404.
        status === 404
          ? { count: 0, pins: [] }
          : (text.length > LONG_PAGE ? parseLongPinPage : parsePinPage)(name, text, reading(text, token)),
      )
    },
    async addPin(pin, callOptions) {
      const { token } = callOptions
      const request = { origin, method: 'POST', path: `${basePath}/pins`, token, body: encodeNewPin(pin) } as const
      return call(request, null, callOptions, readPin(token))
    },
    async getPin(requestId, callOptions) {
      const { token } = callOptions
      const request = { origin, method: 'GET', path: pinPath(requestId), token } as const
      return call(request, requestId, callOptions, readPin(token))
    },
    async replacePin(requestId, pin, callOptions) {
      const { token } = callOptions
      const request = { origin, method: 'POST', path: pinPath(requestId), token, body: encodeNewPin(pin) } as const
      return call(request, requestId, callOptions, readPin(token))
    },
    async removePin(requestId, callOptions) {
      const request = { origin, method: 'DELETE', path: pinPath(requestId), token: callOptions.token } as const
      await call(request, requestId, callOptions, (text) => {
        // Accepts any other success: services answer with an empty body, "OK", or JSON.
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

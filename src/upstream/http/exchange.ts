import { gunzip } from 'node:zlib'
import type { Dispatcher } from 'undici'
import { errors } from 'undici'
import { BodyChunks } from '../../domain/body-chunks.ts'
import { MalformedResponseError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { StopSignal } from '../waiting/stop.ts'
import { RawHeaders, type ServiceHeaders } from './raw-headers.ts'

/** A request to a pinning service. */
export interface ServiceRequest {
  /** Scheme, host and port. */
  readonly origin: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Absolute path with its query, base path included. */
  readonly path: string
  /** Bearer token. */
  readonly token: string
  /** Sent as JSON. Absent: no body is sent. */
  readonly body?: unknown
}

/** The answer to a request, with any status. */
export interface ServiceResponse {
  readonly status: number
  readonly headers: ServiceHeaders
  readonly text: string
}

export interface ExchangeOptions {
  /** Aborts the exchange, which then rejects with `signal.reason`. */
  readonly signal?: StopSignal | undefined
  /** Milliseconds for the whole exchange, including the connection and the body. */
  readonly timeoutMs: number
  /** Largest body that is read, in bytes. A larger one fails the exchange. */
  readonly maxBodyBytes: number
  /**
   * Called at most once: when the request begins to be sent, or when no connection could be made. Not called if the
   * exchange is aborted before.
   */
  readonly onSent?: (() => void) | undefined
}

/**
 * Sends one request and reads the whole answer as text.
 *
 * Redirects are not followed, since they would carry the token to another place. No cookie is kept.
 *
 * @param serviceName configured name, for errors
 * @param read makes a value from the answer. The promise resolves with that value and not with the answer, whose text would
 *   otherwise stay in memory too long.
 * @throws {ServiceUnavailableError} no connection, a reset, or no whole answer within `timeoutMs`. `mayHaveActed` is true
 *   for a POST or DELETE that began to be sent.
 * @throws {MalformedResponseError} the body is larger than `maxBodyBytes`
 * @throws `signal.reason` when aborted
 * @throws whatever `read` throws
 */
export function exchange<Value>(
  dispatcher: Dispatcher,
  serviceName: string,
  request: ServiceRequest,
  read: (response: ServiceResponse) => Value | Promise<Value>,
  options: ExchangeOptions,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted()
    const { origin, method, path, token } = request
    const headers = ['authorization', `Bearer ${token}`, 'accept', 'application/json']
    if (request.body !== undefined) headers.push('content-type', 'application/json')
    const body = request.body === undefined ? null : JSON.stringify(request.body)
    // Undici's `request` would make a stream for each answer. The stream costs more than the rest of the exchange.
    const handler = new ExchangeHandler(serviceName, method, options, (response) => resolve(read(response)), reject)
    dispatcher.dispatch({ origin, method, path, headers, body }, handler)
  })
}

/**
 * An exchange in flight, as undici reports it.
 *
 * The first end counts: the answer, a failure, the deadline, or an abort. Whatever undici reports after that is ignored.
 *
 * The class implements undici's older methods. With the newer ones, undici decodes all headers of every answer.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #serviceName: string
  readonly #method: ServiceRequest['method']
  readonly #options: ExchangeOptions
  readonly #resolve: (response: ServiceResponse) => void
  readonly #reject: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  readonly #onAbort: (() => void) | undefined
  readonly #chunks = new BodyChunks()
  #status = 0
  #rawHeaders: readonly Buffer[] = []
  /**
   * Ends the connection. Undefined until the request begins to be written. Any failure before that, in DNS, routing, TLS or
   * by the deadline, means that the service has seen nothing of the request.
   */
  #disconnect: ((cause: Error) => void) | undefined
  #isOver = false

  /** @param resolve may throw; the exchange then rejects with that error */
  constructor(
    serviceName: string,
    method: ServiceRequest['method'],
    options: ExchangeOptions,
    resolve: (response: ServiceResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#serviceName = serviceName
    this.#method = method
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#expire(), options.timeoutMs)
    const { signal } = options
    if (!signal) return
    // V8 allocates a function that is written as a property value in the old generation. From there it would keep the whole
    // exchange alive past the cheap garbage collections. So the function is assigned to a variable first.
    const onAbort = (): void => this.#stop(signal.reason)
    this.#onAbort = onAbort
    signal.addEventListener('abort', onAbort, { once: true })
  }

  onConnect(disconnect: (cause: Error) => void): void {
    // Undici cannot take back a request that waits for a connection. So the request is ended once it has a connection.
    if (this.#isOver) {
      disconnect(new errors.RequestAbortedError())
      return
    }
    this.#disconnect = disconnect
    this.#options.onSent?.()
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // The final answer overwrites an interim one, such as 103.
    this.#status = status
    this.#rawHeaders = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    const { maxBodyBytes } = this.#options
    this.#chunks.push(chunk)
    const { bytes, areTiny } = this.#chunks
    if (bytes <= maxBodyBytes && !areTiny) return true
    const what = areTiny ? 'in thousands of chunks of a few bytes' : `with more than ${maxBodyBytes} bytes`
    const message = `${this.#serviceName} answered ${what}`
    this.#stop(new MalformedResponseError(message, { service: this.#serviceName }))
    return false
  }

  onComplete(): void {
    if (this.#isOver) return
    this.#end()
    const body = this.#chunks.join()
    if (isGzip(body)) this.#unpack(body)
    else this.#answer(body)
  }

  #answer(body: Buffer): void {
    try {
      const text = body.toString()
      this.#resolve({ status: this.#status, headers: new RawHeaders(this.#rawHeaders), text })
    } catch (error) {
      this.#reject(error)
    }
  }

  /** Unpacks a body that a service, or a cache in front of it, has compressed though nobody asked for it. */
  #unpack(body: Buffer): void {
    const { maxBodyBytes: maxOutputLength } = this.#options
    gunzip(body, { maxOutputLength }, (cause, unpacked) => {
      if (cause === null) return this.#answer(unpacked)
      const isLong = codeOf(cause) === 'ERR_BUFFER_TOO_LARGE'
      const what = isLong ? `with more than ${maxOutputLength} bytes` : 'in gzip that cannot be unpacked'
      const service = this.#serviceName
      this.#reject(new MalformedResponseError(`${service} answered ${what}`, { service, cause }))
    })
  }

  onError(cause: Error): void {
    if (this.#isOver) return
    if (!this.#disconnect) this.#options.onSent?.()
    this.#end()
    this.#reject(this.#unavailable(`could not be reached: ${reason(cause)}`, cause))
  }

  #expire(): void {
    if (!this.#disconnect) this.#options.onSent?.()
    const late = this.#disconnect ? 'did not answer' : 'could not be reached'
    const cause = new errors.RequestAbortedError('timed out')
    this.#stop(this.#unavailable(`${late} within ${this.#options.timeoutMs} ms`, cause))
  }

  /** Ends the exchange before the whole answer has come. */
  #stop(error: unknown): void {
    if (this.#isOver) return
    this.#end()
    this.#reject(error)
    this.#disconnect?.(new errors.RequestAbortedError())
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    if (this.#onAbort) this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  #unavailable(what: string, cause: unknown): ServiceUnavailableError {
    const serviceName = this.#serviceName
    const mayHaveActed = this.#method !== 'GET' && this.#disconnect !== undefined
    return new ServiceUnavailableError(`${serviceName} ${what}`, { service: serviceName, mayHaveActed, cause })
  }
}

/** By its first bytes, since the header may be missing, and reading it would cost each answer something. */
function isGzip(body: Buffer): boolean {
  return body[0] === 0x1f && body[1] === 0x8b
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** Returns a short reason without an address, since an operator may hide the endpoint from clients. */
function reason(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.name : 'unknown failure')
}

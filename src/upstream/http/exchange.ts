import type { Dispatcher } from 'undici'
import { errors } from 'undici'
import { MalformedResponseError, ServiceUnavailableError } from '../../domain/errors.ts'
import type { StopSignal } from '../stop.ts'
import { RawHeaders, type ServiceHeaders } from './raw-headers.ts'

/** One HTTP exchange with a pinning service. */
export interface ServiceRequest {
  /** Scheme, host and port. */
  readonly origin: string
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Absolute path with its query, base path included. */
  readonly path: string
  /** Bearer token. */
  readonly token: string
  /** Sent as JSON. */
  readonly body?: unknown
}

/** What came back: any status, the body as text. */
export interface ServiceResponse {
  readonly status: number
  readonly headers: ServiceHeaders
  readonly text: string
}

export interface ExchangeOptions {
  /** Aborts the exchange; it then rejects with `signal.reason`. */
  readonly signal?: StopSignal | undefined
  /** Milliseconds for the whole exchange, the body included. */
  readonly timeoutMs: number
  /** Largest body that is read, in bytes. */
  readonly maxBodyBytes: number
  /**
   * Called once, when the request begins to be sent, or when it cannot be, for want of a connection. Not called if it is
   * aborted before.
   */
  readonly onSent?: (() => void) | undefined
}

/**
 * Sends one request, and reads the whole answer as text.
 *
 * Redirects are not followed, since they would carry the token elsewhere, and no cookie is kept.
 *
 * @param service configured name, for errors
 * @param read makes the value of the answer. A promise of the answer itself would keep its text in memory for too long
 * @throws {ServiceUnavailableError} not reachable, reset, or not answered within `timeoutMs`; `mayHaveActed` unless nothing
 *   was sent
 * @throws {MalformedResponseError} the body is larger than `maxBodyBytes`
 * @throws `signal.reason` when aborted
 * @throws what `read` throws
 */
export function exchange<Value>(
  dispatcher: Dispatcher,
  service: string,
  request: ServiceRequest,
  options: ExchangeOptions,
  read: (response: ServiceResponse) => Value,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    options.signal?.throwIfAborted()
    const { origin, method, path, token } = request
    const headers = ['authorization', `Bearer ${token}`, 'accept', 'application/json']
    if (request.body !== undefined) headers.push('content-type', 'application/json')
    const body = request.body === undefined ? null : JSON.stringify(request.body)
    // `request` would make a stream for each answer, which costs more than the rest of the exchange.
    const handler = new ExchangeHandler(service, method, options, (response) => resolve(read(response)), reject)
    dispatcher.dispatch({ origin, method, path, headers, body }, handler)
  })
}

/**
 * One exchange that is in flight, as undici reports it.
 *
 * The first end counts: the answer, a failure, the deadline, or an abort. What undici reports after that is ignored. These
 * are undici's older methods: with the newer ones it decodes all headers of every answer.
 */
class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #service: string
  readonly #method: ServiceRequest['method']
  readonly #options: ExchangeOptions
  readonly #resolve: (response: ServiceResponse) => void
  readonly #reject: (error: unknown) => void
  readonly #timer: NodeJS.Timeout
  readonly #onAbort: (() => void) | undefined
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0
  #status = 0
  #rawHeaders: readonly Buffer[] = []
  /**
   * Ends the connection. Undefined until the request begins to be written: before that a connection must be made, and
   * whatever goes wrong with it, name, route, TLS or time, the service has seen nothing of the request.
   */
  #disconnect: ((cause: Error) => void) | undefined
  #isOver = false

  /** @param resolve may throw, which is a failure like any other */
  constructor(
    service: string,
    method: ServiceRequest['method'],
    options: ExchangeOptions,
    resolve: (response: ServiceResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#service = service
    this.#method = method
    this.#options = options
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#expire(), options.timeoutMs)
    const { signal } = options
    if (!signal) return
    // V8 makes a function that is written as the value of a property in the old generation. From there it would keep the
    // whole exchange from the cheap garbage collection, so it is a variable first.
    const onAbort = (): void => this.#stop(signal.reason)
    this.#onAbort = onAbort
    signal.addEventListener('abort', onAbort, { once: true })
  }

  onConnect(disconnect: (cause: Error) => void): void {
    // A request that waits for a connection cannot be taken back, so it is ended when its turn comes.
    if (this.#isOver) {
      disconnect(new errors.RequestAbortedError())
      return
    }
    this.#disconnect = disconnect
    this.#options.onSent?.()
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    // An interim answer, such as 103, is overwritten by the one that follows it.
    this.#status = status
    this.#rawHeaders = headers
    return true
  }

  onData(chunk: Buffer): boolean {
    const { maxBodyBytes } = this.#options
    this.#sizeBytes += chunk.length
    this.#chunks.push(chunk)
    if (this.#sizeBytes <= maxBodyBytes) return true
    const message = `${this.#service} answered with more than ${maxBodyBytes} bytes`
    this.#stop(new MalformedResponseError(message, { service: this.#service }))
    return false
  }

  onComplete(): void {
    if (this.#isOver) return
    this.#end()
    const [only = Buffer.alloc(0)] = this.#chunks
    const body = this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#sizeBytes) : only
    try {
      this.#resolve({ status: this.#status, headers: new RawHeaders(this.#rawHeaders), text: body.toString() })
    } catch (error) {
      this.#reject(error)
    }
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

  /** Ends the exchange before its answer has come. */
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
    const service = this.#service
    const mayHaveActed = this.#method !== 'GET' && this.#disconnect !== undefined
    return new ServiceUnavailableError(`${service} ${what}`, { service, mayHaveActed, cause })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** A short reason that names no address: an operator may hide the endpoint from clients. */
function reason(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.name : 'unknown failure')
}

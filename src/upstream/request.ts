import type { Dispatcher } from 'undici'
import { errors } from 'undici'
import { MalformedResponseError, ServiceUnavailableError } from '../domain/errors.ts'
import { SendProgress } from './send-progress.ts'
import { untilAborted } from './single-flight.ts'

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
  readonly headers: ReadonlyMap<string, string>
  readonly text: string
}

export interface ExchangeOptions {
  /** Aborts the exchange; it then rejects with `signal.reason`. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds for the whole exchange, the body included. */
  readonly timeoutMs: number
  /** Largest body that is read, in bytes. */
  readonly maxBodyBytes: number
}

/**
 * Sends one request and reads the whole answer as text.
 *
 * Redirects are not followed, since they would carry the token elsewhere, and no cookie is kept.
 *
 * @param service configured name, for errors
 * @throws {ServiceUnavailableError} not reachable, reset, or not answered within `timeoutMs`; `mayHaveActed` unless nothing
 *   was sent
 * @throws {MalformedResponseError} the body is larger than `maxBodyBytes`
 * @throws `signal.reason` when aborted
 */
export async function exchange(
  dispatcher: Dispatcher,
  service: string,
  request: ServiceRequest,
  options: ExchangeOptions,
): Promise<ServiceResponse> {
  const { signal, timeoutMs } = options
  signal?.throwIfAborted()
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(signal?.reason)
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer = setTimeout(() => stop.abort(new errors.RequestAbortedError('timed out')), timeoutMs)
  const progress = new SendProgress()
  try {
    const asked = dispatcher.request({
      origin: request.origin,
      method: request.method,
      path: request.path,
      headers: {
        authorization: `Bearer ${request.token}`,
        accept: 'application/json',
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: stop.signal,
      opaque: progress,
    })
    // Undici looks at the signal only once it has a connection.
    const response = await untilAborted(asked, stop.signal)
    const text = await readText(response.body, service, options.maxBodyBytes)
    return { status: response.statusCode, headers: headerMap(response.headers), text }
  } catch (cause) {
    signal?.throwIfAborted()
    if (cause instanceof MalformedResponseError) throw cause
    const { isSent } = progress
    const late = isSent ? 'did not answer' : 'could not be reached'
    const what = stop.signal.aborted ? `${late} within ${timeoutMs} ms` : `could not be reached: ${reason(cause)}`
    const mayHaveActed = request.method !== 'GET' && isSent
    throw new ServiceUnavailableError(`${service} ${what}`, { service, mayHaveActed, cause })
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

async function readText(body: Dispatcher.ResponseData['body'], service: string, maxBodyBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length
    // Leaving the loop destroys the body, and with it the connection.
    if (size > maxBodyBytes) {
      throw new MalformedResponseError(`${service} answered with more than ${maxBodyBytes} bytes`, { service })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function headerMap(headers: Record<string, string | string[] | undefined>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? (value[0] ?? '') : (value ?? '')]),
  )
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** A short reason that names no address: an operator may hide the endpoint from clients. */
function reason(error: unknown): string {
  return codeOf(error) || (error instanceof Error ? error.name : 'unknown failure')
}

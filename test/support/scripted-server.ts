import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { type ErrorBodyForm, errorBodies } from './providers/error-bodies.ts'
import { Refusal } from './providers/refusal.ts'

/** One request as it arrived, whole. */
interface ScriptedRequest {
  /** Milliseconds since 1970, with fractions. */
  readonly at: number
  readonly method: string
  /** Still percent-encoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Answers one request, well or badly. `signal` aborts when the connection closes. */
export type ScriptedHandler = (
  response: ServerResponse,
  request: ScriptedRequest,
  signal: AbortSignal,
) => void | Promise<void>

export interface ScriptedServer extends AsyncDisposable {
  readonly endpoint: string
  readonly requests: readonly ScriptedRequest[]
  /** Requests for which no handler was left; they were answered 500. */
  readonly unscripted: readonly ScriptedRequest[]
  /** Appends handlers; each answers one request, in the order of arrival. */
  reply(...handlers: readonly ScriptedHandler[]): ScriptedServer
  /** Throws unless each request had its handler and each handler its request. */
  assertDone(): void
}

/** Starts a server that answers each request exactly as scripted, well or rudely, and knows nothing of pins. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = []
  const unscripted: ScriptedRequest[] = []
  const handlers: ScriptedHandler[] = []
  const failures: unknown[] = []

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const closed = new AbortController()
    response.once('close', () => closed.abort())
    // Taken before the body is read, so that the order of the script is that of arrival.
    const handler = handlers.shift()
    const request = await describeRequest(incoming)
    requests.push(request)
    if (handler) return handler(response, request, closed.signal)
    unscripted.push(request)
    return text(500, `Unscripted request: ${request.method} ${request.path}`)(response, request, closed.signal)
  }

  const server = createServer((incoming, response) => {
    answer(incoming, response).catch((error: unknown) => {
      // An error of a handler after its client went away does not matter.
      if (response.destroyed || !incoming.complete) return
      failures.push(error)
      incoming.socket.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const upstream: ScriptedServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    unscripted,
    reply(...more) {
      handlers.push(...more)
      return upstream
    },
    assertDone() {
      if (failures.length > 0) throw new AggregateError(failures, 'A scripted handler failed')
      const stray = unscripted.map(({ method, path }) => `${method} ${path}`)
      if (stray.length > 0) throw new Error(`Expected no unscripted request, got ${stray.join(', ')}`)
      if (handlers.length > 0) throw new Error(`Expected ${handlers.length} more requests`)
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
  return upstream
}

/** Valid JSON, unless `body` is a string: that is sent as it stands, as JSON. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): ScriptedHandler {
  const document = typeof body === 'string' ? body : JSON.stringify(body)
  return (response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(document)
}

export function text(status: number, body: string, headers: Record<string, string> = {}): ScriptedHandler {
  return (response) => void response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body)
}

export function html(status: number, body: string, headers: Record<string, string> = {}): ScriptedHandler {
  return (response) => void response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body)
}

/** No body; headers as given, such as a content type that promises one. */
export function emptyBody(status: number, headers: Record<string, string> = {}): ScriptedHandler {
  return (response) => void response.writeHead(status, headers).end()
}

/** The first half of a JSON document, ended as if that were all. */
export function truncatedJson(status: number, body: unknown): ScriptedHandler {
  const document = JSON.stringify(body)
  return json(status, document.slice(0, Math.floor(document.length / 2)))
}

/** One of the twelve forms of error bodies, by name. */
export function errorForm(form: ErrorBodyForm, status: number, reason: string, details: string): ScriptedHandler {
  const { headers, body } = errorBodies[form](new Refusal(status, reason, details))
  return (response) => void response.writeHead(status, headers).end(body)
}

export function redirect(location: string, status = 302): ScriptedHandler {
  return emptyBody(status, { location })
}

/** Breaks the connection with a TCP reset: before anything is said, or after `sent` of an endless body. */
export function reset(sent?: string): ScriptedHandler {
  return async (response, _request, signal) => {
    if (sent !== undefined) {
      response.writeHead(200, { 'content-type': 'application/json' })
      await new Promise((resolve) => response.write(sent, resolve))
      // Bytes and a reset that arrive together look like an orderly end to libuv, so the bytes get a head start.
      await delay(20, undefined, { signal })
    }
    response.socket?.resetAndDestroy()
  }
}

/** Never answers; with `sent`, answers so far and then no more. */
export function stall(sent?: string): ScriptedHandler {
  return (response) => {
    if (sent !== undefined) response.writeHead(200, { 'content-type': 'application/json' }).write(sent)
  }
}

/** A valid JSON document in pieces of `chunkBytes`, one every `everyMs`. */
export function slowBody(
  status: number,
  body: unknown,
  pace: { chunkBytes: number; everyMs: number },
): ScriptedHandler {
  return async (response, _request, signal) => {
    const document = Buffer.from(JSON.stringify(body))
    response.writeHead(status, { 'content-type': 'application/json' })
    for (let start = 0; start < document.length; start += pace.chunkBytes) {
      await delay(pace.everyMs, undefined, { signal })
      response.write(document.subarray(start, start + pace.chunkBytes))
    }
    response.end()
  }
}

/** Valid JSON of `sizeBytes`, without a content length that would give it away. */
export function hugeBody(status: number, sizeBytes: number): ScriptedHandler {
  const block = Buffer.alloc(65_536, 'x')
  return async (response, _request, signal) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.write('"')
    for (let left = sizeBytes - 2; left > 0; left -= block.length) {
      if (!response.write(block.subarray(0, left))) await once(response, 'drain', { signal })
    }
    response.end('"')
  }
}

/** Announces `excess` bytes more than it sends (fewer, when negative), and closes the connection after them. */
export function wrongContentLength(status: number, body: unknown, excess = 100): ScriptedHandler {
  const document = JSON.stringify(body)
  return (response) => {
    const length = Buffer.byteLength(document) + excess
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, connection: 'close' })
    response.end(document)
  }
}

async function describeRequest(incoming: IncomingMessage): Promise<ScriptedRequest> {
  const at = performance.timeOrigin + performance.now()
  const { method = '', url = '/', headers } = incoming
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1')
  return { at, method, path: pathname, query: searchParams, headers, body: await readText(incoming) }
}

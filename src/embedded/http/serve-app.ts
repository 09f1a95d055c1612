import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { IDLE_CONNECTION_MS } from '../../domain/idle-connections.ts'
import { type RequestLine, watchRequests } from './watch-requests.ts'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Milliseconds after which a client is disconnected that neither sends nor reads anything of a request or an answer. */
const SILENCE_TIMEOUT_MS = 30_000
/** More than a gateway needs, whose budget for the service is 2,000 requests a second. */
const MAX_CONNECTIONS = 4_000
/** Milliseconds for which a stop waits for requests in flight. Most are answered in a few. */
const STOP_MS = 1_000

/** A server that listens. Disposing it waits until requests in flight are answered, though not longer than a second. */
export interface ServedApp extends AsyncDisposable {
  /** Base URL without a trailing slash. */
  readonly endpoint: string
}

/**
 * Serves an app over HTTP.
 *
 * @param options.port 0 for any free port
 * @param options.onRequest called with each request when it is over
 * @throws {Error} when the system refuses the address, such as a port that is in use
 */
export async function serveApp(
  { fetch }: { readonly fetch: Parameters<typeof createAdaptorServer>[0]['fetch'] },
  options: { readonly host: string; readonly port: number; readonly onRequest?: (line: RequestLine) => void },
): Promise<ServedApp> {
  const server = createAdaptorServer({ fetch }) as Server
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.timeout = SILENCE_TIMEOUT_MS
  server.keepAliveTimeout = IDLE_CONNECTION_MS
  server.maxConnections = MAX_CONNECTIONS
  const inFlight = new InFlight(server)
  if (options.onRequest) watchRequests(server, options.onRequest)
  await new Promise<void>((resolve, reject) => {
    // It stays: a connection that cannot be accepted, for want of memory, must not end the thread.
    server.on('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { address, family, port } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return {
    endpoint: `http://${host}:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      await inFlight.finish(STOP_MS)
      // Node counts a connection that never sent a request as busy.
      server.closeAllConnections()
      await closed
    },
  }
}

/** Counts the requests of a server that are not answered yet. */
class InFlight {
  #count = 0
  #onNone: () => void = () => {}

  constructor(server: Server) {
    server.on('request', (_, res) => {
      this.#count++
      res.once('close', () => {
        if (--this.#count === 0) this.#onNone()
      })
    })
  }

  /** Resolves when no request is in flight, or when the time is over. */
  async finish(timeoutMs: number): Promise<void> {
    if (this.#count === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#onNone = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'

const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
/** Milliseconds after which a client is disconnected that neither sends nor reads anything. */
const SILENCE_TIMEOUT_MS = 30_000
/** More than a gateway needs, whose budget for the service is 2,000 requests a second. */
const MAX_CONNECTIONS = 4_000

/** A server that listens. Disposing it waits until requests in flight are answered. */
export interface ServedApp extends AsyncDisposable {
  /** Base URL without a trailing slash. */
  readonly endpoint: string
}

/**
 * Serves an app over HTTP.
 *
 * @param options.port 0 for any free port
 * @throws {Error} when the system refuses the address, such as a port that is in use
 */
export async function serveApp(
  { fetch }: { readonly fetch: Parameters<typeof createAdaptorServer>[0]['fetch'] },
  options: { readonly host: string; readonly port: number },
): Promise<ServedApp> {
  const server = createAdaptorServer({ fetch }) as Server
  server.headersTimeout = HEADERS_TIMEOUT_MS
  server.requestTimeout = REQUEST_TIMEOUT_MS
  server.timeout = SILENCE_TIMEOUT_MS
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    // It stays: a connection that cannot be accepted, for want of memory, must not end the thread.
    server.on('error', reject)
    server.listen(options.port, options.host, resolve)
  })
  const { address, family, port } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return {
    endpoint: `http://${host}:${port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

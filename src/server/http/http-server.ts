import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { IDLE_CONNECTION_MS } from '../../domain/idle-connections.ts'
import type { HttpConnections } from './http-connections.ts'
import type { RequestsInFlight } from './requests-in-flight.ts'

export interface HttpServer extends AsyncDisposable {
  /** The port on which the server listens. */
  readonly port: number
}

/** Milliseconds after which a stop closes connections whose request has not come in whole: nothing of it has been done. */
const UNFINISHED_MS = 1_000
/** Milliseconds between two checks for slow clients. A client is closed up to this long after its time is over. */
const CHECK_MS = 1_000

export interface HttpServerOptions {
  readonly host: string
  readonly port: number
  readonly shutdownTimeoutMs: number
  /** Takes over connections whose client offers another protocol, such as WebSocket. Default: the offer is ignored. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Called when stopping. Ends connections that would never end by themselves, while requests in flight finish. */
  readonly drain?: () => Promise<void>
  /** Requests that the listener has taken and not answered. The listener counts them. */
  readonly inFlight: RequestsInFlight
  /** Milliseconds in which a client must send the head of a request. */
  readonly headersTimeoutMs: number
  /** Milliseconds in which a client must send a whole request. */
  readonly receiveTimeoutMs: number
  /** Counts connections, and closes or refuses those that are too many. */
  readonly connections: HttpConnections
}

/**
 * Listens on host and port.
 *
 * Disposing stops listening, lets requests in flight finish for up to `shutdownTimeoutMs`, and then closes what is left. Requests that
 * have not come in whole after a second are not waited for.
 *
 * @throws {Error} when the address cannot be listened on, saying how to choose another
 */
export async function startHttpServer(listener: RequestListener, options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, shutdownTimeoutMs, upgrade, drain, inFlight, connections } = options
  let accepting = true

  const times = {
    keepAliveTimeout: IDLE_CONNECTION_MS,
    headersTimeout: Math.min(options.headersTimeoutMs, options.receiveTimeoutMs),
    requestTimeout: options.receiveTimeoutMs,
    connectionsCheckingInterval: CHECK_MS,
  }
  const server = createServer(times, (req, res) => {
    if (connections.closeIfFull(req.socket)) return
    if (!accepting) res.setHeader('connection', 'close')
    listener(req, res)
  })
  inFlight.reportTo(connections)
  admitOnly(server, connections)
  // Such as a connection that cannot be accepted for want of memory. The next one may be.
  server.on('error', () => {})
  if (upgrade)
    server.on('upgrade', (req, socket, head) => {
      connections.release(req.socket)
      upgrade(req, socket, head)
    })
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(`Cannot listen on ${host}, port ${port}: ${listenTrouble(cause)}`, { cause })
  }

  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      if (!accepting) return
      accepting = false
      const closed = once(server, 'close')
      server.close()
      for (const res of inFlight.responses) {
        if (!res.headersSent) res.setHeader('connection', 'close')
      }
      const timer = setTimeout(() => closeUnfinished(inFlight), UNFINISHED_MS)
      await Promise.all([drain?.(), inFlight.finish(shutdownTimeoutMs)])
      clearTimeout(timer)
      // Node counts a connection that never sent a request as busy, so closing idle ones is not enough.
      server.closeAllConnections()
      await closed
    },
  }
}

function closeUnfinished({ responses }: RequestsInFlight): void {
  for (const { req } of responses) if (!req.complete) req.destroy()
}

/** Lets the server serve only connections that are admitted. An admitted one may come again: see `ignoreUpgrade`. */
function admitOnly(server: Server, connections: HttpConnections): void {
  const serve = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection')
  server.on('connection', (socket: Socket) => {
    if (connections.admit(socket)) for (const each of serve) each.call(server, socket)
  })
}

/** Says why an address cannot be listened on, and which setting would help. */
function listenTrouble(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  const port = '--port or PINQL_PORT chooses another.'
  if (code === 'EADDRINUSE') return `the port is taken. ${port}`
  if (code === 'EACCES') return `the port is not for everybody (EACCES). ${port}`
  const host = 'expected an address of this machine; --host or PINQL_HOST chooses another.'
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL' || code === 'EAI_AGAIN')
    return `no such address (${code}): ${host}`
  return String(error)
}

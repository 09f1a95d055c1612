import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ignoreUpgrade, isWebSocketUpgrade } from './ignore-upgrade.ts'

export interface HttpServer extends AsyncDisposable {
  /** The port that is listened on. */
  readonly port: number
  /** False from the moment that stopping begins. */
  isAccepting(): boolean
}

// Longer than the 60 s of common load balancers, which must be the side that closes an idle connection.
const KEEP_ALIVE_MS = 65_000

export interface HttpServerOptions {
  readonly host: string
  readonly port: number
  readonly shutdownTimeoutMs: number
  /** Takes over connections that become WebSockets. Default: requests to that end are answered like others. */
  readonly upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Ends what would never end by itself, when stopping; requests in flight are waited for beside it. */
  readonly drain?: () => Promise<void>
}

/**
 * Listens on host and port.
 *
 * Disposing stops listening, lets requests in flight finish for up to `shutdownTimeoutMs`, and then closes what is left.
 *
 * @throws {Error} when the address cannot be listened on, saying how to choose another
 */
export async function startHttpServer(listener: RequestListener, options: HttpServerOptions): Promise<HttpServer> {
  const { host, port, shutdownTimeoutMs, upgrade, drain } = options
  const inFlight = new Map<Socket, Set<ServerResponse>>()
  const watched = new WeakSet<Socket>()
  let accepting = true
  let onIdle: (() => void) | undefined

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 60_000 }, (req, res) => {
    if (!accepting) res.setHeader('connection', 'close')
    const { socket } = req
    const responses = inFlight.get(socket) ?? new Set()
    inFlight.set(socket, responses.add(res))
    // Answers that wait behind another are never told that their connection is gone.
    if (!watched.has(socket)) socket.once('close', () => release(socket))
    watched.add(socket)
    res.once('close', () => {
      responses.delete(res)
      if (responses.size === 0) release(socket)
    })
    listener(req, res)
  })
  function release(socket: Socket): void {
    if (inFlight.delete(socket) && inFlight.size === 0) onIdle?.()
  }
  if (upgrade) {
    server.on('upgrade', (request, socket, head) => {
      if (isWebSocketUpgrade(request)) upgrade(request, socket, head)
      else ignoreUpgrade(server, request, socket, head)
    })
  }
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new Error(`Cannot listen on ${host}, port ${port}: ${listenTrouble(cause)}`, { cause })
  }

  function finishInFlight(): Promise<void> {
    if (inFlight.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, shutdownTimeoutMs)
      onIdle = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    port: (server.address() as AddressInfo).port,
    isAccepting: () => accepting,
    async [Symbol.asyncDispose]() {
      if (!accepting) return
      accepting = false
      const closed = once(server, 'close')
      server.close()
      for (const res of [...inFlight.values()].flatMap((responses) => [...responses])) {
        if (!res.headersSent) res.setHeader('connection', 'close')
      }
      await Promise.all([drain?.(), finishInFlight()])
      // Node counts a connection that never sent a request as busy, so closing idle ones is not enough.
      server.closeAllConnections()
      await closed
    },
  }
}

/** Why an address cannot be listened on, and which setting would help. */
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

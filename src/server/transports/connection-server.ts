import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError } from 'graphql'
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import { type Server, type ServerOptions, WebSocketServer } from 'ws'
import type { ClockTimer } from '../../upstream/waiting/clock.ts'
import type { OperationRequest } from '../graphql/operation-request.ts'
import type { HttpContext } from '../http/graphql-handler.ts'
import { GRAPHQL_PATH, isGraphqlPath, pathOf } from '../http/graphql-path.ts'
import { sendJson } from '../http/send-json.ts'
import { capError } from './connections/cap-error.ts'
import type { Connection, ConnectionOwner, ConnectionParts } from './connections/connection-parts.ts'
import { drainInSlices, drainTimeMs } from './connections/drain-in-slices.ts'
import { Heartbeat } from './connections/heartbeat.ts'
import { longestUnreadMs } from './connections/longest-unread-ms.ts'
import { breakOff, EVENT_STREAM_HEADERS, EventStreamConnection } from './event-stream/event-stream-connection.ts'
import { EventStreamRefusal, readEventStreamRequest } from './event-stream/event-stream-request.ts'
import { CLOSE_REASONS } from './web-socket/close-reasons.ts'
import { ServedSocket } from './web-socket/served-socket.ts'
import { SocketConnection } from './web-socket/socket-connection.ts'

export interface ConnectionServerOptions extends ConnectionParts {
  /** Largest message of a WebSocket in bytes. */
  readonly maxMessageBytes: number
  /** Largest body of a request for an event stream in bytes. */
  readonly maxRequestBytes: number
  /** Milliseconds between pings. */
  readonly pingIntervalMs: number
  /** Milliseconds after which a connection is closed whose client has stopped reading. */
  readonly stallTimeoutMs: number
  /** Milliseconds over which connections are closed when the gateway stops. */
  readonly drainMs: number
}

/** A client that has not answered a close within this time is disconnected. */
const CLOSE_TIMEOUT_MS = 2_000

/** Serves WebSockets and event streams at /graphql. */
export class ConnectionServer implements ConnectionOwner, Disposable {
  readonly #options: ConnectionServerOptions
  readonly #sockets: Server<typeof ServedSocket>
  readonly #connections = new Set<Connection>()
  readonly #heartbeat: Heartbeat<Connection>
  #timer: ClockTimer
  #onEmpty: (() => void) | null = null
  #isDraining = false

  constructor(options: ConnectionServerOptions) {
    this.#options = options
    const settings: ServerOptions<typeof ServedSocket> & { closeTimeout: number } = {
      WebSocket: ServedSocket,
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.maxMessageBytes,
      closeTimeout: CLOSE_TIMEOUT_MS,
      handleProtocols: (offered) => offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) && GRAPHQL_TRANSPORT_WS_PROTOCOL,
    }
    this.#sockets = new WebSocketServer(settings)
    this.#heartbeat = new Heartbeat((connection) => {
      const { unreadSince, unreadBytes } = connection
      const longestMs = longestUnreadMs(options.stallTimeoutMs, unreadBytes)
      if (unreadSince !== null && options.clock.now() - unreadSince >= longestMs) connection.stall()
      else connection.beat()
    })
    this.#timer = this.#planStep()
  }

  opened(connection: Connection): void {
    this.#connections.add(connection)
    this.#heartbeat.add(connection)
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
    this.#heartbeat.delete(connection)
    if (this.#connections.size === 0) this.#onEmpty?.()
  }

  /** Milliseconds over which `drain` would close all connections now. */
  get drainTimeMs(): number {
    return drainTimeMs(this.#connections.size, this.#options.drainMs)
  }

  /** Makes a WebSocket of a request. A request that the guard refuses gets an answer over HTTP. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { guard, caps } = this.#options
    const isHere = isGraphqlPath(pathOf(request))
    const refusal = isHere ? guard.refusalOf(request) : { status: 404, message: `WebSockets are at ${GRAPHQL_PATH}` }
    if (refusal) {
      refuse(socket, refusal.status, refusal.message)
      return
    }
    if (this.#isDraining) {
      refuse(socket, 503, CLOSE_REASONS.goingAway[1])
      return
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => {
      const tally = caps.open(addressOf(request))
      if (!tally || ws.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
        tally?.close()
        const [code, reason] = tally ? CLOSE_REASONS.wrongProtocol : CLOSE_REASONS.tooMany
        ws.on('error', () => {})
        ws.close(code, reason)
        return
      }
      new SocketConnection(ws, request, { head, parts: this.#options, tally, owner: this })
    })
  }

  /** True for a subscription whose document is valid. */
  isSubscription(request: OperationRequest): boolean {
    return this.#options.operations.typeOf(request) === 'subscription'
  }

  /**
   * Answers a request with an event stream. The guard has let the request pass.
   *
   * @param options.asked the operation, if it has been read already
   */
  async serveEventStream(
    req: IncomingMessage,
    res: ServerResponse,
    options: HttpContext & { asked?: OperationRequest },
  ): Promise<void> {
    const { requestId, gone, asked } = options
    const { caps, identify, operations, maxRequestBytes } = this.#options
    // The request waits behind another answer on its connection. That answer may be an endless stream.
    const isQueued = res.socket === null
    const tally = isQueued ? null : caps.open(addressOf(req))
    try {
      if (isQueued)
        throw new EventStreamRefusal(400, 'Expected one event stream per connection, got several requests in a row')
      const caller = tally && (await identify({ headers: req.headers }))
      if (!caller || !tally.enter(caller.key))
        throw new EventStreamRefusal(429, 'Too many event streams, try again later')
      const request = asked ?? (await readEventStreamRequest(req, { maxBytes: maxRequestBytes, gone }))
      if (this.#isDraining) throw new EventStreamRefusal(503, CLOSE_REASONS.goingAway[1])
      if (!request || gone.aborted) {
        tally.close()
        return
      }
      const exceeded = tally.begin()
      const connection = new EventStreamConnection(res, {
        parts: this.#options,
        tally,
        owner: this,
        requestId,
      })
      if (exceeded) {
        connection.fail(capError(exceeded))
        return
      }
      const lastCursor = req.headers['last-event-id']?.toString() || null
      const isReadOnly = req.method === 'GET'
      connection.follow(operations.start(request, { caller, requestId }, connection, { isReadOnly, lastCursor }))
    } catch (error) {
      tally?.close()
      if (gone.aborted) return
      if (error instanceof GraphQLError) {
        sendJson(res, 400, { errors: operations.visible(error, requestId) })
        return
      }
      if (!(error instanceof EventStreamRefusal)) throw error
      // The rest of the body is not read, so no other request can follow on this connection.
      if (!req.complete) res.setHeader('connection', 'close')
      if (error.isPassing && req.method === 'GET') {
        // A browser's `EventSource` gives up for good at any other status. After a lost connection, it connects again.
        breakOff(res.writeHead(200, EVENT_STREAM_HEADERS))
        return
      }
      sendJson(res, error.status, { errors: [{ message: error.message, extensions: { code: error.code } }] })
    }
  }

  /**
   * Closes all connections, spread over `drainMs`, and refuses new ones. Queries and mutations in flight are answered first.
   * Resolves when all connections are closed.
   *
   * @param graceMs milliseconds after which connections are closed that are still busy
   */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true
    await drainInSlices(this.#connections, this.#options.drainMs)
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    for (const connection of this.#connections) connection.terminate()
  }

  [Symbol.dispose](): void {
    this.#timer.cancel()
    for (const connection of this.#connections) connection.terminate()
  }

  #planStep(): ClockTimer {
    const { clock, pingIntervalMs } = this.#options
    const step = (): void => {
      this.#timer = this.#planStep()
      this.#heartbeat.step()
    }
    return clock.setTimeout(step, Heartbeat.stepMs(pingIntervalMs), { keepsAlive: true })
  }
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress ?? ''
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = `${JSON.stringify({ errors: [{ message }] })}\n`
  // A client that does not wait for the answer causes an error.
  socket.on('error', () => {})
  // A client that does not close its side would keep the connection.
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

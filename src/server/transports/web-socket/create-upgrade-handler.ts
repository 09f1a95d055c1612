import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws'
import { type ServerOptions, WebSocketServer } from 'ws'
import { GRAPHQL_PATH, isGraphqlPath, pathOf } from '../../http/graphql-path.ts'
import type { ConnectionOwner, ConnectionParts } from '../connections/connection-parts.ts'
import { CLOSE_REASONS } from './close-reasons.ts'
import { ServedSocket } from './served-socket.ts'
import { SocketConnection } from './socket-connection.ts'

/** Makes a WebSocket of a request. A request that is refused gets an answer over HTTP. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A client that has not answered a close within this time is disconnected. */
const CLOSE_TIMEOUT_MS = 2_000
/**
 * Bytes that a frame of a message, or a chunk of a frame, has on average at least. Each takes more than a hundred bytes in memory until the
 * message is complete, however few it brings. Clients that split their messages send kilobytes in a frame, and networks 536 bytes in a packet.
 */
const BYTES_PER_PIECE = 256
/** Pieces that any message may have. */
const FEW_PIECES = 16

/**
 * Creates the handler that opens WebSockets.
 *
 * @param options.maxMessageBytes largest message of a client in bytes
 */
export function createUpgradeHandler(
  parts: ConnectionParts,
  { owner, maxMessageBytes }: { readonly owner: ConnectionOwner; readonly maxMessageBytes: number },
): UpgradeHandler {
  const { guard, caps, addressOf } = parts
  const settings: ServerOptions<typeof ServedSocket> & {
    closeTimeout: number
    maxFragments: number
    maxBufferedChunks: number
  } = {
    WebSocket: ServedSocket,
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    maxFragments: piecesOf(maxMessageBytes),
    maxBufferedChunks: piecesOf(maxMessageBytes),
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (offered) => offered.has(GRAPHQL_TRANSPORT_WS_PROTOCOL) && GRAPHQL_TRANSPORT_WS_PROTOCOL,
  }
  const sockets = new WebSocketServer(settings)
  return (request, socket, head) => {
    const isHere = isGraphqlPath(pathOf(request))
    const refusal = isHere ? guard.refusalOf(request) : { status: 404, message: `WebSockets are at ${GRAPHQL_PATH}` }
    if (refusal) {
      refuse(socket, refusal.status, refusal.message)
      return
    }
    if (owner.isDraining) {
      refuse(socket, 503, CLOSE_REASONS.goingAway[1])
      return
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      const tally = caps.open(addressOf(request))
      if (!tally || ws.protocol !== GRAPHQL_TRANSPORT_WS_PROTOCOL) {
        tally?.close()
        const [code, reason] = tally ? CLOSE_REASONS.wrongProtocol : CLOSE_REASONS.tooMany
        ws.on('error', () => {})
        ws.close(code, reason)
        return
      }
      new SocketConnection(ws, request, { head, parts, tally, owner })
    })
  }
}

/** Returns the most frames that a message may have, and the most chunks that a frame may have. */
function piecesOf(maxMessageBytes: number): number {
  return Math.max(FEW_PIECES, Math.ceil(maxMessageBytes / BYTES_PER_PIECE))
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

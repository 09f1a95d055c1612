import type { IncomingMessage } from 'node:http'
import type { RequestRoom } from '../../../domain/request-room.ts'
import type { Logger } from '../../../observability/logger.ts'
import type { Clock } from '../../../upstream/waiting/clock.ts'
import type { Identify } from '../../caller/caller.ts'
import type { Operations } from '../../graphql/operations.ts'
import type { RequestGuard } from '../../http/request-guard.ts'
import type { ConnectionCaps } from './connection-caps.ts'
import type { KeptBytes } from './kept-bytes.ts'

/** Parts that all connections share. */
export interface ConnectionParts {
  readonly operations: Operations
  readonly caps: ConnectionCaps
  /** Counts the bytes of messages that wait until clients read. */
  readonly kept: KeptBytes
  /** Bounds the bytes of what clients send. */
  readonly room: RequestRoom
  /** Lets messages of WebSockets wait for a turn of the event loop in which they may be taken. */
  readonly messageTurns: { next(bytes: number): Promise<void> | undefined }
  readonly identify: Identify
  readonly guard: RequestGuard
  /** Returns the address of the client that sent a request, by which limits count. */
  readonly addressOf: (request: IncomingMessage) => string
  /** Stops counting the connection of a request as one of HTTP: it has become an event stream. */
  readonly leaveHttp: (request: IncomingMessage) => void
  readonly log: Logger
  /** Times pings, and how long clients leave something unread. */
  readonly clock: Clock
}

/** A WebSocket or an event stream. */
export interface Connection {
  /**
   * Called once per ping interval. Sends a ping frame over a WebSocket, which the client answers, or a comment over an event
   * stream.
   *
   * The message `ping` of graphql-transport-ws cannot replace the frame: genqlient 0.8 fails when it gets one.
   */
  beat(): void
  /** Time since which the client has had something to read, on the clock of {@link ConnectionParts}. Null when it has read everything. */
  readonly unreadSince: number | null
  /** Bytes that the client has to read before it can answer the ping in flight. */
  readonly unreadBytes: number
  /** Closes the connection, since the client has read nothing for too long. */
  stall(): void
  /** Begins no more operations, and closes once queries and mutations in flight have been answered. The gateway stops. */
  goAway(): void
  /** Closes the connection at once, with all operations in flight. */
  terminate(): void
}

/** Keeps the list of open connections. */
export interface ConnectionOwner {
  opened(connection: Connection): void
  closed(connection: Connection): void
  /** True once the gateway stops. No connection may be opened then. */
  readonly isDraining: boolean
}

import type { Logger } from '../../../observability/logger.ts'
import type { Identify } from '../../caller/caller.ts'
import type { Operations } from '../../graphql/operations.ts'
import type { RequestGuard } from '../../http/request-guard.ts'
import type { ConnectionCaps } from './connection-caps.ts'

/** What all connections work with. */
export interface ConnectionParts {
  readonly operations: Operations
  readonly caps: ConnectionCaps
  readonly identify: Identify
  readonly guard: RequestGuard
  readonly log: Logger
}

/** A WebSocket or an event stream, as their server sees it. */
export interface Connection {
  /**
   * Called once every ping interval. Sends a WebSocket's ping frame, which asks for an answer, or an event stream's comment.
   *
   * The message `ping` of graphql-transport-ws would not do in place of the frame: genqlient 0.8 fails when it gets one.
   */
  beat(): void
  /** Since when there is something that the other side should have read, by `performance.now()`; null where it has. */
  readonly unreadSince: number | null
  /** How many bytes the other side has to take before it is asked for a sign of that. */
  readonly unreadBytes: number
  /** The other side has read nothing for too long. */
  stall(): void
  /** The gateway stops: begins nothing more, and closes once queries and mutations under way have been answered. */
  goAway(): void
  /** Ends it at once, with what is under way. */
  terminate(): void
}

/** Keeps account of connections. */
export interface ConnectionOwner {
  opened(connection: Connection): void
  closed(connection: Connection): void
}

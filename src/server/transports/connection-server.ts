import type { ClockTimer } from '../../upstream/waiting/clock.ts'
import type { OperationRequest } from '../graphql/operation-request.ts'
import type { Connection, ConnectionOwner, ConnectionParts } from './connections/connection-parts.ts'
import { drainInSlices, drainTimeMs } from './connections/drain-in-slices.ts'
import { Heartbeat } from './connections/heartbeat.ts'
import { longestUnreadMs } from './connections/longest-unread-ms.ts'
import { createEventStreamHandler, type EventStreamHandler } from './event-stream/create-event-stream-handler.ts'
import { createUpgradeHandler, type UpgradeHandler } from './web-socket/create-upgrade-handler.ts'

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

/** Milliseconds that connections get for what is in flight, once all have been told to go. */
const LAST_GRACE_MS = 1_000

/** Serves WebSockets and event streams at /graphql: keeps the list of all, beats for them, and closes them. */
export class ConnectionServer implements ConnectionOwner, Disposable {
  readonly upgrade: UpgradeHandler
  readonly serveEventStream: EventStreamHandler
  readonly #options: ConnectionServerOptions
  readonly #connections = new Set<Connection>()
  readonly #heartbeat: Heartbeat<Connection>
  #timer: ClockTimer
  #onEmpty: (() => void) | null = null
  #isDraining = false

  constructor(options: ConnectionServerOptions) {
    this.#options = options
    this.upgrade = createUpgradeHandler(options, { owner: this, maxMessageBytes: options.maxMessageBytes })
    this.serveEventStream = createEventStreamHandler(options, { owner: this, maxRequestBytes: options.maxRequestBytes })
    this.#heartbeat = new Heartbeat((connection) => {
      const { unreadSince, unreadBytes } = connection
      const longestMs = longestUnreadMs(options.stallTimeoutMs, unreadBytes)
      if (unreadSince !== null && options.clock.now() - unreadSince >= longestMs) connection.stall()
      else connection.beat()
    })
    this.#timer = this.#planStep()
  }

  get isDraining(): boolean {
    return this.#isDraining
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

  /** True for a subscription whose document is valid. */
  isSubscription(request: OperationRequest): boolean {
    return this.#options.operations.typeOf(request) === 'subscription'
  }

  /**
   * Closes all connections, spread over `drainMs`, and refuses new ones. Queries and mutations in flight are answered first.
   * Resolves when all connections are closed.
   *
   * @param graceMs milliseconds from now after which connections are closed that are still busy. The last ones to go have a second in any
   *   case.
   */
  async drain(graceMs: number): Promise<void> {
    this.#isDraining = true
    const startedAt = performance.now()
    await drainInSlices(this.#connections, this.#options.drainMs)
    if (this.#connections.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(LAST_GRACE_MS, startedAt + graceMs - performance.now()))
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

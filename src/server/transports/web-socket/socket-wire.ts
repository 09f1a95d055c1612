import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Clock } from '../../../upstream/waiting/clock.ts'
import type { Wire } from '../connections/outbox.ts'
import { type FrameListener, takeEmptyPongs } from './pong-filter.ts'
import { EMPTY_PING, pingFrame } from './web-socket-frame.ts'

/** Above this number of unread bytes, nothing more is sent. One frame may exceed it. */
const FULL_BYTES = 48 * 1024
/** Above this number of bytes that may be unread, a ping is sent. */
const PING_BYTES = 32 * 1024
/** Stands for an empty ping, which is sent when nothing is unread. Most pings are empty. */
const EMPTY = -1

/** Listens for pongs that show how much the client has read, and for what it sends. */
export interface ReadListener {
  /** Called when the client has read everything that was sent before a ping. */
  caughtUp(): void
  /** Called with the bytes of a long message that has come in part, and with 0 at its end. */
  receiving(bytes: number): void
}

/**
 * The sending side of a WebSocket, which knows how much the client has read.
 *
 * A client answers a ping once it has read everything before it. The bytes that the operating system takes would show little,
 * since its buffers at both ends hold megabytes. Until they are full, a client that has stopped reading looks like any other,
 * and a slow client gets states that newer ones have replaced.
 */
export class SocketWire implements Wire, FrameListener {
  readonly #ws: WebSocket
  readonly #socket: Socket
  readonly #listener: ReadListener
  readonly #clock: Clock
  #unreadBytes = 0
  /** The payload of the ping in flight. Null when the client owes no answer. */
  #pingInFlight: number | null = null
  #aheadBytes = 0
  #pingedAt = 0

  /**
   * @param socket the connection of the WebSocket. Frames are written to it in one piece, past `ws`, which would write two. The
   *   order is kept, since without compression `ws` keeps nothing back.
   * @param options.head bytes that were read of the connection before it was a WebSocket
   */
  constructor(
    ws: WebSocket,
    socket: Socket,
    { head, listener, clock }: { head: Buffer; listener: ReadListener; clock: Clock },
  ) {
    this.#clock = clock
    this.#ws = ws
    this.#socket = socket
    this.#listener = listener
    takeEmptyPongs(socket, head, this)
  }

  /** @param frame a whole WebSocket frame */
  write(frame: Buffer): void {
    if (!this.#isOpen) return
    this.#socket.write(frame)
    this.#unreadBytes += frame.length
    if (this.#unreadBytes >= PING_BYTES) this.ping()
  }

  get isFull(): boolean {
    return this.#unreadBytes > FULL_BYTES
  }

  /** Time at which the ping in flight was sent, on the clock. Null when the client owes no answer. */
  get pingedAt(): number | null {
    return this.#pingInFlight === null ? null : this.#pingedAt
  }

  /** Bytes that were unread before the ping in flight. */
  get aheadBytes(): number {
    return this.#pingInFlight === null ? 0 : this.#aheadBytes
  }

  /** Sends a ping, unless one is in flight. */
  ping(): void {
    if (this.#pingInFlight !== null || !this.#isOpen) return
    this.#pingedAt = this.#clock.now()
    this.#aheadBytes = this.#unreadBytes
    if (this.#aheadBytes === 0) {
      // Empty, although a client could answer it without reading: nothing is unread, so it would gain nothing.
      this.#pingInFlight = EMPTY
      this.#socket.write(EMPTY_PING)
      return
    }
    // Random, so that a client can only answer it after reading it.
    this.#pingInFlight = Math.floor(Math.random() * 2 ** 32)
    this.#socket.write(pingFrame(this.#pingInFlight))
  }

  /** Takes a pong of the client. */
  ponged(payload: Buffer): void {
    this.#answer(pingOf(payload))
  }

  /** Takes an empty pong of the client. */
  pongedEmpty(): void {
    this.#answer(EMPTY)
  }

  receiving(bytes: number): void {
    this.#listener.receiving(bytes)
  }

  #answer(ping: number | null): void {
    if (this.#pingInFlight === null || ping !== this.#pingInFlight) return
    this.#unreadBytes -= this.#aheadBytes
    this.#pingInFlight = null
    if (this.#aheadBytes > 0) this.#listener.caughtUp()
    if (this.#unreadBytes >= PING_BYTES) this.ping()
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }
}

/** Returns the ping that a pong answers. Null for a pong that answers none. */
function pingOf(payload: Buffer): number | null {
  if (payload.length === 0) return EMPTY
  return payload.length === 4 ? payload.readUInt32BE() : null
}

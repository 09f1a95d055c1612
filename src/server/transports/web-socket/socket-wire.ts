import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Wire } from '../connections/outbox.ts'
import { type PongListener, takeEmptyPongs } from './pong-filter.ts'
import { EMPTY_PING, pingFrame } from './web-socket-frame.ts'

/** More than this is not sent ahead of a reader; what is sent may exceed it by one frame. */
const FULL_BYTES = 48 * 1024
/** After as many that may be unread, the other side is asked. */
const ASK_BYTES = 32 * 1024
/** The question that is asked when nothing is unread, which most pings of most sockets are. */
const ARE_YOU_THERE = -1

/** Hears of answers from the other side of a wire. */
export interface ReadListener {
  /** The other side has read what it was asked about. */
  caughtUp(): void
}

/**
 * The sending side of a WebSocket, which knows how much has been read at the other end.
 *
 * A ping is answered once everything before it has been read. What the operating system takes would say little: its
 * buffers at both ends hold megabytes. While they last, a reader who has stopped looks like any other, and one who is slow
 * gets states that newer ones have made void.
 */
export class SocketWire implements Wire, PongListener {
  readonly #ws: WebSocket
  readonly #socket: Socket
  readonly #listener: ReadListener
  #unreadBytes = 0
  /** What the other side has to answer, and what it has read once it does. */
  #question: number | null = null
  #aheadBytes = 0
  #askedAt = 0

  /**
   * @param socket what the WebSocket was made of. Frames are written to it in one piece, past `ws`, which would write two;
   *   the order is kept, since without compression `ws` keeps nothing back
   * @param options.head what was read of the connection before it was a WebSocket
   */
  constructor(ws: WebSocket, socket: Socket, { head, listener }: { head: Buffer; listener: ReadListener }) {
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
    if (this.#unreadBytes >= ASK_BYTES) this.ask()
  }

  get isFull(): boolean {
    return this.#unreadBytes > FULL_BYTES
  }

  /** When the other side was asked what it has not answered, by `performance.now()`; null when it owes nothing. */
  get askedAt(): number | null {
    return this.#question === null ? null : this.#askedAt
  }

  /** How many bytes are before the question that the other side has not answered. */
  get aheadBytes(): number {
    return this.#question === null ? 0 : this.#aheadBytes
  }

  /** Asks the other side whether it reads, unless it owes an answer already. */
  ask(): void {
    if (this.#question !== null || !this.#isOpen) return
    this.#askedAt = performance.now()
    this.#aheadBytes = this.#unreadBytes
    if (this.#aheadBytes === 0) {
      // The same for everybody: who would answer without reading gains nothing by it.
      this.#question = ARE_YOU_THERE
      this.#socket.write(EMPTY_PING)
      return
    }
    // No secret, but nothing that anybody could answer who has not read it.
    this.#question = Math.floor(Math.random() * 2 ** 32)
    this.#socket.write(pingFrame(this.#question))
  }

  /** Takes an answer from the other side. */
  ponged(payload: Buffer): void {
    this.#answer(questionIn(payload))
  }

  /** Takes an answer that repeats nothing. */
  pongedEmpty(): void {
    this.#answer(ARE_YOU_THERE)
  }

  #answer(question: number | null): void {
    if (this.#question === null || question !== this.#question) return
    this.#unreadBytes -= this.#aheadBytes
    this.#question = null
    if (this.#aheadBytes > 0) this.#listener.caughtUp()
    if (this.#unreadBytes >= ASK_BYTES) this.ask()
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }
}

/** What a pong answers; null for what nobody has asked. */
function questionIn(payload: Buffer): number | null {
  if (payload.length === 0) return ARE_YOU_THERE
  return payload.length === 4 ? payload.readUInt32BE() : null
}

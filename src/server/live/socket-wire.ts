import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Wire } from './outbox.ts'
import { pingFrame } from './web-socket-frame.ts'

/** More than this is not sent ahead of a reader; what is sent may exceed it by one frame. */
const FULL_BYTES = 48 * 1024
/** After as many that may be unread, the other side is asked. */
const ASK_BYTES = 32 * 1024

/**
 * The sending side of a WebSocket, which knows how much has been read at the other end.
 *
 * A ping is answered once everything before it has been read. What the operating system takes would say little: its
 * buffers at both ends hold megabytes. While they last, a reader who has stopped looks like any other, and one who is slow
 * gets states that newer ones have made void.
 */
export class SocketWire implements Wire {
  readonly #ws: WebSocket
  readonly #socket: Socket
  readonly #onQuestion: (isOpen: boolean) => void
  #unreadBytes = 0
  /** What the other side has to answer, and what it has read once it does. */
  #question: number | null = null
  #aheadBytes = 0

  /**
   * @param socket what the WebSocket was made of. Frames are written to it in one piece, past `ws`, which would write two;
   *   the order is kept, since without compression `ws` keeps nothing back
   * @param onQuestion called when the other side is asked whether it reads, and when it has answered
   */
  constructor(ws: WebSocket, socket: Socket, onQuestion: (isOpen: boolean) => void) {
    this.#ws = ws
    this.#socket = socket
    this.#onQuestion = onQuestion
    ws.on('pong', (payload) => this.#answer(payload))
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

  /** Asks the other side whether it reads, unless it owes an answer already. */
  ask(): void {
    if (this.#question !== null || !this.#isOpen) return
    // No secret, but nothing that anybody could answer who has not read it.
    this.#question = Math.floor(Math.random() * 2 ** 32)
    this.#aheadBytes = this.#unreadBytes
    this.#socket.write(pingFrame(this.#question))
    this.#onQuestion(true)
  }

  #answer(payload: Buffer): void {
    if (payload.length !== 4 || payload.readUInt32BE() !== this.#question) return
    this.#unreadBytes -= this.#aheadBytes
    this.#question = null
    this.#onQuestion(false)
    if (this.#unreadBytes >= ASK_BYTES) this.ask()
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }
}

import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Wire } from './outbox.ts'
import { pingFrame } from './web-socket-frame.ts'

/** More than this is not sent ahead of a reader; what is sent may exceed it by one frame. */
const FULL_BYTES = 64 * 1024
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
  #question: { readonly payload: Buffer; readonly aheadBytes: number } | null = null

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
    if (this.#question || !this.#isOpen) return
    // Nobody can answer who has not read it.
    const payload = randomBytes(4)
    this.#question = { payload, aheadBytes: this.#unreadBytes }
    this.#socket.write(pingFrame(payload))
    this.#onQuestion(true)
  }

  #answer(payload: Buffer): void {
    if (!this.#question?.payload.equals(payload)) return
    this.#unreadBytes -= this.#question.aheadBytes
    this.#question = null
    this.#onQuestion(false)
    if (this.#unreadBytes >= ASK_BYTES) this.ask()
  }

  get #isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }
}

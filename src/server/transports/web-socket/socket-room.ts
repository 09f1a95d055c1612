import { FEW_BYTES, type RequestRoom, type RequestShare } from '../../../domain/request-room.ts'

/** Bytes of a message above which it counts. Those of 100,000 shorter ones have room. */
const SHORT_MESSAGE = 1_024

/** Returns the bytes with which a message counts, until it is done with. */
export function countedOf(messageBytes: number): number {
  return messageBytes > SHORT_MESSAGE ? messageBytes : 0
}

/** The room that one WebSocket takes: for a message that has come in part, messages that wait, and operations in flight. */
export class SocketRoom {
  readonly #room: RequestRoom
  readonly #address: string
  readonly #giveUp: () => void
  #unfinishedBytes = 0
  #messageBytes = 0
  /** Null as long as the bytes are few. */
  #share: RequestShare | null = null
  #isClosed = false

  /**
   * @param address of the client, by which limits count
   * @param giveUp called when the room is taken away. It ends the connection.
   */
  constructor(room: RequestRoom, address: string, giveUp: () => void) {
    this.#room = room
    this.#address = address
    this.#giveUp = giveUp
  }

  /** True while a message has come in part. */
  get isReceiving(): boolean {
    return this.#unfinishedBytes > 0
  }

  /** Sets the bytes of a message that has come in part. */
  receiving(bytes: number): void {
    this.#unfinishedBytes = bytes
    this.#update()
  }

  /** Takes room for a message that waits, or for its operation. */
  take(counted: number): void {
    this.#messageBytes += counted
    if (counted > 0) this.#update()
  }

  /** Frees the room of a message or operation. */
  free(counted: number): void {
    this.handOver(counted)
    this.settle()
  }

  /** Frees the room of a message whose operation takes it in a moment. `settle` follows, so that the room is never counted as free meanwhile. */
  handOver(counted: number): void {
    this.#messageBytes -= counted
  }

  settle(): void {
    if (this.#share) this.#update()
  }

  /** Frees all, and takes no more. */
  close(): void {
    this.#isClosed = true
    this.#share?.set(0)
  }

  #update(): void {
    const bytes = this.#unfinishedBytes + this.#messageBytes
    if (this.#isClosed || (!this.#share && bytes <= FEW_BYTES)) return
    this.#share ??= this.#room.open(this.#address, this.#giveUp)
    this.#share.set(bytes > FEW_BYTES ? bytes : 0)
  }
}

import { MessageType } from 'graphql-ws'
import { UnauthorizedError } from '../../../domain/errors.ts'
import type { Message, Subscriber } from '../../graphql/message.ts'
import type { RunningOperation } from '../../graphql/operations.ts'
import { type Framing, MessageQueue, type Outbox } from '../connections/outbox.ts'
import { openTextFrame, textFrame } from './web-socket-frame.ts'

const CLOSING_BRACE = 0x7d

/** One operation of a WebSocket: encodes its results in frames of graphql-transport-ws. */
export class SocketSubscriber implements Subscriber, Framing {
  readonly id: string
  /** Bytes of the message that began it, if it is long. Its variables are kept as long as the operation runs. */
  readonly bytes: number
  /** Null until the operation has begun. */
  operation: RunningOperation | null = null
  readonly #outbox: Outbox
  readonly #queue: MessageQueue
  readonly #owner: SubscriberOwner
  /**
   * The first bytes of each message, one character per byte. A `Buffer` would keep the 8 KB of Node's pool that it is part
   * of, and most sockets would have one of these for themselves.
   */
  readonly #head: string

  constructor(id: string, outbox: Outbox, { owner, bytes }: { owner: SubscriberOwner; bytes: number }) {
    this.id = id
    this.bytes = bytes
    this.#outbox = outbox
    this.#owner = owner
    const head = `{"id":${JSON.stringify(id)},"type":"${MessageType.Next}","payload":`
    this.#head = Buffer.from(head).toString('latin1')
    this.#queue = new MessageQueue(outbox, this)
  }

  next(message: Message): void {
    this.#queue.next(message)
  }

  ready(): Promise<void> {
    return this.#outbox.ready()
  }

  complete(): void {
    this.#end({ id: this.id, type: MessageType.Complete })
  }

  fail(error: unknown): void {
    if (!this.#queue.isOpen) return
    if (error instanceof UnauthorizedError) this.#owner.refused()
    else this.#end({ id: this.id, type: MessageType.Error, payload: this.#owner.visible(error) })
  }

  frameOf({ payload }: Message): Buffer {
    const length = this.#head.length + payload.length + 1
    const frame = openTextFrame(length)
    const headAt = frame.length - length
    frame.write(this.#head, headAt, 'latin1')
    payload.copy(frame, headAt + this.#head.length)
    frame[frame.length - 1] = CLOSING_BRACE
    return frame
  }

  /** Sends nothing more, and stops the operation. */
  stop(): void {
    this.#queue.close()
    this.operation?.cancel()
  }

  #end(message: { readonly id: string; readonly type: MessageType; readonly payload?: unknown }): void {
    this.#queue.end(textFrame(Buffer.from(JSON.stringify(message))), () => this.#owner.ended(this.id))
  }
}

/** The connection of a subscriber. */
export interface SubscriberOwner {
  /** Called when the last frame of an operation has been sent. */
  ended(id: string): void
  /** Called when a service has refused the token, so that the other operations would fail as well. */
  refused(): void
  /** Returns the errors that a client may see in place of this one. */
  visible(error: unknown): unknown
}

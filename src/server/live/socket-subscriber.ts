import { MessageType } from 'graphql-ws'
import { UnauthorizedError } from '../../domain/errors.ts'
import type { Message, Subscriber } from './message.ts'
import { Lane, type Outbox } from './outbox.ts'

const CLOSING_BRACE = 0x7d

/** One operation of a WebSocket: puts what comes of it into frames of graphql-transport-ws. */
export class SocketSubscriber implements Subscriber {
  readonly #id: string
  readonly #outbox: Outbox
  readonly #lane: Lane
  readonly #on: SubscriberEvents

  constructor(id: string, outbox: Outbox, on: SubscriberEvents) {
    this.#id = JSON.stringify(id)
    this.#outbox = outbox
    this.#on = on
    const head = Buffer.from(`{"id":${this.#id},"type":"${MessageType.Next}","payload":`)
    this.#lane = new Lane(outbox, (message) => nextFrame(head, message))
  }

  next(message: Message): void {
    this.#lane.next(message)
  }

  ready(): Promise<void> {
    return this.#outbox.ready()
  }

  complete(): void {
    this.#end(Buffer.from(`{"id":${this.#id},"type":"${MessageType.Complete}"}`))
  }

  fail(error: unknown): void {
    if (!this.#lane.isOpen) return
    if (error instanceof UnauthorizedError) {
      this.#on.refused()
      return
    }
    const payload = JSON.stringify(this.#on.visible(error))
    this.#end(Buffer.from(`{"id":${this.#id},"type":"${MessageType.Error}","payload":${payload}}`))
  }

  /** Sends nothing more. */
  close(): void {
    this.#lane.close()
  }

  #end(frame: Buffer): void {
    this.#lane.end(frame, this.#on.ended)
  }
}

/** What a subscriber leaves to its connection. */
export interface SubscriberEvents {
  /** The last frame has been sent. */
  readonly ended: () => void
  /** A service has refused the token; there is no point in going on with it. */
  readonly refused: () => void
  /** What a client may see of an error. */
  readonly visible: (error: unknown) => unknown
}

function nextFrame(head: Buffer, { payload }: Message): Buffer {
  const frame = Buffer.allocUnsafe(head.length + payload.length + 1)
  head.copy(frame)
  payload.copy(frame, head.length)
  frame[frame.length - 1] = CLOSING_BRACE
  return frame
}

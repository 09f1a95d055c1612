import { MessageType } from 'graphql-ws'
import { UnauthorizedError } from '../../../domain/errors.ts'
import type { Message, Subscriber } from '../../graphql/message.ts'
import { Lane, type Outbox } from '../connections/outbox.ts'
import { textFrame } from './web-socket-frame.ts'

const CLOSING_BRACE = Buffer.from('}')

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
    this.#lane = new Lane(outbox, ({ payload }) => textFrame(head, payload, CLOSING_BRACE))
  }

  next(message: Message): void {
    this.#lane.next(message)
  }

  ready(): Promise<void> {
    return this.#outbox.ready()
  }

  complete(): void {
    this.#end(`{"id":${this.#id},"type":"${MessageType.Complete}"}`)
  }

  fail(error: unknown): void {
    if (!this.#lane.isOpen) return
    if (error instanceof UnauthorizedError) {
      this.#on.refused()
      return
    }
    const payload = JSON.stringify(this.#on.visible(error))
    this.#end(`{"id":${this.#id},"type":"${MessageType.Error}","payload":${payload}}`)
  }

  /** Sends nothing more. */
  close(): void {
    this.#lane.close()
  }

  #end(message: string): void {
    this.#lane.end(textFrame(Buffer.from(message)), this.#on.ended)
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

import type { ServerResponse } from 'node:http'
import type { Message, Subscriber } from '../../graphql/message.ts'
import type { RunningOperation } from '../../graphql/operations.ts'
import type { ConnectionTally } from '../connections/connection-caps.ts'
import type { Connection, ConnectionOwner, ConnectionParts } from '../connections/connection-parts.ts'
import type { KeptBytes } from '../connections/kept-bytes.ts'
import { type Framing, MessageQueue, Outbox, type OutboxOwner, type Wire } from '../connections/outbox.ts'

const PING = Buffer.from(':\n\n')
const COMPLETE = Buffer.from('event: complete\ndata:\n\n')
const END = Buffer.from('\n\n')
/** Small enough for 20,000 slow readers. */
const FULL_BYTES = 32 * 1024

export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would collect the events otherwise.
  'x-accel-buffering': 'no',
} as const

/** Encodes messages as server-sent events. */
const EVENTS: Framing = {
  frameOf({ payload, cursor }) {
    const head = `${cursor === null ? '' : `id: ${cursor}\n`}event: next\ndata: `
    return Buffer.concat([Buffer.from(head), payload, END])
  },
}

/**
 * Ends a response without the last chunk, after everything that was written. Clients then see a lost connection: an
 * `EventSource` connects again, and `fetch` rejects. After a whole response, `fetch` would report a normal end.
 */
export function breakOff(res: ServerResponse): void {
  if (!res.writableEnded) res.write(PING, () => void res.destroy())
}

/**
 * One response that is a stream of server-sent events: one operation, in the protocol of graphql-sse's distinct connections.
 *
 * An event behind which a client can resume has a cursor as its id, which a browser's `EventSource` sends when it connects
 * again.
 */
export class EventStreamConnection implements Connection, Subscriber, OutboxOwner {
  readonly #res: ServerResponse
  readonly #outbox: Outbox
  readonly #queue: MessageQueue
  readonly #parts: ConnectionParts
  readonly #requestId: string
  #unreadSince: number | null = null
  #taken = 0
  #operation: RunningOperation | null = null

  constructor(
    res: ServerResponse,
    options: { parts: ConnectionParts; tally: ConnectionTally; owner: ConnectionOwner; requestId: string },
  ) {
    const { parts, tally, owner, requestId } = options
    this.#res = res
    this.#parts = parts
    this.#requestId = requestId
    this.#outbox = new Outbox(new ResponseWire(res), this)
    this.#queue = new MessageQueue(this.#outbox, EVENTS)
    res.on('drain', () => this.#outbox.drained())
    res.once('close', () => {
      this.#release()
      tally.close()
      owner.closed(this)
    })
    res.writeHead(200, EVENT_STREAM_HEADERS)
    res.write(PING)
    owner.opened(this)
  }

  /** Takes over the operation, and cancels it when the client goes away. */
  follow(operation: RunningOperation): void {
    this.#operation = operation
    if (this.#res.destroyed) operation.cancel()
  }

  next(message: Message): void {
    this.#queue.next(message)
  }

  ready(): Promise<void> {
    return this.#outbox.ready()
  }

  complete(): void {
    this.#queue.end(COMPLETE, () => void this.#res.end())
  }

  fail(error: unknown): void {
    if (!this.#queue.isOpen) return
    const errors = this.#parts.operations.visible(error, this.#requestId)
    this.next({ payload: Buffer.from(JSON.stringify({ errors })), key: null, cursor: null })
    this.complete()
  }

  get unreadSince(): number | null {
    // Every byte that the operating system takes shows that the client reads.
    const taken = (this.#res.socket?.bytesWritten ?? 0) - this.#res.writableLength
    if (this.#unreadSince !== null && taken !== this.#taken) this.#note(this.#res.writableLength > 0)
    this.#taken = taken
    return this.#unreadSince
  }

  /** Event streams have no pings: see {@link unreadSince}. */
  get unreadBytes(): number {
    return 0
  }

  get kept(): KeptBytes {
    return this.#parts.kept
  }

  congested(isCongested: boolean): void {
    this.#note(isCongested)
  }

  overflowed(): void {
    this.terminate()
  }

  beat(): void {
    // A few bytes that wait are no congestion. If none of them is taken, the client has stalled.
    const isUnread = this.#res.writableLength > 0
    if (isUnread !== (this.#unreadSince !== null)) this.#note(isUnread)
    if (!isUnread && this.#queue.isOpen) this.#res.write(PING)
  }

  stall(): void {
    this.terminate()
  }

  goAway(): void {
    if (this.#operation?.type !== 'subscription') return
    this.#release()
    breakOff(this.#res)
  }

  terminate(): void {
    this.#release()
    this.#res.destroy()
  }

  /** Notes that something is unread from now on, or that everything is read. */
  #note(isUnread: boolean): void {
    this.#unreadSince = isUnread ? this.#parts.clock.now() : null
  }

  #release(): void {
    this.#queue.close()
    this.#operation?.cancel()
    this.#outbox.close()
  }
}

/** The sending side of a response. */
class ResponseWire implements Wire {
  readonly #res: ServerResponse

  constructor(res: ServerResponse) {
    this.#res = res
  }

  write(frame: Buffer): void {
    this.#res.write(frame)
  }

  get isFull(): boolean {
    // Node's own mark, below which no `drain` comes, is 16 KB or 64 KB.
    return this.#res.writableNeedDrain && this.#res.writableLength > FULL_BYTES
  }
}

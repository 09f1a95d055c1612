import type { Message } from '../../graphql/message.ts'
import type { KeptBytes } from './kept-bytes.ts'

/** The sending side of a connection. */
export interface Wire {
  write(frame: Buffer): void
  /** True when nothing more should be written until the client has read. */
  readonly isFull: boolean
}

/**
 * Messages that one connection has still to send.
 *
 * While the client does not read, nothing more is written. Each operation then keeps the last message of each pin, and sends
 * these in order once the connection has drained. Messages are shared by all connections that keep them. What a connection keeps is
 * bounded in bytes: a connection that would keep more is closed.
 */
export class Outbox {
  readonly #wire: Wire
  readonly #owner: OutboxOwner
  /** Null until the client falls behind for the first time, which most clients never do. */
  #waiting: Set<MessageQueue> | null = null
  #isCongested = false
  /** Bytes of the messages that wait. */
  #keptBytes = 0
  /** Bytes of the messages that wait and that no other connection shares. */
  #ownBytes = 0
  #ready: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null

  constructor(wire: Wire, owner: OutboxOwner) {
    this.#wire = wire
    this.#owner = owner
  }

  get isCongested(): boolean {
    return this.#isCongested
  }

  /** Sends a frame at once, even while the client does not read. For small frames that must not wait. */
  send(frame: Buffer): void {
    this.#wire.write(frame)
    if (this.#isCongested || !this.#wire.isFull) return
    this.#isCongested = true
    this.#owner.congested?.(true)
  }

  /** Counts a message that begins to wait, or that waits no more. */
  count({ payload, key }: Message, sign: 1 | -1): void {
    const bytes = sign * payload.length
    const { kept } = this.#owner
    this.#keptBytes += bytes
    if (key === null) {
      this.#ownBytes += bytes
      kept.add(bytes)
    }
    const isTooMuch = this.#keptBytes > kept.mostOfConnection || (this.#ownBytes > 0 && kept.areTooMany)
    if (sign > 0 && isTooMuch) this.#owner.overflowed()
  }

  /** Flushes the queue as soon as the connection has drained. */
  wait(queue: MessageQueue): void {
    this.#waiting ??= new Set()
    this.#waiting.add(queue)
  }

  /** To be called when the wire is no longer full. */
  drained(): void {
    if (!this.#isCongested) return
    this.#isCongested = false
    const waiting = this.#waiting ?? []
    for (const queue of waiting) {
      if (queue.flush()) this.#waiting?.delete(queue)
      if (this.#isCongested) {
        // A queue that had its turn goes behind the others.
        if (this.#waiting?.delete(queue)) this.#waiting.add(queue)
        return
      }
    }
    this.#owner.congested?.(false)
    this.#release()
  }

  /** Resolves when the connection is not congested, or is closed. */
  ready(): Promise<void> {
    if (!this.#isCongested) return Promise.resolve()
    if (!this.#ready) {
      let resolve = () => {}
      const promise = new Promise<void>((onResolve) => {
        resolve = onResolve
      })
      this.#ready = { promise, resolve }
    }
    return this.#ready.promise
  }

  /** Forgets all waiting queues. The connection is closed. */
  close(): void {
    this.#waiting = null
    if (this.#isCongested) this.#owner.congested?.(false)
    this.#isCongested = false
    this.#release()
  }

  #release(): void {
    this.#ready?.resolve()
    this.#ready = null
  }
}

/** The connection of an outbox. */
export interface OutboxOwner {
  readonly kept: KeptBytes
  /** Called when the client falls behind, and when it has caught up or the outbox is closed. */
  congested?(isCongested: boolean): void
  /** Called when more waits than may: the connection must be closed. It may be called again until it is. */
  overflowed(): void
}

/** Encodes messages for a transport. */
export interface Framing {
  frameOf(message: Message): Buffer
}

/** The messages of one operation in an outbox. */
export class MessageQueue {
  readonly #outbox: Outbox
  readonly #framing: Framing
  #kept: Map<string | symbol, Message> | null = null
  #end: { readonly frame: Buffer | null; readonly onSent: () => void } | null = null
  #isClosed = false

  constructor(outbox: Outbox, framing: Framing) {
    this.#outbox = outbox
    this.#framing = framing
  }

  /** False after the end, and after `close()`. */
  get isOpen(): boolean {
    return !this.#isClosed && this.#end === null
  }

  next(message: Message): void {
    if (!this.isOpen) return
    if (!this.#kept && !this.#outbox.isCongested) {
      this.#outbox.send(this.#framing.frameOf(message))
      return
    }
    this.#kept ??= new Map()
    const key = message.key ?? Symbol()
    // Behind the others: messages are sent in the order in which they became true.
    this.#drop(key)
    this.#kept.set(key, message)
    this.#outbox.wait(this)
    this.#outbox.count(message, 1)
  }

  /** Sends a last frame after all messages that wait. */
  end(frame: Buffer | null, onSent: () => void): void {
    if (!this.isOpen) return
    this.#end = { frame, onSent }
    if (this.#kept) this.#outbox.wait(this)
    else this.#finish()
  }

  /** Forgets the messages that wait, and sends nothing more. */
  close(): void {
    this.#isClosed = true
    for (const key of this.#kept?.keys() ?? []) this.#drop(key)
    this.#kept = null
  }

  /** Sends messages that wait, until the connection is congested. Returns true when no message is left. */
  flush(): boolean {
    for (const [key, message] of this.#kept ?? []) {
      if (this.#outbox.isCongested) return false
      this.#drop(key)
      this.#outbox.send(this.#framing.frameOf(message))
    }
    this.#kept = null
    this.#finish()
    return true
  }

  #drop(key: string | symbol): void {
    const message = this.#kept?.get(key)
    if (!message) return
    this.#kept?.delete(key)
    this.#outbox.count(message, -1)
  }

  #finish(): void {
    if (!this.#end || this.#isClosed) return
    const { frame, onSent } = this.#end
    this.#isClosed = true
    if (frame) this.#outbox.send(frame)
    onSent()
  }
}

import type { Message } from '../../graphql/message.ts'

/** The sending side of a connection. */
export interface Wire {
  write(frame: Buffer): void
  /** True when nothing more should be written until the other side has read. */
  readonly isFull: boolean
}

/**
 * What one connection has still to be sent.
 *
 * While the other side does not read, nothing more is written: each operation keeps at most the last message of each pin,
 * shared with everybody else who gets it, and sends those, in order, once the connection has drained.
 */
export class Outbox {
  readonly #wire: Wire
  readonly #onCongestion: ((isCongested: boolean) => void) | null
  /** Null until the other side falls behind for the first time, which most never do. */
  #waiting: Set<MessageQueue> | null = null
  #isCongested = false
  #ready: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null

  /** @param onCongestion called when the other side falls behind, and when it has caught up or is given up */
  constructor(wire: Wire, onCongestion: ((isCongested: boolean) => void) | null = null) {
    this.#wire = wire
    this.#onCongestion = onCongestion
  }

  get isCongested(): boolean {
    return this.#isCongested
  }

  /** Sends a frame at once, for what is small and must not wait. */
  send(frame: Buffer): void {
    this.#wire.write(frame)
    if (this.#isCongested || !this.#wire.isFull) return
    this.#isCongested = true
    this.#onCongestion?.(true)
  }

  /** Keeps a queue's messages until there is room. */
  wait(queue: MessageQueue): void {
    this.#waiting ??= new Set()
    this.#waiting.add(queue)
  }

  /** To be called when there is room again. */
  drained(): void {
    if (!this.#isCongested) return
    this.#isCongested = false
    const waiting = this.#waiting ?? []
    for (const queue of waiting) {
      if (queue.flush()) this.#waiting?.delete(queue)
      if (this.#isCongested) {
        // Whoever had a turn goes to the end of the line.
        if (this.#waiting?.delete(queue)) this.#waiting.add(queue)
        return
      }
    }
    this.#onCongestion?.(false)
    this.#release()
  }

  /** Resolves when the connection is not congested, or closed. */
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

  /** Lets go of everything: the other side is gone. */
  close(): void {
    this.#waiting = null
    if (this.#isCongested) this.#onCongestion?.(false)
    this.#isCongested = false
    this.#release()
  }

  #release(): void {
    this.#ready?.resolve()
    this.#ready = null
  }
}

/** Puts messages into the words of a transport. */
export interface Framing {
  frameOf(message: Message): Buffer
}

/** One operation's share of a connection. */
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

  /** How many messages wait. */
  get backlog(): number {
    return this.#kept?.size ?? 0
  }

  next(message: Message): void {
    if (!this.isOpen) return
    if (!this.#kept && !this.#outbox.isCongested) {
      this.#outbox.send(this.#framing.frameOf(message))
      return
    }
    this.#kept ??= new Map()
    const key = message.key ?? Symbol()
    // To the end of the line: the order of what is sent is the order in which it became true.
    this.#kept.delete(key)
    this.#kept.set(key, message)
    this.#outbox.wait(this)
  }

  /** Sends a last frame behind all that waits. */
  end(frame: Buffer | null, onSent: () => void): void {
    if (!this.isOpen) return
    this.#end = { frame, onSent }
    if (this.#kept) this.#outbox.wait(this)
    else this.#finish()
  }

  /** Forgets what waits; nothing more is sent. */
  close(): void {
    this.#isClosed = true
    this.#kept = null
  }

  /** Sends what waits, as far as there is room; true when nothing is left. */
  flush(): boolean {
    for (const [key, message] of this.#kept ?? []) {
      if (this.#outbox.isCongested) return false
      this.#kept?.delete(key)
      this.#outbox.send(this.#framing.frameOf(message))
    }
    this.#kept = null
    this.#finish()
    return true
  }

  #finish(): void {
    if (!this.#end || this.#isClosed) return
    const { frame, onSent } = this.#end
    this.#isClosed = true
    if (frame) this.#outbox.send(frame)
    onSent()
  }
}

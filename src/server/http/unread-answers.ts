import type { ServerResponse } from 'node:http'
import type { Clock, ClockTimer } from '../../upstream/waiting/clock.ts'

/** Milliseconds between two looks. */
const LOOK_EVERY_MS = 250

export interface UnreadAnswersOptions {
  /** Most bytes that clients may leave unread, of all answers together. */
  readonly mostBytes: number
  /** Milliseconds after which an answer is given up of which nothing has been read. */
  readonly stallMs: number
  readonly clock: Clock
}

/** An answer that was sent to its end, and not read to its end. */
interface Unread {
  /** Bytes that the operating system had taken when this last changed. */
  taken: number
  since: number
}

/**
 * Bounds the memory of answers that clients do not read: over HTTP, nothing else would end them.
 *
 * Looks at all answers a few times a second while there are any. It gives up those of which nothing is read for too long, and, when
 * all together are too long, the longest ones first. What the operating system has taken does not count.
 */
export class UnreadAnswers implements Disposable {
  readonly #responses: () => readonly ServerResponse[]
  readonly #options: UnreadAnswersOptions
  readonly #unread = new WeakMap<ServerResponse, Unread>()
  #timer: ClockTimer | undefined

  /** @param responses returns all responses in flight */
  constructor(responses: () => readonly ServerResponse[], options: UnreadAnswersOptions) {
    this.#responses = responses
    this.#options = options
  }

  /** To be called whenever a request comes in. */
  watch(): void {
    this.#timer ??= this.#options.clock.setTimeout(() => this.#look(), LOOK_EVERY_MS)
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
  }

  #look(): void {
    this.#timer = undefined
    const responses = this.#responses()
    if (responses.length === 0) return
    this.watch()
    const unread = responses.filter((res) => res.writableLength > 0)
    for (const res of unread) if (this.#isStalled(res)) giveUp(res)
    let bytes = unread.reduce((sum, res) => sum + res.writableLength, 0)
    if (bytes <= this.#options.mostBytes) return
    for (const res of unread.sort((a, b) => b.writableLength - a.writableLength)) {
      bytes -= res.writableLength
      giveUp(res)
      if (bytes <= this.#options.mostBytes) return
    }
  }

  /** An answer whose end has not been written yet is never stalled here: event streams close themselves. */
  #isStalled(res: ServerResponse): boolean {
    if (!res.writableEnded) return false
    const now = this.#options.clock.now()
    const taken = (res.socket?.bytesWritten ?? 0) - res.writableLength
    const known = this.#unread.get(res)
    if (known?.taken === taken) return now - known.since >= this.#options.stallMs
    this.#unread.set(res, { taken, since: now })
    return false
  }
}

/** Ends the connection of an answer. An answer that waits behind another one on its connection has no socket yet. */
function giveUp(res: ServerResponse): void {
  res.destroy()
  res.req.socket.destroy()
}

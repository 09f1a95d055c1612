import type { LiveEvent } from '../../live/live-event.ts'
import type { Message, Subscriber } from './message.ts'

/** Where events come from: listening, and keeping, since before the first `next()`. `LiveReader` is one. */
export interface LiveSource {
  next(): Promise<IteratorResult<LiveEvent, undefined>>
  return(): Promise<unknown>
  /** Resolves when its first events are in, or nothing more comes. */
  readonly begun: Promise<void>
  /** True when all that has happened was taken, and a `next()` waits for more. */
  readonly isCaughtUp: boolean
  /** For each service the number of the last event that happened. */
  readonly position: Position
  /** How many services it still listens to. */
  readonly parts: number
}

/** Events, and how they look to those who asked for them. */
export interface LiveStream {
  readonly source: LiveSource
  /** Makes the message that an event is. */
  render(event: LiveEvent): Promise<Message>
}

/** The last event of each service that a subscriber has got, by itself or as part of another. */
export type Position = ReadonlyMap<string, number>

/** How many messages are kept for those who are about to join; the events themselves may be remembered by the thousand. */
const KEPT = 32
/** How many get a message before others have a turn of the event loop. */
const WAVE = 500

/**
 * Subscribers who asked for the same with the same tokens, from when all of them have caught up: one stream, one execution
 * and one encoding an event, however many they are. It waits for none of them.
 */
export class Cohort {
  readonly #stream: LiveStream
  readonly #onEnd: () => void
  readonly #members = new Map<Subscriber, Map<string, number> | null>()
  readonly #messages = new WeakMap<LiveEvent, Promise<Message>>()

  /** @param onEnd called when nobody may join any more, once at least */
  constructor(stream: LiveStream, onEnd: () => void) {
    this.#stream = stream
    this.#onEnd = onEnd
  }

  get size(): number {
    return this.#members.size
  }

  /** How many services it still listens to: those whose pins have all settled may have been left. */
  get parts(): number {
    return this.#stream.source.parts
  }

  /**
   * Adds a subscriber who has caught up by a stream of their own, in the same turn in which that was found. What the cohort
   * has still to hand out of the time before is no news to them, and is left out by its number.
   */
  add(subscriber: Subscriber, position: Position | null): void {
    // In a cohort at rest there is nothing of the time before, and nothing to be remembered for each of its members.
    const isBehind = !this.#stream.source.isCaughtUp
    this.#members.set(subscriber, position && isBehind ? new Map(position) : null)
  }

  remove(subscriber: Subscriber): void {
    if (!this.#members.delete(subscriber) || this.#members.size > 0) return
    this.#onEnd()
    void this.#stream.source.return()
  }

  /** Makes the message that an event is, once; those who are about to join get the same events, often. */
  render(event: LiveEvent): Promise<Message> {
    const message = this.#messages.get(event) ?? this.#stream.render(event)
    this.#messages.set(event, message)
    return message
  }

  /** Hands out everything, from the outcome of a `next()` that waits already to the end. Does not reject. */
  async run(first: Promise<IteratorResult<LiveEvent, undefined>>): Promise<void> {
    const { source } = this.#stream
    const handedOut: LiveEvent[] = []
    try {
      for (let step = await first; !step.done; step = await source.next()) {
        await this.#handOut(step.value, await this.render(step.value))
        handedOut.push(step.value)
        const oldest = handedOut.length > KEPT ? handedOut.shift() : undefined
        if (oldest) this.#messages.delete(oldest)
      }
      this.#end((subscriber) => subscriber.complete())
    } catch (error) {
      this.#end((subscriber) => subscriber.fail(error))
      // It may be rendering that has failed, and the source goes on.
      void source.return()
    }
  }

  async #handOut(event: LiveEvent, message: Message): Promise<void> {
    let count = 0
    // A map shows members who come and go meanwhile as they should be seen: the former are asked, the latter are not.
    for (const [subscriber, position] of this.#members) {
      if (position && !this.#isNews(event, subscriber, position)) continue
      subscriber.next(message)
      if (++count % WAVE === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Events of a service come in order: after the first that is news, all are. */
  #isNews({ service, seq }: LiveEvent, subscriber: Subscriber, position: Map<string, number>): boolean {
    if (seq <= (position.get(service) ?? -1)) return false
    position.delete(service)
    if (position.size === 0) this.#members.set(subscriber, null)
    return true
  }

  #end(tell: (subscriber: Subscriber) => void): void {
    const members = [...this.#members.keys()]
    this.#members.clear()
    this.#onEnd()
    for (const subscriber of members) tell(subscriber)
  }
}

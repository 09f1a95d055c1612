import type { LiveEvent } from '../../live/live-event.ts'
import { giveWay } from '../../upstream/waiting/give-way.ts'
import type { Message, Subscriber } from './message.ts'

/** A source of events. It keeps events from before the first `next()` on. `LiveReader` is one. */
interface LiveSource {
  next(): Promise<IteratorResult<LiveEvent, undefined>>
  return(): Promise<unknown>
  /** Resolves when the first events have come, or the source has ended. */
  readonly begun: Promise<void>
  /** True when every event was taken, and a `next()` waits for more. */
  readonly isCaughtUp: boolean
  /** The number of the last event of each service. */
  readonly position: Position
  /** Number of services that the source still gets events of. */
  readonly parts: number
}

/** The events of one subscription, and the operation that makes messages of them. */
export interface LiveFeed {
  readonly source: LiveSource
  /** Executes the operation for one event, and encodes the result. */
  render(event: LiveEvent): Promise<Message>
}

/** The number of the last event of each service that a subscriber has got, or that a later event has replaced. */
export type Position = ReadonlyMap<string, number>

/** Messages that are kept for subscribers who are about to join. The live state may remember thousands of events. */
const KEPT = 32
/** Number of subscribers who get a message in one turn of the event loop. */
const WAVE = 500

/**
 * Subscribers with equal operations and equal tokens who have caught up. They share one feed, and one execution and one
 * encoding per event, however many they are. A cohort waits for no subscriber.
 */
export class Cohort {
  readonly #feed: LiveFeed
  readonly #onEnd: () => void
  readonly #members = new Map<Subscriber, Map<string, number> | null>()
  readonly #messages = new WeakMap<LiveEvent, Promise<Message>>()

  /** @param onEnd called at least once, after which no subscriber may join */
  constructor(feed: LiveFeed, onEnd: () => void) {
    this.#feed = feed
    this.#onEnd = onEnd
  }

  /** Number of services that the feed still gets events of. It leaves services whose pins have all settled. */
  get parts(): number {
    return this.#feed.source.parts
  }

  /**
   * Adds a subscriber who has caught up with a feed of its own. To be called in the same turn of the event loop in which
   * that was found.
   *
   * The cohort may still hold events that the subscriber has received. It recognises these by their numbers, and does not send
   * them again.
   */
  add(subscriber: Subscriber, position: Position | null): void {
    // A cohort that is caught up has no such events, and needs no position for each member.
    const isBehind = !this.#feed.source.isCaughtUp
    this.#members.set(subscriber, position && isBehind ? new Map(position) : null)
  }

  remove(subscriber: Subscriber): void {
    if (!this.#members.delete(subscriber) || this.#members.size > 0) return
    this.#onEnd()
    void this.#feed.source.return()
  }

  /** Makes the message of an event. Subscribers who are about to join get it as well, so it is kept for a while. */
  render(event: LiveEvent): Promise<Message> {
    const message = this.#messages.get(event) ?? this.#feed.render(event)
    this.#messages.set(event, message)
    return message
  }

  /**
   * Hands out all events until the source ends. Does not reject.
   *
   * @param first the result of a `next()` that was called already
   */
  async run(first: Promise<IteratorResult<LiveEvent, undefined>>): Promise<void> {
    const { source } = this.#feed
    const handedOut: LiveEvent[] = []
    try {
      for (let step = await first; !step.done; step = await source.next()) {
        await this.#handOut(step.value, await this.render(step.value))
        await giveWay()
        handedOut.push(step.value)
        const oldest = handedOut.length > KEPT ? handedOut.shift() : undefined
        if (oldest) this.#messages.delete(oldest)
      }
      this.#end((subscriber) => subscriber.complete())
    } catch (error) {
      this.#end((subscriber) => subscriber.fail(error))
      // If rendering has failed, the source is still open.
      void source.return()
    }
  }

  async #handOut(event: LiveEvent, message: Message): Promise<void> {
    let count = 0
    // While a map is iterated, it shows members that were added meanwhile, and not those that were removed.
    for (const [subscriber, position] of this.#members) {
      if (position && !this.#isNews(event, subscriber, position)) continue
      subscriber.next(message)
      if (++count % WAVE === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Events of a service come in order, so all events after the first new one are new. */
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

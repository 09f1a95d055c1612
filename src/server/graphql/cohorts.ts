import { giveWay } from '../../upstream/waiting/give-way.ts'
import { Cohort, type LiveFeed } from './cohort.ts'
import type { Subscriber } from './message.ts'

/**
 * The feed or cohort that serves a subscriber: first a feed of its own, later a cohort. From then on, nothing refers to the
 * feed, so that its memory is free while the subscriber waits in the cohort.
 */
export class Place {
  readonly #subscriber: Subscriber
  #own: LiveFeed | null
  #cohort: Cohort | null = null

  constructor(subscriber: Subscriber, own: LiveFeed) {
    this.#subscriber = subscriber
    this.#own = own
  }

  /** Called when the subscriber has become a member of a cohort. */
  move(cohort: Cohort): void {
    this.#own = null
    this.#cohort = cohort
  }

  /** Ends the subscription. The subscriber gets nothing more. */
  leave(): void {
    this.#cohort?.remove(this.#subscriber)
    void this.#own?.source.return()
  }
}

/**
 * Brings together subscribers with equal operations and equal tokens.
 *
 * Each subscriber begins with a feed of its own, and gets its snapshot as fast as it reads. Once it has caught up, it joins
 * the cohort of subscribers who caught up before, or founds one.
 */
export class Cohorts {
  readonly #open = new Map<string, Cohort>()

  /** Number of cohorts. */
  get size(): number {
    return this.#open.size
  }

  /**
   * Serves a subscriber until the feed ends.
   *
   * @param key equal for subscribers whose feeds have the same messages, and for no others
   */
  join(key: string, feed: LiveFeed, subscriber: Subscriber): Place {
    const place = new Place(subscriber, feed)
    this.#catchUp(key, feed, { subscriber, place }).catch((error: unknown) => {
      place.leave()
      subscriber.fail(error)
    })
    return place
  }

  async #catchUp(
    key: string,
    feed: LiveFeed,
    { subscriber, place }: { subscriber: Subscriber; place: Place },
  ): Promise<void> {
    const { source } = feed
    let hasBegun = false
    void source.begun.then(() => {
      hasBegun = true
    })
    for (;;) {
      const step = source.next()
      // An empty snapshot has no event, but it makes the source begin.
      if (!hasBegun) await Promise.race([step, source.begun])
      if (source.isCaughtUp) {
        const cohort = this.#open.get(key)
        // A cohort may have left a service whose pins have changed again since. It lacks events then.
        if (cohort && cohort.parts === source.parts) {
          cohort.add(subscriber, source.position)
          void source.return()
          place.move(cohort)
        } else {
          place.move(this.#found(key, feed, subscriber, step))
        }
        return
      }
      const { done, value: event } = await step
      if (done) break
      subscriber.next(await (this.#open.get(key) ?? feed).render(event))
      await subscriber.ready()
      await giveWay()
    }
    subscriber.complete()
  }

  #found(key: string, feed: LiveFeed, subscriber: Subscriber, step: ReturnType<LiveFeed['source']['next']>): Cohort {
    const cohort: Cohort = new Cohort(feed, () => {
      if (this.#open.get(key) === cohort) this.#open.delete(key)
    })
    this.#open.set(key, cohort)
    cohort.add(subscriber, null)
    void cohort.run(step)
    return cohort
  }
}

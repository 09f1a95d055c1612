import { Cohort, type LiveStream } from './cohort.ts'
import type { Subscriber } from './message.ts'

/**
 * Where a subscriber is served: by a stream of their own first, later by a cohort. Their own stream is let go of then, with
 * all that hangs on it: most subscribers are members of a cohort for nearly all of their life.
 */
export class Place {
  readonly #subscriber: Subscriber
  #own: LiveStream | null
  #cohort: Cohort | null = null

  constructor(subscriber: Subscriber, own: LiveStream) {
    this.#subscriber = subscriber
    this.#own = own
  }

  /** Takes note that the subscriber is a member of a cohort now. */
  move(cohort: Cohort): void {
    this.#own = null
    this.#cohort = cohort
  }

  /** Ends it for the subscriber, who hears nothing more. */
  leave(): void {
    this.#cohort?.remove(this.#subscriber)
    void this.#own?.source.return()
  }
}

/**
 * Brings together subscribers who asked for the same.
 *
 * Everybody begins with a stream of their own, for a snapshot of their own, taken as fast as they read. Who has caught up
 * goes over to the cohort of those who had before, or is its first.
 */
export class Cohorts {
  readonly #open = new Map<string, Cohort>()

  /** How many there are. */
  get size(): number {
    return this.#open.size
  }

  /**
   * Serves a subscriber until the stream ends.
   *
   * @param key equal for those, and only those, whose streams are the same
   */
  join(key: string, stream: LiveStream, subscriber: Subscriber): Place {
    const place = new Place(subscriber, stream)
    this.#catchUp(key, stream, { subscriber, place }).catch((error: unknown) => {
      place.leave()
      subscriber.fail(error)
    })
    return place
  }

  async #catchUp(
    key: string,
    stream: LiveStream,
    { subscriber, place }: { subscriber: Subscriber; place: Place },
  ): Promise<void> {
    const { source } = stream
    let hasBegun = false
    void source.begun.then(() => {
      hasBegun = true
    })
    for (;;) {
      const step = source.next()
      // An empty snapshot is nothing to take, and yet a beginning.
      if (!hasBegun) await Promise.race([step, source.begun])
      if (source.isCaughtUp) {
        const cohort = this.#open.get(key)
        // One that has left a service where something is under way again is not what was asked for.
        if (cohort && cohort.parts === source.parts) {
          cohort.add(subscriber, source.position)
          void source.return()
          place.move(cohort)
        } else {
          place.move(this.#found(key, stream, subscriber, step))
        }
        return
      }
      const { done, value: event } = await step
      if (done) break
      subscriber.next(await (this.#open.get(key) ?? stream).render(event))
      await subscriber.ready()
    }
    subscriber.complete()
  }

  #found(
    key: string,
    stream: LiveStream,
    subscriber: Subscriber,
    step: ReturnType<LiveStream['source']['next']>,
  ): Cohort {
    const cohort: Cohort = new Cohort(stream, () => {
      if (this.#open.get(key) === cohort) this.#open.delete(key)
    })
    this.#open.set(key, cohort)
    cohort.add(subscriber, null)
    void cohort.run(step)
    return cohort
  }
}

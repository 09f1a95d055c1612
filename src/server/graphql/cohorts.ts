import { Cohort, type LiveStream } from './cohort.ts'
import type { Subscriber } from './message.ts'

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
   * @returns leaves
   */
  join(key: string, stream: LiveStream, subscriber: Subscriber): () => void {
    let leave = (): void => void stream.source.return()
    const catchUp = async () => {
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
            leave = () => cohort.remove(subscriber)
          } else {
            const first = this.#found(key, stream, subscriber, step)
            leave = () => first.remove(subscriber)
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
    catchUp().catch((error: unknown) => {
      leave()
      subscriber.fail(error)
    })
    return () => leave()
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

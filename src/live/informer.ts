import { listsTooMany, type PinRoom, type PinShare } from '../domain/pin-room.ts'
import type { Clock } from '../upstream/waiting/clock.ts'
import { Intake } from './intake.ts'
import type { LiveReader } from './live-reader.ts'
import type { LiveTenant } from './live-tenant.ts'
import { Alarm } from './polling/alarm.ts'
import type { Cadence } from './polling/cadence.ts'
import { PollLoop } from './polling/poll-loop.ts'
import type { Selection } from './selection.ts'
import { Audience } from './telling/audience.ts'
import { Chronicle } from './telling/chronicle.ts'
import type { EventLog } from './telling/event-log.ts'
import type { LiveCursors, ResumePoint } from './telling/live-cursor.ts'
import { PinCache } from './watched/pin-cache.ts'
import { Sightings } from './watched/sightings.ts'
import { Views } from './watched/views.ts'

export interface InformerOptions {
  readonly clock: Clock
  readonly cadence: Cadence
  readonly cursors: LiveCursors
  /** Keeps the tenant's last events. Is disposed with the informer. */
  readonly log: EventLog
  readonly random?: (() => number) | undefined
  /** The memory for the pins of all caches. */
  readonly room: PinRoom
  /** Called when the informer is no longer needed: its last subscriber left 30 seconds ago, or its pins do not fit into memory. */
  readonly onIdle: () => void
}

/**
 * Watches one tenant's pins for any number of subscribers.
 *
 * One poller keeps one cache, and every subscriber gets the cache's changes. So the cost depends neither on the number
 * of subscribers nor, up to 1,000, on the number of pins. Queries and changes through pinql update the same cache.
 * Each subscriber gets each pin's states in the order in which they became true: maybe not all of them, but always the last.
 *
 * This class connects two parts. It ends both when no subscriber is left, and when the pins do not fit into memory.
 *
 * - The {@link Intake} takes in the pins of every answer: it updates the cache, and then publishes changes to the audience. The
 *   tenant calls it with every answer, so the answers to polls arrive there too.
 * - The {@link PollLoop} sends requests, and reports failures to the audience. It calls the intake only with conclusions that no
 *   single answer shows, such as that a pin is gone.
 *
 * Both read and write the views, the cache and the {@link Sightings}. The intake calls nothing of the loop but
 * {@link Alarm.wake}.
 */
export class Informer implements Disposable {
  readonly #views = new Views()
  readonly #cache: PinCache
  readonly #share: PinShare
  readonly #audience: Audience
  readonly #loop: PollLoop
  readonly #log: EventLog
  readonly #unobserve: () => void
  #isDisposed = false

  constructor(tenant: LiveTenant, { cursors, log, room, ...options }: InformerOptions) {
    const { key, service } = tenant
    const { clock, onIdle } = options
    const views = this.#views
    // Not at once: whoever has taken the last room, perhaps this cache, is in the middle of an answer.
    this.#share = room.open(service, () => queueMicrotask(() => this.#giveUp(service, onIdle)))
    const cache = new PinCache(this.#share)
    this.#cache = cache
    const sightings = new Sightings()
    const alarm = new Alarm(clock)
    const chronicle = new Chronicle({ tenantKey: key, service, cursors, cache, log, clock })
    const audience = new Audience({ views, chronicle, cache, clock, alarm })
    const intake = new Intake({ views, cache, sightings, audience, alarm, clock })
    this.#audience = audience
    this.#log = log
    this.#loop = new PollLoop({ ...options, tenant, views, cache, sightings, audience, intake, alarm })
    this.#unobserve = tenant.observe(intake)
  }

  /** Number of pins in the cache. */
  get pins(): number {
    return this.#cache.size
  }

  /**
   * Adds a subscriber. The reader gets a snapshot, or the events that the subscriber missed, and then every change.
   *
   * @returns a function that removes the subscriber
   */
  watch(selection: Selection, reader: LiveReader, resumePoint: ResumePoint | null): () => void {
    const leave = this.#audience.join(selection, reader, resumePoint)
    this.#loop.start()
    return leave
  }

  /** Ends all subscriptions, since the service lists more pins than there is memory for. */
  #giveUp(serviceName: string, onIdle: () => void): void {
    if (this.#isDisposed) return
    const error = listsTooMany(serviceName, this.#cache.size)
    this.#cache.clear()
    this.#audience.fail(this.#views, error)
    onIdle()
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#share[Symbol.dispose]()
    this.#loop[Symbol.dispose]()
    this.#unobserve()
    this.#audience.complete()
    // Answers may still arrive. They concern no view any more, so the log gets no event of them.
    this.#log[Symbol.dispose]()
  }
}

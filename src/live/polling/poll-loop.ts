import type { Clock } from '../../upstream/waiting/clock.ts'
import type { LiveTenant } from '../live-tenant.ts'
import type { Audience } from '../telling/audience.ts'
import type { PinCache } from '../watched/pin-cache.ts'
import type { Sightings } from '../watched/sightings.ts'
import type { Views } from '../watched/views.ts'
import type { GonePins } from './absentees.ts'
import type { Alarm, AlarmListener } from './alarm.ts'
import type { Cadence } from './cadence.ts'
import { FirstReads, type FoundPins } from './first-reads.ts'
import { Poller } from './poller.ts'
import { TenantHealth } from './tenant-health.ts'

export interface PollLoopOptions {
  readonly tenant: LiveTenant
  readonly views: Views
  readonly cache: PinCache
  readonly sightings: Sightings
  readonly audience: Audience
  /** Takes in the loop's conclusions. The answers to its requests arrive there without the loop: the tenant shows every answer. */
  readonly intake: FoundPins & GonePins
  readonly alarm: Alarm
  readonly cadence: Cadence
  readonly clock: Clock
  readonly random?: (() => number) | undefined
  /** Called when the last view has been given up. */
  readonly onIdle: () => void
}

/** A planned poll is planned again after this time, or after a quarter of a longer wait: it may come sooner by then. */
const REVIEW_MS = 10_000
/** A view is kept this long after its last subscriber has left, so that reloading a page costs nothing. */
const LINGER_MS = 30_000

/**
 * Decides when to send requests for one tenant: polls, and first reads of new views.
 *
 * It runs while the tenant has views. Everything that changes what is due wakes its alarm.
 */
export class PollLoop implements AlarmListener, Disposable {
  readonly #options: PollLoopOptions
  readonly #poller: Poller
  readonly #firstReads: FirstReads
  readonly #health: TenantHealth
  readonly #stop = new AbortController()
  #isPolling = false
  #pollAt = Number.POSITIVE_INFINITY

  constructor(options: PollLoopOptions) {
    this.#options = options
    const { signal } = this.#stop
    this.#health = new TenantHealth(options)
    this.#poller = new Poller({ ...options, signal })
    this.#firstReads = new FirstReads({ ...options, poller: this.#poller, health: this.#health, signal })
    options.alarm.attach(this)
  }

  /** Starts the first reads that are due, at once. Called after a subscriber has joined. */
  start(): void {
    this.#firstReads.start()
    this.#options.alarm.wake()
  }

  onWake(): void {
    this.#schedule()
  }

  onTime(): void {
    const { views, audience, clock, onIdle } = this.#options
    const now = clock.now()
    audience.expire(now - LINGER_MS)
    if (views.size === 0) {
      onIdle()
      return
    }
    this.#firstReads.start()
    if (now >= this.#pollAt) void this.#poll()
    this.#schedule(true)
  }

  /** Aborts requests in flight, and sends no more. */
  [Symbol.dispose](): void {
    const { alarm, cadence, tenant } = this.#options
    this.#stop.abort()
    alarm[Symbol.dispose]()
    cadence.leave(tenant.key)
  }

  /**
   * Plans the next step, and sets the alarm.
   *
   * @param isReview true when only other tenants may have changed. A planned poll may then come sooner, but not later
   */
  #schedule(isReview = false): void {
    const { views, alarm, clock } = this.#options
    const now = clock.now()
    const pollDueAt = this.#pollDueAt(isReview)
    const latest = isReview && pollDueAt !== Number.POSITIVE_INFINITY ? this.#pollAt : pollDueAt
    this.#pollAt = Math.max(Math.min(pollDueAt, latest), this.#health.notBefore)
    let dueAt = views.size === 0 ? now : Math.min(this.#pollAt, this.#firstReads.dueAt)
    for (const { leftAt } of views) if (leftAt !== null) dueAt = Math.min(dueAt, leftAt + LINGER_MS)
    if (dueAt === Number.POSITIVE_INFINITY) {
      alarm.set(null)
      return
    }
    // Whole milliseconds: a shorter delay may round to no progress at all.
    alarm.set(Math.max(1, Math.ceil(Math.min(dueAt - now, Math.max(REVIEW_MS, (dueAt - now) / 4)))))
  }

  #pollDueAt(isReview: boolean): number {
    const { cadence, tenant, clock } = this.#options
    const demand = this.#isPolling ? null : this.#poller.demand()
    if (demand) {
      const intervalMs = cadence.intervalMs(tenant.key, demand, { isReview, sharedTurn: tenant.sharedTurn })
      return this.#health.isPollUrgent ? clock.now() : this.#poller.polledAt + intervalMs
    }
    if (!this.#isPolling) cadence.leave(tenant.key)
    return Number.POSITIVE_INFINITY
  }

  /** Does not reject. */
  async #poll(): Promise<void> {
    const { views, cache, alarm, clock } = this.#options
    const startedAt = clock.now()
    this.#isPolling = true
    this.#health.pollStarted()
    try {
      const isAnswered = await this.#poller.run()
      cache.forgetAbsent(clock.now(), (requestId) => views.refOf(requestId) !== undefined)
      this.#health.pollSucceeded()
      if (isAnswered) this.#health.answered()
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#health.pollFailed(error, startedAt)
    } finally {
      this.#isPolling = false
      alarm.wake()
    }
  }
}

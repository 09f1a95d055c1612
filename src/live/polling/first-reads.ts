import { BadRequestError, PinNotFoundError, PinqlError, UnauthorizedError } from '../../domain/errors.ts'
import type { Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { UNKNOWN_AGE } from '../../upstream/observing/tenant-observer.ts'
import type { Clock } from '../../upstream/waiting/clock.ts'
import { Stop, type StopSignal } from '../../upstream/waiting/stop.ts'
import type { LiveTenant } from '../live-tenant.ts'
import type { Audience } from '../telling/audience.ts'
import type { PinCache } from '../watched/pin-cache.ts'
import type { Sightings } from '../watched/sightings.ts'
import type { View } from '../watched/view.ts'
import type { Views } from '../watched/views.ts'
import type { Alarm } from './alarm.ts'
import { Backoff } from './backoff.ts'
import { startReadTime } from './live-read-time.ts'
import type { Poller } from './poller.ts'
import type { TenantHealth } from './tenant-health.ts'

/** Takes in what a first read found. */
export interface FoundPins {
  /** @param ticket number of the request that showed the pins, or `UNKNOWN_AGE` */
  seen(pins: readonly Pin[], ticket: number): void
}

export interface FirstReadsOptions {
  readonly tenant: LiveTenant
  readonly views: Views
  readonly cache: PinCache
  readonly sightings: Sightings
  readonly audience: Audience
  readonly intake: FoundPins
  readonly alarm: Alarm
  readonly poller: Poller
  readonly health: TenantHealth
  readonly clock: Clock
  readonly random?: (() => number) | undefined
  readonly signal: AbortSignal
}

/** More pins than a browser can show, and 10 requests. */
const MAX_WATCHED = 10_000

/** State of a view that has not begun. */
interface FirstRead {
  readonly backoff: Backoff
  isInFlight: boolean
  /** True when the token was refused the last time. */
  isRefused: boolean
}

/**
 * Reads into the cache what new views need, and then begins with their subscribers.
 *
 * Each view is read, and retried, by itself. So a view that cannot be read, or whose read takes long, delays no other.
 */
export class FirstReads {
  readonly #options: FirstReadsOptions
  readonly #reads = new WeakMap<View, FirstRead>()

  constructor(options: FirstReadsOptions) {
    this.#options = options
  }

  /** Time on the clock when the next read is due. Infinite when no view waits for one. */
  get dueAt(): number {
    return this.#waiting().reduce(
      (least, [, { backoff }]) => Math.min(least, backoff.notBefore),
      Number.POSITIVE_INFINITY,
    )
  }

  /** Starts all reads that are due. */
  start(): void {
    const now = this.#options.clock.now()
    for (const [view, read] of this.#waiting()) if (read.backoff.notBefore <= now) void this.#run(view, read)
  }

  #waiting(): [View, FirstRead][] {
    return this.#options.views
      .active()
      .filter((view) => !view.hasBegun)
      .map((view): [View, FirstRead] => [view, this.#readOf(view)])
      .filter(([, { isInFlight }]) => !isInFlight)
  }

  #readOf(view: View): FirstRead {
    const known = this.#reads.get(view)
    if (known) return known
    const read = { backoff: new Backoff(this.#options.random), isInFlight: false, isRefused: false }
    this.#reads.set(view, read)
    return read
  }

  /** Does not reject. */
  async #run(view: View, read: FirstRead): Promise<void> {
    const { tenant, views, cache, sightings, audience, intake, alarm, poller, health, clock, signal } = this.#options
    read.isInFlight = true
    const startedAt = clock.now()
    const { newestNs } = sightings
    const stop = new Stop(view)
    const letGo = stop.follow(signal)
    try {
      // A pin that was taken for gone is looked up again, unless a change has removed it just now.
      const isKnown = (requestId: string): boolean => cache.has(requestId) || cache.isJustRemoved(requestId, startedAt)
      const found = await readView(tenant, view, {
        isKnown,
        signal: stop,
        onList: startReadTime(clock, tenant.service),
      })
      // The intake has usually seen these pins. It has not where the answer was shared with a request that was sent earlier.
      intake.seen(found, UNKNOWN_AGE)
      for (const requestId of view.refs.keys()) {
        if (!cache.has(requestId) && !cache.isRemoved(requestId)) sightings.suspect(requestId)
      }
      // Views that have begun were not read with this one, and still need their poll.
      if (views.begun().length === 0) poller.wasRead()
      for (const { created } of found) view.lookedUpTo(created.ns)
      view.lookedUpTo(newestNs)
      read.backoff.succeeded()
      health.answered()
      audience.begin(view)
    } catch (error) {
      if (!signal.aborted) this.#failed(view, read, error, startedAt)
    } finally {
      letGo()
      read.isInFlight = false
      alarm.wake()
    }
  }

  #failed(view: View, read: FirstRead, error: unknown, startedAt: number): void {
    const { audience, health, clock } = this.#options
    // A retry does not help when the filter itself cannot be watched.
    if (!(error instanceof PinqlError) || error instanceof BadRequestError) {
      audience.fail([view], error)
      return
    }
    const isRefusal = error instanceof UnauthorizedError
    // One refusal may be a mistake of the service.
    if (isRefusal && read.isRefused && startedAt >= read.backoff.notBefore) {
      health.readRefused(view, error)
      return
    }
    read.isRefused ||= isRefusal
    const isWorthReporting = read.backoff.failed(error, clock.now())
    if (isWorthReporting && !isRefusal) {
      audience.reportUnreadable(view, { kind: 'STALE', since: health.lastGoodAt, reason: error })
    }
  }
}

/**
 * Reads the pins of a new view: one list per 1,000 pins of a query, or per ten ids. Pins that a change made within the
 * last 2 s cost no request.
 *
 * @param options.isKnown returns true for a request id that is not looked up, since its state is known
 * @param options.onList called before each list, and ends the read if it throws
 * @returns the pins that were found
 * @throws {BadRequestError} the filter matches more than 10,000 pins
 * @throws whatever the requests reject with
 */
async function readView(
  tenant: LiveTenant,
  view: View,
  options: {
    readonly isKnown: (requestId: string) => boolean
    readonly signal: StopSignal
    readonly onList: () => void
  },
): Promise<Pin[]> {
  const { isKnown, signal, onList } = options
  const found: Pin[] = []
  if (view.query) {
    for (const stream of tenant.openStreams(view.query, { signal, onList, expected: 1000 })) {
      await stream.start()
      if ((stream.count ?? 0) > MAX_WATCHED) throw tooMany()
      for (let next = await stream.peek(); next !== null; next = await stream.peek()) {
        found.push(next)
        stream.shift()
        if (found.length > MAX_WATCHED) throw tooMany()
      }
    }
    return found
  }
  const lookUp = async (ref: PinRef): Promise<void> => {
    try {
      found.push(tenant.justMade(ref.requestId) ?? (await tenant.lookupPin(ref, { signal })))
    } catch (error) {
      if (!(error instanceof PinNotFoundError)) throw error
    }
  }
  await Promise.all([...view.refs.values()].filter(({ requestId }) => !isKnown(requestId)).map(lookUp))
  return found
}

function tooMany(): BadRequestError {
  return BadRequestError.of('filter', `one that matches at most ${MAX_WATCHED} pins`, 'one that matches more')
}

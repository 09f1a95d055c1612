import { BadRequestError, PinqlError, UnauthorizedError } from '../domain/errors.ts'
import type { Pin } from '../domain/pin.ts'
import { Stop } from '../upstream/stop.ts'
import type { Audience } from './audience.ts'
import type { LiveTenant } from './live-tenant.ts'
import { loadView } from './load-view.ts'
import type { PinCache } from './pin-cache.ts'
import type { Poller } from './poller.ts'
import type { View } from './view.ts'
import type { Views } from './views.ts'

export interface FirstReadsOptions {
  readonly tenant: LiveTenant
  readonly cache: PinCache
  readonly views: Views
  readonly audience: Audience
  readonly poller: Poller
  /** Milliseconds on the clock. */
  readonly now: () => number
  readonly signal: AbortSignal
  /** Told what was found, which an answer may have shown before. */
  readonly onFound: (pins: readonly Pin[]) => void
  /** Called when all of a view was read, before its subscribers are told. */
  readonly onGood: () => void
  /** Called when a read has come to its end, whichever. */
  readonly onEnd: () => void
  /** Called when a view's token was refused twice. */
  readonly onRefused: (view: View, error: UnauthorizedError) => void
  /** Unix milliseconds of the last good answer. */
  readonly lastGoodAt: () => number
}

/**
 * Brings what new selections ask for into the cache, and then begins with their subscribers.
 *
 * Each is read by itself and tried again by itself, so that one that cannot be read now, or takes long, holds up nobody.
 */
export class FirstReads {
  readonly #options: FirstReadsOptions

  constructor(options: FirstReadsOptions) {
    this.#options = options
  }

  /** When the next is due, on the clock; infinite where none waits. */
  get dueAt(): number {
    return this.#waiting().reduce((least, { setback }) => Math.min(least, setback.notBefore), Number.POSITIVE_INFINITY)
  }

  /** Starts all that are due. */
  start(): void {
    const now = this.#options.now()
    for (const view of this.#waiting()) if (view.setback.notBefore <= now) void this.#read(view)
  }

  #waiting(): View[] {
    return this.#options.views.active().filter((view) => !view.hasBegun && !view.isLoading)
  }

  /** Does not reject. */
  async #read(view: View): Promise<void> {
    const { tenant, cache, audience, poller, views, now, signal, onFound, onGood, onEnd } = this.#options
    view.isLoading = true
    const startedAt = now()
    const { seenNs } = poller
    const stop = new Stop(view)
    const letGo = stop.follow(signal)
    try {
      // What was said to be gone is asked for again, but for what a change has just taken away.
      const isKnown = (requestId: string): boolean => cache.has(requestId) || cache.isJustRemoved(requestId, startedAt)
      const found = await loadView(tenant, view, { isKnown, signal: stop })
      onFound(found)
      for (const requestId of view.refs.keys()) {
        if (!cache.has(requestId) && !cache.isRemoved(requestId)) poller.suspect(requestId)
      }
      // Others who have begun were not looked after by this.
      if (views.begun().length === 0) poller.wasRead()
      for (const { created } of found) view.lookedUpTo(created.ns)
      view.lookedUpTo(seenNs)
      view.setback.succeeded()
      onGood()
      audience.begin(view)
    } catch (error) {
      this.#failed(view, error, startedAt)
    } finally {
      letGo()
      view.isLoading = false
      onEnd()
    }
  }

  #failed(view: View, error: unknown, startedAt: number): void {
    const { audience, now, signal, onRefused, lastGoodAt } = this.#options
    if (signal.aborted) return
    // A filter that cannot be watched will not get better.
    if (!(error instanceof PinqlError) || error instanceof BadRequestError) {
      audience.fail([view], error)
      return
    }
    const isRefusal = error instanceof UnauthorizedError
    // One refusal may be a hiccup.
    if (isRefusal && view.isRefused && startedAt >= view.setback.notBefore) {
      onRefused(view, error)
      return
    }
    view.isRefused ||= isRefusal
    const isWorthTelling = view.setback.failed(error, now())
    if (isWorthTelling && !isRefusal) {
      audience.tellWaiting(view, { kind: 'STALE', since: lastGoodAt(), reason: error })
    }
  }
}

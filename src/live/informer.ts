import { PinqlError, UnauthorizedError } from '../domain/errors.ts'
import { isSettled, type Pin } from '../domain/pin.ts'
import type { Clock } from '../upstream/clock.ts'
import { type TenantObserver, UNKNOWN_AGE } from '../upstream/service/tenant-observer.ts'
import { Audience } from './audience.ts'
import type { Cadence } from './cadence.ts'
import { Chronicle, draftOf } from './chronicle.ts'
import { FirstReads } from './first-reads.ts'
import type { LiveCursors, ResumePoint } from './live-cursor.ts'
import type { LiveReader } from './live-reader.ts'
import type { LiveTenant } from './live-tenant.ts'
import { type CacheChange, PinCache, type Tickets } from './pin-cache.ts'
import { Poller } from './poller.ts'
import type { Selection } from './selection.ts'
import { Setback } from './setback.ts'
import type { View } from './view.ts'
import { Views } from './views.ts'

export interface InformerOptions {
  readonly clock: Clock
  readonly cadence: Cadence
  readonly cursors: LiveCursors
  /** Unix milliseconds. Default `Date.now`. */
  readonly wallNow?: (() => number) | undefined
  readonly random?: (() => number) | undefined
  /** Called when nobody has listened for a while, and everything is given up. */
  readonly onIdle: () => void
}

/** Nobody waits for longer without a look at whether polls may come sooner by now, but for a quarter of very long waits. */
const REVIEW_MS = 10_000
/** After the last subscriber of a view has left, so that a reload of a page costs nothing. */
const LINGER_MS = 30_000
/** A pin that was there before anybody listened is taken for no older: clocks differ, and it may be about to change. */
const OLDEST_AT_FIRST_MS = 300_000

/**
 * Watches one tenant's pins for any number of subscribers.
 *
 * While anybody listens, one poller keeps one cache, and every subscriber is told of the cache's changes; so what it
 * costs depends neither on how many listen nor, up to 1,000, on how many pins they watch. Every other answer for the
 * tenant, to queries and changes, feeds the same cache. Each subscriber sees each pin's states in the order in which
 * they became true, maybe not all of them, and always the last.
 *
 * What nobody has listened to for 30 seconds is given up; until then it is kept, but not polled.
 */
export class Informer implements TenantObserver, Disposable {
  readonly #tenant: LiveTenant
  readonly #options: InformerOptions
  readonly #cache = new PinCache()
  readonly #views: Views
  readonly #audience: Audience
  readonly #poller: Poller
  readonly #firstReads: FirstReads
  readonly #setback: Setback
  readonly #stop = new AbortController()
  readonly #unobserve: () => void
  #ticket = 0
  #timer: { cancel(): void } | null = null
  #isScheduled = false
  #isPolling = false
  #pollAt = Number.POSITIVE_INFINITY
  #lastGoodAt: number
  #isRefused = false
  /** Whether a poll is due whatever the budget. */
  #isPollWanted = false

  constructor(tenant: LiveTenant, options: InformerOptions) {
    this.#tenant = tenant
    this.#options = options
    this.#views = new Views(options.random)
    this.#setback = new Setback(options.random)
    const cache = this.#cache
    const views = this.#views
    const now = (): number => this.#now()
    const wallNow = (): number => this.#wallNow()
    this.#lastGoodAt = wallNow()
    const { key, service } = tenant
    const chronicle = new Chronicle({ tenant: key, service, cursors: options.cursors, cache, wallNow })
    this.#audience = new Audience({ views, chronicle, cache, now, onDeserted: () => this.#scheduleSoon() })
    this.#poller = new Poller({
      tenant,
      cache,
      views,
      now,
      signal: this.#stop.signal,
      onGone: (requestId) => this.removed(requestId),
    })
    this.#firstReads = new FirstReads({
      tenant,
      cache,
      views,
      audience: this.#audience,
      poller: this.#poller,
      now,
      signal: this.#stop.signal,
      // Usually seen already; but an answer may have been shared with somebody who asked before.
      onFound: (pins) => this.seen(pins, UNKNOWN_AGE),
      onGood: () => this.#onGood(),
      onEnd: () => this.#scheduleSoon(),
      onRefused: (view, error) => this.#onReadRefused(view, error),
      lastGoodAt: () => this.#lastGoodAt,
    })
    this.#unobserve = tenant.observe(this)
  }

  /** How many listen. */
  get size(): number {
    return this.#views.active().reduce((sum, { watches }) => sum + watches.size, 0)
  }

  /** How many pins are kept. */
  get pins(): number {
    return this.#cache.size
  }

  /**
   * Adds a subscriber. It hears every change from now on, after a snapshot of what it asked for, or after what it missed.
   *
   * @returns how to leave
   */
  watch(selection: Selection, reader: LiveReader, resumePoint: ResumePoint | null): () => void {
    const leave = this.#audience.join(selection, reader, resumePoint)
    this.#firstReads.start()
    this.#scheduleSoon()
    return leave
  }

  sent(): number {
    return ++this.#ticket
  }

  seen(pins: readonly Pin[], ticket: number): void {
    for (const pin of pins) this.#see(pin, ticket)
  }

  added(pin: Pin, ticket: number): void {
    this.#poller.saw(pin)
    if (this.#views.tracks(pin)) this.#apply(this.#cache.put(pin, this.#tickets(ticket), this.#now()))
    else this.#cache.revive(pin.requestId, ticket)
  }

  replaced(requestId: string, pin: Pin, ticket: number): void {
    this.#poller.saw(pin)
    if (requestId !== pin.requestId) this.#views.succeed(requestId, pin)
    const isWatched = this.#cache.has(requestId) || this.#views.tracks(pin)
    if (isWatched) {
      const changes = this.#cache.replace(requestId, pin, this.#tickets(ticket), this.#now())
      for (const change of changes) this.#apply(change)
    } else {
      if (requestId !== pin.requestId) this.removed(requestId)
      this.#cache.revive(pin.requestId, ticket)
    }
  }

  removed(requestId: string): void {
    const isKnown = this.#cache.has(requestId) || this.#cache.isRemoved(requestId)
    this.#apply(this.#cache.remove(requestId, this.#ticket, this.#now()))
    const ref = this.#views.refOf(requestId)
    // Asked for, but never there.
    if (!isKnown && ref) this.#audience.tell({ kind: 'REMOVED', requestId, cid: ref.cid }, null)
  }

  [Symbol.dispose](): void {
    this.#stop.abort()
    this.#timer?.cancel()
    this.#timer = null
    this.#unobserve()
    this.#options.cadence.leave(this.#tenant.key)
    this.#audience.complete()
  }

  #see(pin: Pin, ticket: number): void {
    this.#poller.saw(pin)
    if (!this.#cache.has(pin.requestId) && !this.#views.tracks(pin)) return
    const now = this.#now()
    const ageMs = Math.min(OLDEST_AT_FIRST_MS, Math.max(0, this.#wallNow() - Number(pin.created.ns / 1_000_000n)))
    this.#apply(this.#cache.see(pin, this.#tickets(ticket), now, now - ageMs))
  }

  #apply(change: CacheChange | null): void {
    if (change === null) return
    const previous = 'previous' in change ? change.previous : null
    this.#audience.tell(draftOf(change), previous)
    if (!('pin' in change)) return
    const { pin } = change
    if (!this.#views.tracks(pin)) this.#cache.forget(pin.requestId, this.#now())
    else if (!isSettled(pin.status)) this.#scheduleSoon()
  }

  /** Many changes at once need one look at what is due. */
  #scheduleSoon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      if (!this.#stop.signal.aborted) this.#schedule()
    })
  }

  /** @param isReview nothing has changed but what the others want, so that a planned poll may come sooner, and not later */
  #schedule(isReview = false): void {
    const now = this.#now()
    const pollDueAt = this.#pollDueAt(isReview)
    const latest = isReview && pollDueAt !== Number.POSITIVE_INFINITY ? this.#pollAt : pollDueAt
    this.#pollAt = Math.max(Math.min(pollDueAt, latest), this.#setback.notBefore)
    let dueAt = this.#views.size === 0 ? now : Math.min(this.#pollAt, this.#firstReads.dueAt)
    for (const { leftAt } of this.#views) if (leftAt !== null) dueAt = Math.min(dueAt, leftAt + LINGER_MS)
    this.#timer?.cancel()
    this.#timer = null
    if (dueAt === Number.POSITIVE_INFINITY) return
    // Whole milliseconds: a shorter delay may round to no progress at all.
    const delayMs = Math.max(1, Math.ceil(Math.min(dueAt - now, Math.max(REVIEW_MS, (dueAt - now) / 4))))
    this.#timer = this.#options.clock.setTimeout(() => this.#onTimer(), delayMs)
  }

  #pollDueAt(isReview: boolean): number {
    const { cadence } = this.#options
    const need = this.#isPolling ? null : this.#poller.need()
    if (need) {
      const intervalMs = cadence.intervalMs(this.#tenant.key, need, { isReview })
      return this.#setback.isPending || this.#isPollWanted ? this.#now() : this.#poller.polledAt + intervalMs
    }
    if (!this.#isPolling) cadence.leave(this.#tenant.key)
    return Number.POSITIVE_INFINITY
  }

  #onTimer(): void {
    this.#timer = null
    const now = this.#now()
    this.#audience.expire(now - LINGER_MS)
    if (this.#views.size === 0) {
      this.#options.onIdle()
      return
    }
    this.#firstReads.start()
    if (now >= this.#pollAt) void this.#poll()
    this.#schedule(true)
  }

  async #poll(): Promise<void> {
    const startedAt = this.#now()
    this.#isPolling = true
    this.#isPollWanted = false
    try {
      const isAnswered = await this.#poller.run()
      this.#cache.forgetAbsent(this.#now(), (requestId) => this.#views.refOf(requestId) !== undefined)
      this.#setback.succeeded()
      if (isAnswered) this.#onGood()
    } catch (error) {
      if (error instanceof PinqlError) this.#onFailed(error, startedAt)
      else this.#audience.fail(this.#views, error)
    } finally {
      this.#isPolling = false
      this.#scheduleSoon()
    }
  }

  #onGood(): void {
    this.#isRefused = false
    this.#lastGoodAt = this.#wallNow()
    this.#audience.tellResumed()
  }

  #onFailed(error: PinqlError, startedAt: number): void {
    if (this.#stop.signal.aborted) return
    const isRefusal = error instanceof UnauthorizedError
    // One refusal may be a hiccup; a second, asked for after it, ends it for everybody who uses this token.
    if (isRefusal && this.#isRefused && startedAt >= this.#setback.notBefore) {
      this.#audience.fail(this.#views, error)
      return
    }
    this.#isRefused ||= isRefusal
    const isWorthTelling = this.#setback.failed(error, this.#now())
    if (isWorthTelling && !isRefusal) {
      this.#audience.tellStale({ kind: 'STALE', since: this.#lastGoodAt, reason: error })
    }
  }

  /** A token that is refused for one selection may still do for the others: their next poll, which comes at once, tells. */
  #onReadRefused(view: View, error: UnauthorizedError): void {
    this.#isRefused = true
    this.#isPollWanted = true
    this.#audience.fail(this.#views.begun().length > 0 ? [view] : this.#views, error)
  }

  #tickets(sent: number): Tickets {
    return { sent, last: this.#ticket }
  }

  #now(): number {
    return this.#options.clock.now()
  }

  #wallNow(): number {
    return (this.#options.wallNow ?? Date.now)()
  }
}

import { randomBytes } from 'node:crypto'
import { PinqlError, RateLimitedError, UnauthorizedError } from '../domain/errors.ts'
import { parseInstant } from '../domain/instant.ts'
import type { Pin } from '../domain/pin.ts'
import type { Clock } from '../upstream/clock.ts'
import type { Tenant } from '../upstream/tenant.ts'
import type { TenantObserver } from '../upstream/tenant-observer.ts'
import { type Cadence, changeRateOf } from './cadence.ts'
import { MemoryEventLog } from './event-log.ts'
import type { LiveCursors } from './live-cursor.ts'
import type { LiveEvent, PinChange } from './live-event.ts'
import type { LiveReader } from './live-reader.ts'
import { type CacheChange, PinCache } from './pin-cache.ts'
import { PollBackoff } from './poll-backoff.ts'
import { loadSelection, type PollTargets, pollTenant, readItem } from './poll-tenant.ts'
import { ResyncSchedule } from './resync-schedule.ts'
import { isOver, isSelected, type Selection, selectionKey, wantsEvent } from './watch.ts'

/** One subscriber's part at one tenant. */
interface Watch {
  readonly selection: Selection
  readonly reader: LiveReader
  /** False until its snapshot is made: what happens before is in the snapshot. */
  isLive: boolean
}

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

const LINGER_MS = 30_000
/** A removal is remembered this long, for answers that are late and services that forget slowly. */
const REMOVAL_MEMORY_MS = 60_000
/** An answer that still shows a removed pin is believed only this long after the removal. */
const REMOVAL_GRACE_MS = 10_000
/** A wait for budget shorter than this is not worth telling. */
const SHORT_WAIT_MS = 5_000

/**
 * Watches one tenant's pins for any number of subscribers.
 *
 * While anybody listens, one poller keeps one cache, and every subscriber is told of the cache's changes; so what it
 * costs depends neither on how many listen nor, up to 1,000, on how many pins they watch. Every other answer for the
 * tenant, to queries and changes, feeds the same cache. Each subscriber sees each pin's states in the order in which
 * they became true, maybe not all of them, and always the last.
 *
 * After the last subscriber has left, nothing is polled, and everything is given up after 30 seconds.
 */
export class Informer implements TenantObserver {
  readonly #tenant: Tenant
  readonly #options: InformerOptions
  readonly #cache = new PinCache()
  readonly #watches = new Set<Watch>()
  readonly #loaded = new Map<string, Promise<void>>()
  readonly #epoch = randomBytes(6).toString('base64url')
  readonly #log = new MemoryEventLog(0)
  readonly #backoff: PollBackoff
  readonly #resync = new ResyncSchedule()
  readonly #suspects = new Map<string, number>()
  readonly #unobserve: () => void
  #seq = 0
  #ticket = 0
  #timer: { cancel(): void } | null = null
  #dueAt = Number.POSITIVE_INFINITY
  #isPolling = false
  #staleSince: number | null = null
  #lastGoodAt: number
  #refusals = 0

  constructor(tenant: Tenant, options: InformerOptions) {
    this.#tenant = tenant
    this.#options = options
    this.#backoff = new PollBackoff(options.random)
    this.#lastGoodAt = this.#wallNow()
    this.#unobserve = tenant.observe(this)
  }

  /** How many listen. */
  get size(): number {
    return this.#watches.size
  }

  /**
   * Adds a subscriber. It hears every change from now on, after a snapshot of what it asked for, or after what it missed
   * since `after`.
   *
   * @param after a cursor of an earlier event of the same tenant
   * @throws {BadRequestError} for a cursor of another tenant, or none at all
   */
  watch(selection: Selection, reader: LiveReader, after: string | null): () => void {
    const position = after === null ? null : this.#options.cursors.parse(this.#tenant.key, after)
    const watch: Watch = { selection, reader, isLive: false }
    this.#watches.add(watch)
    const missed = position?.epoch === this.#epoch ? this.#log.since(position.seq) : null
    if (missed)
      this.#goLive(
        watch,
        missed.filter((event) => wantsEvent(selection, event, null)),
      )
    else void this.#start(watch, position !== null)
    this.#schedule()
    return () => this.#leave(watch)
  }

  sent(): number {
    return ++this.#ticket
  }

  seen(pins: readonly Pin[], ticket: number): void {
    for (const pin of pins) {
      this.#suspects.delete(pin.requestId)
      this.#apply(this.#cache.see(pin, ticket, (removedAt) => this.#now() - removedAt > REMOVAL_GRACE_MS))
    }
  }

  replaced(requestId: string, pin: Pin, ticket: number): void {
    this.#apply(this.#cache.replace(requestId, pin, ticket, this.#now()))
  }

  removed(requestId: string): void {
    this.#apply(this.#cache.remove(requestId, this.#now()))
  }

  [Symbol.dispose](): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#unobserve()
    this.#options.cadence.leave(this.#tenant.key)
    for (const { reader } of this.#watches) reader.complete()
    this.#watches.clear()
    this.#cache.clear()
  }

  async #start(watch: Watch, isResync: boolean): Promise<void> {
    const { selection, reader } = watch
    try {
      await this.#load(selection)
    } catch (error) {
      this.#watches.delete(watch)
      reader.fail(error)
      return
    }
    if (!this.#watches.has(watch)) return
    const pins = [...this.#cache.pins()].filter((pin) => isSelected(selection, pin))
    const common = this.#stamp(this.#seq)
    this.#goLive(
      watch,
      pins.map((pin, index) => ({ ...common, type: 'PinSnapshot', pin, isResync, remaining: pins.length - index - 1 })),
    )
  }

  /** Brings what is asked for into the cache; what another subscriber asked for is there already. */
  #load(selection: Selection): Promise<void> {
    const key = selectionKey(selection)
    const known = this.#loaded.get(key)
    if (known !== undefined) return known
    const ticket = this.sent()
    const loading = loadSelection(this.#tenant, selection, (requestId) => this.#cache.get(requestId)).then((pins) =>
      this.seen(pins, ticket),
    )
    this.#loaded.set(key, loading)
    loading.catch(() => this.#loaded.delete(key))
    return loading
  }

  #goLive(watch: Watch, first: readonly LiveEvent[]): void {
    watch.isLive = true
    watch.reader.begin(first)
    this.#endIfOver(watch)
    this.#schedule()
  }

  #endIfOver(watch: Watch): void {
    if (!isOver(watch.selection, (requestId) => this.#cache.get(requestId))) return
    watch.reader.complete()
    this.#leave(watch)
  }

  #leave(watch: Watch): void {
    if (!this.#watches.delete(watch)) return
    if (this.#watches.size === 0) this.#schedule()
  }

  #apply(change: CacheChange | null): void {
    if (!change) return
    const previous = change.type === 'added' ? null : change.previous
    this.#emit({ ...this.#stamp(++this.#seq), ...toEvent(change) } as PinChange, previous)
    this.#schedule()
  }

  #emit(event: LiveEvent, previous: Pin | null): void {
    this.#log.append(event)
    for (const watch of this.#watches) {
      if (!watch.isLive || !wantsEvent(watch.selection, event, previous)) continue
      watch.reader.push(event)
      this.#endIfOver(watch)
    }
  }

  /** Sets the timer for whatever is due next: a poll, or giving up. */
  #schedule(): void {
    if (this.#isPolling) return
    const now = this.#now()
    let dueAt = now + LINGER_MS
    if (this.#watches.size > 0) {
      const { pending, wantsNew } = this.#targets()
      const ages = pending.map((pin) => this.#wallNow() - Number(parseInstant(pin.created).ns / 1_000_000n))
      const isIdle = pending.length === 0 && !wantsNew
      const intervalMs = this.#options.cadence.intervalMs(this.#tenant.key, changeRateOf(ages))
      const pollAt = isIdle ? Number.POSITIVE_INFINITY : this.#resync.lastPollAt + intervalMs
      dueAt = Math.max(now, Math.min(pollAt, this.#resync.dueAt), this.#resync.notBefore)
    } else {
      this.#options.cadence.leave(this.#tenant.key)
    }
    if (this.#timer && Math.abs(dueAt - this.#dueAt) < 1) return
    this.#timer?.cancel()
    this.#dueAt = dueAt
    this.#timer =
      dueAt === Number.POSITIVE_INFINITY
        ? null
        : this.#options.clock.setTimeout(() => void this.#onTimer(), dueAt - now)
  }

  async #onTimer(): Promise<void> {
    this.#timer = null
    if (this.#watches.size === 0) {
      this.#options.onIdle()
      return
    }
    this.#isPolling = true
    try {
      await this.#poll()
    } finally {
      this.#isPolling = false
      this.#schedule()
    }
  }

  async #poll(): Promise<void> {
    const now = this.#now()
    const selections = [...this.#watches].map(({ selection }) => selection)
    const isResync = now >= this.#resync.dueAt
    try {
      const { absent, requests } = await pollTenant(this.#tenant, this.#targets(), isResync ? selections : [])
      for (const pin of absent) await this.#confirmAbsence(pin)
      this.#resync.polled(this.#now(), isResync ? requests : null)
      this.#cache.forgetRemovals(this.#now() - REMOVAL_MEMORY_MS)
      this.#onGood()
    } catch (error) {
      this.#resync.polled(this.#now(), null)
      this.#onFailed(error)
    }
  }

  /** Pages shift while they are read, and services restart: only what is not found by its id, twice, is gone. */
  async #confirmAbsence(pin: Pin): Promise<void> {
    const found = await readItem(this.#tenant, pin.requestId)
    if (found.length > 0) return
    const misses = (this.#suspects.get(pin.requestId) ?? 0) + 1
    this.#suspects.set(pin.requestId, misses)
    if (misses < 2) return
    this.#suspects.delete(pin.requestId)
    this.removed(pin.requestId)
  }

  #targets(): PollTargets {
    const watched = [...this.#watches].map(({ selection }) => selection)
    const wantsNew = watched.some(({ kind }) => kind === 'query')
    const pending = this.#cache.unsettled().filter((pin) => watched.some((selection) => isSelected(selection, pin)))
    return { pending, wantsNew, known: this.#cache, suspects: [...this.#suspects.keys()] }
  }

  #onGood(): void {
    this.#refusals = 0
    this.#lastGoodAt = this.#wallNow()
    if (this.#staleSince === null) return
    const since = this.#staleSince
    this.#staleSince = null
    this.#emit({ ...this.#stamp(++this.#seq), type: 'LiveResumed', since }, null)
  }

  #onFailed(error: unknown): void {
    if (!(error instanceof PinqlError)) throw error
    const isRefused = error instanceof UnauthorizedError
    const delayMs = error instanceof RateLimitedError ? error.retryAfterMs : this.#backoff.failed(this.#now())
    this.#resync.notBefore = this.#now() + delayMs
    // One refusal may be a hiccup; the second ends it for everybody who uses this token.
    this.#refusals = isRefused ? this.#refusals + 1 : 0
    if (this.#refusals >= 2) {
      for (const { reader } of this.#watches) reader.fail(error)
      this.#watches.clear()
      return
    }
    if (this.#staleSince !== null || (error instanceof RateLimitedError && delayMs < SHORT_WAIT_MS)) return
    this.#staleSince = this.#lastGoodAt
    this.#emit({ ...this.#stamp(++this.#seq), type: 'LiveStale', since: this.#lastGoodAt, reason: error }, null)
  }

  #stamp(seq: number) {
    const cursor = this.#options.cursors.format(this.#tenant.key, { epoch: this.#epoch, seq })
    return { service: this.#tenant.service, seq, cursor, observedAt: this.#wallNow() }
  }

  #now(): number {
    return this.#options.clock.now()
  }

  #wallNow(): number {
    return (this.#options.wallNow ?? Date.now)()
  }
}

function toEvent(change: CacheChange) {
  switch (change.type) {
    case 'added':
      return { type: 'PinAdded', pin: change.pin } as const
    case 'changed':
      return { type: 'PinStatusChange', pin: change.pin, previousStatus: change.previous.status } as const
    case 'replaced':
      return { type: 'PinReplaced', pin: change.pin, replaced: change.previous } as const
    case 'removed':
      return { type: 'PinRemoved', requestId: change.previous.requestId, cid: change.previous.cid.text } as const
  }
}

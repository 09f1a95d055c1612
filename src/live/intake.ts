import { isSettled, type Pin } from '../domain/pin.ts'
import type { TenantObserver } from '../upstream/observing/tenant-observer.ts'
import type { Clock } from '../upstream/waiting/clock.ts'
import type { Draft } from './live-event.ts'
import type { Audience, Wakeable } from './telling/audience.ts'
import type { CacheChange, PinCache, Tickets } from './watched/pin-cache.ts'
import type { Sightings } from './watched/sightings.ts'
import type { Views } from './watched/views.ts'

export interface IntakeOptions {
  readonly views: Views
  readonly cache: PinCache
  readonly sightings: Sightings
  readonly audience: Audience
  readonly alarm: Wakeable
  readonly clock: Clock
}

/**
 * Largest age in milliseconds that a pin gets when it is seen for the first time. Older pins change more rarely and are polled
 * more rarely. But a service's clock may be wrong, and an old pin may be about to change.
 */
const OLDEST_AT_FIRST_MS = 300_000

/**
 * Takes in the states of one tenant's pins: updates the cache, and publishes each change to the audience.
 *
 * The tenant shows it every answer, whether a poll, a query or a change sent the request. The poll loop reports in the
 * same way that a pin is gone, and the pins of a first read. The cache keeps only pins that a view tracks.
 */
export class Intake implements TenantObserver {
  readonly #options: IntakeOptions
  readonly #cache: PinCache
  readonly #views: Views
  readonly #sightings: Sightings
  #ticket = 0

  constructor(options: IntakeOptions) {
    this.#options = options
    this.#cache = options.cache
    this.#views = options.views
    this.#sightings = options.sightings
  }

  sent(): number {
    return ++this.#ticket
  }

  seen(pins: readonly Pin[], ticket: number): void {
    for (const pin of pins) this.#see(pin, ticket)
  }

  added(pin: Pin, ticket: number): void {
    this.#sightings.saw(pin)
    if (this.#views.tracks(pin)) this.#apply(this.#cache.put(pin, this.#tickets(ticket), this.#now()))
    else this.#cache.revive(pin.requestId, ticket)
  }

  replaced(requestId: string, pin: Pin, ticket: number): void {
    this.#sightings.saw(pin)
    if (requestId !== pin.requestId) this.#views.followReplacement(requestId, pin)
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
    // The cache reports no change for a pin that it never had. Subscribers that asked for its id still need an event.
    if (!isKnown && ref) this.#options.audience.publish({ kind: 'REMOVED', requestId, cid: ref.cid }, null)
  }

  #see(pin: Pin, ticket: number): void {
    this.#sightings.saw(pin)
    if (!this.#cache.has(pin.requestId) && !this.#views.tracks(pin)) return
    const now = this.#now()
    const createdAt = Number(pin.created.ns / 1_000_000n)
    const ageMs = Math.min(OLDEST_AT_FIRST_MS, Math.max(0, this.#options.clock.wallNow() - createdAt))
    this.#apply(this.#cache.see(pin, this.#tickets(ticket), now, now - ageMs))
  }

  #apply(change: CacheChange | null): void {
    if (change === null) return
    const previous = 'previous' in change ? change.previous : null
    this.#options.audience.publish(draftOf(change), previous)
    if (!('pin' in change)) return
    const { pin } = change
    if (!this.#views.tracks(pin)) this.#cache.forget(pin.requestId, this.#now())
    else if (!isSettled(pin.status)) this.#options.alarm.wake()
  }

  #tickets(sent: number): Tickets {
    return { sent, last: this.#ticket }
  }

  #now(): number {
    return this.#options.clock.now()
  }
}

/** Makes the event that reports a change of the cache. */
function draftOf(change: CacheChange): Draft {
  switch (change.type) {
    case 'added':
      return { kind: 'ADDED', pin: change.pin }
    case 'changed':
      return { kind: 'STATUS_CHANGED', pin: change.pin, previousStatus: change.previous.status }
    case 'replaced':
      return { kind: 'REPLACED', pin: change.pin, isNew: change.isNew, replaced: change.previous }
    case 'removed':
      return { kind: 'REMOVED', requestId: change.previous.requestId, cid: change.previous.cid.text }
  }
}

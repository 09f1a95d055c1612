import { isSettled, PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { createPinFilter, type PinQuery } from '../../upstream/http/list-query.ts'
import { type RequestIds, unionOfRequestIds } from '../../upstream/stop.ts'
import type { Draft, LiveEvent, LiveStale } from '../live-event.ts'
import type { LiveReader } from '../live-reader.ts'
import { type Selection, selectionKey } from '../selection.ts'
import type { PinCache } from './pin-cache.ts'

/** One subscriber's part at one tenant. */
export interface Watch {
  readonly reader: LiveReader
  /** Whether it ends when none of its pins is under way any more. */
  readonly untilSettled: boolean
  /** True when a cursor was given. */
  readonly isResumed: boolean
  /** False until its snapshot is made: what happens before is in the snapshot. */
  isLive: boolean
}

const UNSETTLED = ['queued', 'pinning'] as const

/** What equal selections have in common: which pins they need, and what they are told. */
export class View implements RequestIds {
  readonly key: string
  /** What was asked for by request id; empty for a query. */
  readonly asked: ReadonlyMap<string, PinRef>
  /** And what is followed: what took the place of it as well. */
  readonly refs: ReadonlyMap<string, PinRef>
  /** What to read, wider than what was asked for: a pin that is under way may come to match. Null for ids. */
  readonly query: PinQuery | null
  readonly watches = new Set<Watch>()
  /** Since which change everything is known of its pins; null until they were read. */
  completeSince: number | null = null
  /** What those who wait for it have been told and still holds: that it cannot be read. */
  stale: Draft<LiveStale> | null = null
  /** When the last subscriber left; null while there is one. */
  leftAt: number | null = null
  readonly #refs: Map<string, PinRef>
  /** Request ids of what took the place of others. */
  readonly #successors = new Map<string, string>()
  #newsNs = 0n
  readonly #isAskedFor: (pin: Pin) => boolean
  readonly #isReadable: (pin: Pin) => boolean

  constructor(selection: Selection) {
    this.key = selectionKey(selection)
    this.asked = selection.kind === 'ids' ? selection.refs : new Map()
    this.#refs = new Map(this.asked)
    this.refs = this.#refs
    if (selection.kind === 'ids') {
      this.query = null
      this.#isAskedFor = ({ requestId }) => this.#refs.has(requestId)
      this.#isReadable = this.#isAskedFor
    } else {
      const { query } = selection
      const wanted = new Set([...query.statuses, ...UNSETTLED])
      // Nothing can come to match what asks for no status at all.
      this.query = {
        ...query,
        statuses: query.statuses.length === 0 ? [] : PIN_STATUSES.filter((each) => wanted.has(each)),
      }
      this.#isAskedFor = createPinFilter(query)
      this.#isReadable = createPinFilter(this.query)
    }
  }

  /** Whether its subscribers have been told how things stand. */
  get hasBegun(): boolean {
    return this.completeSince !== null
  }

  /** Request ids of the subscriptions that wait for their snapshot. */
  get requestIds(): readonly string[] {
    return unionOfRequestIds([...this.watches].filter(({ isLive }) => !isLive).map(({ reader }) => reader))
  }

  /** Whether anybody listens. */
  get isActive(): boolean {
    return this.watches.size > 0
  }

  /** Up to when pins that match have been looked for, by when they were created: what is new is newer. */
  get newsNs(): bigint {
    return this.#newsNs
  }

  /** Notes that all that was created up to an instant, in nanoseconds, has been looked for. */
  lookedUpTo(ns: bigint): void {
    if (ns > this.#newsNs) this.#newsNs = ns
  }

  /** Follows what took the place of a pin that is followed by its id. */
  succeed(requestId: string, successor: PinRef): void {
    // It may have been replaced before: where request ids are CIDs, a replacement can be undone.
    this.#successors.delete(successor.requestId)
    this.#successors.set(requestId, successor.requestId)
    this.#refs.set(successor.requestId, successor)
  }

  /** Request id of what is now in the place of a pin: its own while nothing has taken that. */
  standsFor(requestId: string): string {
    let last = requestId
    for (let next = this.#successors.get(last); next !== undefined; next = this.#successors.get(last)) last = next
    return last
  }

  /** Whether a pin has to be followed. */
  tracks(pin: Pin): boolean {
    return this.#isReadable(pin)
  }

  /** Whether a pin is among those asked for. */
  includes(pin: Pin): boolean {
    return this.#isAskedFor(pin)
  }

  /**
   * What its subscribers are told of an event; null for nothing.
   *
   * A pin that comes to match is told as added, and one that no longer does once more, as it is now.
   *
   * @param previous how the pin was before
   */
  eventFor(event: LiveEvent, previous: Pin | null): LiveEvent | null {
    const was = previous !== null && this.includes(previous)
    switch (event.kind) {
      case 'STALE':
      case 'RESUMED':
      case 'CAUGHT_UP':
        return event
      case 'REMOVED':
        return was || this.refs.has(event.requestId) ? event : null
      case 'STATUS_CHANGED':
      case 'REPLACED': {
        if (was) return event
        if (!this.includes(event.pin) || (event.kind === 'REPLACED' && !event.isNew)) return null
        const { service, seq, cursor, observedAt, pin } = event
        return { service, seq, cursor, observedAt, kind: 'ADDED', pin }
      }
      default:
        return this.includes(event.pin) ? event : null
    }
  }

  /** Whether nothing more is to be expected: all pins asked for have settled or are gone. */
  isSettled(cache: PinCache): boolean {
    if (this.query !== null) return false
    for (const requestId of this.refs.keys()) {
      const known = cache.get(requestId)
      if (known ? !isSettled(known.pin.status) : !cache.isRemoved(requestId)) return false
    }
    return true
  }
}

import { isSettled, PIN_STATUSES, type Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import { createPinFilter, type PinQuery } from '../upstream/list-query.ts'
import type { LiveEvent } from './live-event.ts'
import type { LiveReader } from './live-reader.ts'
import type { PinCache } from './pin-cache.ts'
import { type Selection, selectionKey } from './selection.ts'

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

const UNDER_WAY = ['queued', 'pinning'] as const

/** What equal selections have in common: which pins they need, and what they are told. */
export class View {
  readonly key: string
  /** By request id; empty for a query. */
  readonly refs: ReadonlyMap<string, PinRef>
  /** What to read, wider than what was asked for: a pin that is under way may come to match. Null for ids. */
  readonly query: PinQuery | null
  readonly watches = new Set<Watch>()
  /** Since which change everything is known of its pins; null until they were read. */
  completeSince: number | null = null
  isLoading = false
  /** When the last subscriber left; null while there is one. */
  leftAt: number | null = null
  readonly #isAskedFor: (pin: Pin) => boolean
  readonly #isReadable: (pin: Pin) => boolean

  constructor(selection: Selection) {
    this.key = selectionKey(selection)
    if (selection.kind === 'ids') {
      this.refs = selection.refs
      this.query = null
      this.#isAskedFor = ({ requestId }) => selection.refs.has(requestId)
      this.#isReadable = this.#isAskedFor
    } else {
      const { query } = selection
      const wanted = new Set([...query.statuses, ...UNDER_WAY])
      this.refs = new Map()
      // Nothing can come to match what asks for no status at all.
      this.query = {
        ...query,
        statuses: query.statuses.length === 0 ? [] : PIN_STATUSES.filter((each) => wanted.has(each)),
      }
      this.#isAskedFor = createPinFilter(query)
      this.#isReadable = createPinFilter(this.query)
    }
  }

  /** Whether anybody listens. */
  get isActive(): boolean {
    return this.watches.size > 0
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
    switch (event.type) {
      case 'LiveStale':
      case 'LiveResumed':
        return event
      case 'PinRemoved':
        return was || this.refs.has(event.requestId) ? event : null
      case 'PinStatusChange':
      case 'PinReplaced': {
        if (was) return event
        if (!this.includes(event.pin)) return null
        const { service, seq, cursor, observedAt, pin } = event
        return { service, seq, cursor, observedAt, type: 'PinAdded', pin }
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

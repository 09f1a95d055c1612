import { isSettled, PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import type { PinRef } from '../../domain/pin-id.ts'
import { createPinFilter, type PinQuery } from '../../upstream/http/list-query.ts'
import { unionOfOperationIds, type WaitingOperations } from '../../upstream/waiting/stop.ts'
import type { Draft, LiveStale } from '../live-event.ts'
import type { LiveReader } from '../live-reader.ts'
import { type Selection, selectionKey } from '../selection.ts'
import type { PinCache } from './pin-cache.ts'

/** One subscription's part at one tenant. */
export interface Watch {
  readonly reader: LiveReader
  /** True when it ends as soon as all of its pins have settled. */
  readonly untilSettled: boolean
  /** True when a cursor was given. */
  readonly isResumed: boolean
  /** False until its snapshot is made. Changes before that are part of the snapshot. */
  isLive: boolean
}

const UNSETTLED = ['queued', 'pinning'] as const

/** All subscriptions with equal selections at one tenant: the pins they need, and the events they get. */
export class View implements WaitingOperations {
  readonly key: string
  /** Pins that the selection names by request id. Empty for a query. */
  readonly asked: ReadonlyMap<string, PinRef>
  /** The same pins, and their replacements. */
  readonly refs: ReadonlyMap<string, PinRef>
  /** Pins to read. Wider than the selection, since an unsettled pin may come to match it. Null for ids. */
  readonly query: PinQuery | null
  readonly watches = new Set<Watch>()
  /** The `seq` from which this view's history is complete. Null until its pins have been read. */
  completeSince: number | null = null
  /** The last `STALE` that subscribers got while they wait for this view's first read. Null when there was none. */
  stale: Draft<LiveStale> | null = null
  /** Time on the clock when the last subscriber left. Null while there is one. */
  leftAt: number | null = null
  readonly #refs: Map<string, PinRef>
  /** Request id of a pin → request id of its replacement. */
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
      // No pin can come to match a query for no status.
      this.query = {
        ...query,
        statuses: query.statuses.length === 0 ? [] : PIN_STATUSES.filter((each) => wanted.has(each)),
      }
      this.#isAskedFor = createPinFilter(query)
      this.#isReadable = createPinFilter(this.query)
    }
  }

  /** True once its pins have been read and its subscribers have their snapshot. */
  get hasBegun(): boolean {
    return this.completeSince !== null
  }

  /** Ids of the GraphQL requests whose subscriptions wait for their snapshot. */
  get operationIds(): readonly string[] {
    return unionOfOperationIds([...this.watches].filter(({ isLive }) => !isLive).map(({ reader }) => reader))
  }

  /** True while there is a subscriber. */
  get isActive(): boolean {
    return this.watches.size > 0
  }

  /** Creation time up to which all matching pins have been listed, in nanoseconds. Pins from elsewhere are newer. */
  get newsNs(): bigint {
    return this.#newsNs
  }

  /** Notes that all matching pins that were created up to an instant have been listed. In nanoseconds. */
  lookedUpTo(ns: bigint): void {
    if (ns > this.#newsNs) this.#newsNs = ns
  }

  /** Follows the replacement of a pin that is followed by its id. */
  followReplacement(requestId: string, successor: PinRef): void {
    // Where request ids are CIDs, a second replacement can undo the first. Without this, the two would form a circle.
    this.#successors.delete(successor.requestId)
    this.#successors.set(requestId, successor.requestId)
    this.#refs.set(successor.requestId, successor)
  }

  /** Returns the request id of the pin's last replacement, or its own while it has none. */
  standsFor(requestId: string): string {
    let last = requestId
    for (let next = this.#successors.get(last); next !== undefined; next = this.#successors.get(last)) last = next
    return last
  }

  /** Returns true for a pin that must be kept in the cache. */
  tracks(pin: Pin): boolean {
    return this.#isReadable(pin)
  }

  /** Returns true for a pin that the selection asks for. */
  includes(pin: Pin): boolean {
    return this.#isAskedFor(pin)
  }

  /** Returns true when all pins that were asked for by id have settled or are gone. */
  isSettled(cache: PinCache): boolean {
    if (this.query !== null) return false
    for (const requestId of this.refs.keys()) {
      const known = cache.get(requestId)
      if (known ? !isSettled(known.pin.status) : !cache.isRemoved(requestId)) return false
    }
    return true
  }
}

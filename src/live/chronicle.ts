import { randomBytes } from 'node:crypto'
import type { Pin } from '../domain/pin.ts'
import { MemoryEventLog } from './event-log.ts'
import { type LiveCursors, type LivePosition, NOWHERE } from './live-cursor.ts'
import type { EventBase, LiveEvent, PinRemoved, PinSnapshot } from './live-event.ts'
import type { PinCache } from './pin-cache.ts'
import type { View } from './view.ts'

/** An event before it has its place. */
export type Draft<Event extends LiveEvent = LiveEvent> = Event extends LiveEvent ? Omit<Event, keyof EventBase> : never

/** Where a subscriber goes on: behind an event, or wherever that is no longer known; null at the beginning. */
export type Resumption = LivePosition | 'unknown' | null

export interface ChronicleOptions {
  /** Key of the tenant. */
  readonly tenant: string
  /** Configured name of the service. */
  readonly service: string
  readonly cursors: LiveCursors
  readonly cache: PinCache
  /** Unix milliseconds. */
  readonly wallNow: () => number
}

/** Numbers a tenant's events and remembers the last of them, so that anybody can be told how things stand, or what was missed. */
export class Chronicle {
  readonly #options: ChronicleOptions
  readonly #epoch = randomBytes(6).toString('base64url')
  readonly #log = new MemoryEventLog()
  /** First events of a view, which are the same for all who begin while nothing changes. */
  readonly #snapshots = new WeakMap<View, { seq: number; isResync: boolean; events: readonly LiveEvent[] }>()
  #seq = 0

  constructor(options: ChronicleOptions) {
    this.#options = options
  }

  /** Number of the last event. */
  get seq(): number {
    return this.#seq
  }

  /** An event as it would be the next; it has no number of its own before {@link record}. */
  draft(draft: Draft): LiveEvent {
    return this.#at(this.#seq + 1, draft)
  }

  /** Something that holds now, for one subscriber; it shares the number of the last event. */
  note(draft: Draft): LiveEvent {
    return this.#at(this.#seq, draft)
  }

  /** The same for one who has not been told the snapshot yet: whoever comes back with it still needs that. */
  foreword(draft: Draft): LiveEvent {
    return { ...this.#at(this.#seq, draft), cursor: this.#nowhere() }
  }

  /** Adds the event that was drafted last. */
  record(event: LiveEvent, previous: Pin | null): void {
    this.#seq = event.seq
    this.#log.append({ event, previous })
  }

  /** What a view was told since a position; null where that is not known, so that a snapshot is needed. */
  missed(view: View, resumption: Resumption): LiveEvent[] | null {
    if (resumption === null || resumption === 'unknown' || resumption.epoch !== this.#epoch) return null
    if (view.completeSince === null || resumption.seq < view.completeSince) return null
    const logged = this.#log.since(resumption.seq)
    return (
      logged?.map(({ event, previous }) => view.eventFor(event, previous)).filter((event) => event !== null) ?? null
    )
  }

  /** How a view's pins are: a snapshot of each, and what was asked for and is not there. */
  snapshot(view: View, isResync: boolean): readonly LiveEvent[] {
    const last = this.#snapshots.get(view)
    if (last?.seq === this.#seq && last.isResync === isResync) return last.events
    const { cache, service } = this.#options
    const known = view.query ? [...cache.all()] : [...view.refs.keys()].map((requestId) => cache.get(requestId))
    const pins = known.map((each) => each?.pin).filter((pin) => pin !== undefined && view.includes(pin)) as Pin[]
    const snapshots = pins.map((pin, index): Draft<PinSnapshot> => {
      return { type: 'PinSnapshot', pin, isResync, remaining: pins.length - index - 1 }
    })
    const removals = [...view.refs.values()]
      .filter(({ requestId }) => cache.isRemoved(requestId))
      .map(({ requestId, cid }): Draft<PinRemoved> => ({ type: 'PinRemoved', requestId, cid }))
    // One stamp for all: signing is what costs.
    const { seq, cursor, observedAt } = this.#stamp(this.#seq)
    const begun = this.#nowhere()
    const drafts = [...snapshots, ...removals]
    const events = drafts.map((draft, index) => {
      return { service, seq, observedAt, cursor: index === drafts.length - 1 ? cursor : begun, ...draft }
    })
    this.#snapshots.set(view, { seq: this.#seq, isResync, events })
    return events
  }

  #nowhere(): string {
    return this.#options.cursors.format(this.#options.tenant, NOWHERE)
  }

  #at(seq: number, draft: Draft): LiveEvent {
    return { ...this.#stamp(seq), ...draft }
  }

  #stamp(seq: number): EventBase {
    const { tenant, service, cursors, wallNow } = this.#options
    return { service, seq, cursor: cursors.format(tenant, { epoch: this.#epoch, seq }), observedAt: wallNow() }
  }
}

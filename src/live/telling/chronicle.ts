import { randomBytes } from 'node:crypto'
import type { Pin } from '../../domain/pin.ts'
import type { Clock } from '../../upstream/waiting/clock.ts'
import type { Draft, EventBase, LiveEvent } from '../live-event.ts'
import type { PinCache } from '../watched/pin-cache.ts'
import type { View } from '../watched/view.ts'
import { eventFor } from './event-for.ts'
import type { EventLog, LoggedEvent } from './event-log.ts'
import { type LiveCursors, NOWHERE, type ResumePoint } from './live-cursor.ts'

export interface ChronicleOptions {
  readonly tenantKey: string
  /** Configured name of the service. */
  readonly service: string
  readonly cursors: LiveCursors
  readonly cache: PinCache
  readonly log: EventLog
  readonly clock: Clock
}

/** Numbers a tenant's events and keeps the last of them. Makes snapshots, and lists what a subscriber has missed. */
export class Chronicle {
  readonly #options: ChronicleOptions
  readonly #epoch = randomBytes(6).toString('base64url')
  readonly #log: EventLog
  /** The first part of every cursor of a view. */
  readonly #tags = new WeakMap<View, string>()
  /** The last snapshot of a view. All subscribers that begin before the next change share it. */
  readonly #snapshots = new WeakMap<View, { seq: number; isResync: boolean; events: readonly LiveEvent[] }>()
  #seq = 0

  constructor(options: ChronicleOptions) {
    this.#options = options
    this.#log = options.log
  }

  /** Returns a new number for the beginning of a view. A subscriber with an earlier number may have missed something. */
  begin(): number {
    return ++this.#seq
  }

  /** Makes the next event. Its number is not taken before {@link record}. {@link eventFor} makes it the event of a view. */
  draft(draft: Draft): LiveEvent {
    return { ...this.#stamp(this.#seq + 1), ...draft }
  }

  /** Makes an event about the present for subscribers of one view. It shares the number of the last event. */
  note(draft: Draft, view: View): LiveEvent {
    return this.#bind({ ...this.#stamp(this.#seq), ...draft }, view)
  }

  /** Makes an event as `note` does, for a subscriber that has no snapshot yet. Its cursor asks for the snapshot. */
  foreword(draft: Draft, view: View): LiveEvent {
    return { ...this.note(draft, view), cursor: this.#nowhere(view) }
  }

  /** Makes the event that a view's subscribers get. Null when the event does not concern them. */
  eventFor(view: View, { event, previous }: LoggedEvent): LiveEvent | null {
    const ofView = eventFor(view, event, previous)
    return ofView && this.#bind(ofView, view)
  }

  /** Takes the number of the event that {@link draft} made last, and keeps the event. */
  record(entry: LoggedEvent): void {
    this.#seq = entry.event.seq
    this.#log.append(entry)
  }

  /** Lists the events of a view after a position. Null when they are not known, so that a snapshot is needed. */
  missed(view: View, resumePoint: ResumePoint | null): LiveEvent[] | null {
    if (resumePoint === null || resumePoint === 'unknown' || resumePoint.epoch !== this.#epoch) return null
    if (view.completeSince === null || resumePoint.seq < view.completeSince) return null
    const logged = this.#log.since(resumePoint.seq)
    return logged?.map((entry) => this.eventFor(view, entry)).filter((event) => event !== null) ?? null
  }

  /** Makes the first events of a view: one per pin, and one per id whose pin was removed or replaced. */
  snapshot(view: View, isResync: boolean): readonly LiveEvent[] {
    const last = this.#snapshots.get(view)
    if (last?.seq === this.#seq && last.isResync === isResync) return last.events
    // One stamp for all events, since signing is the expensive part.
    const stamp = this.#stamp(this.#seq)
    const begun = this.#nowhere(view)
    const { pins, others } = view.query ? { pins: this.#pinsOf(view), others: [] } : this.#askedFor(view)
    const snapshots = pins.map((pin, index): Draft => {
      return { kind: 'SNAPSHOT', pin, isResync, remaining: pins.length - index - 1 }
    })
    // For ids that were not found, no event is sent before it is certain that their pins are gone.
    const isEmpty = pins.length === 0 && (view.query !== null || isResync)
    const drafts: Draft[] = isEmpty ? [{ kind: 'CAUGHT_UP', isResync }, ...others] : [...snapshots, ...others]
    const events = drafts.map((draft, index) => {
      const event = this.#bind({ ...stamp, ...draft }, view)
      return index === drafts.length - 1 ? event : { ...event, cursor: begun }
    })
    this.#snapshots.set(view, { seq: this.#seq, isResync, events })
    return events
  }

  #pinsOf(view: View): Pin[] {
    return [...this.#options.cache.all()].map(({ pin }) => pin).filter((pin) => view.includes(pin))
  }

  /** Lists the pins that a view asked for by id, and drafts the events for ids whose pin was removed or replaced. */
  #askedFor(view: View): { pins: readonly Pin[]; others: readonly Draft[] } {
    const { cache } = this.#options
    const pins: Pin[] = []
    const others: Draft[] = []
    for (const { service, requestId, cid } of view.asked.values()) {
      const current = view.standsFor(requestId)
      const pin = cache.get(current)?.pin
      if (pin && current === requestId) pins.push(pin)
      else if (pin && !view.asked.has(current)) {
        others.push({ kind: 'REPLACED', pin, isNew: false, replaced: { service, requestId, cid: { text: cid } } })
      } else if (cache.isRemoved(requestId)) others.push({ kind: 'REMOVED', requestId, cid })
    }
    return { pins, others }
  }

  #nowhere(view: View): string {
    const { tenantKey, cursors } = this.#options
    return this.#tagOf(view) + cursors.format(tenantKey, NOWHERE)
  }

  #tagOf(view: View): string {
    const tag = this.#tags.get(view) ?? this.#options.cursors.tagOf(view.key)
    this.#tags.set(view, tag)
    return tag
  }

  #bind(event: LiveEvent, view: View): LiveEvent {
    return { ...event, cursor: this.#tagOf(view) + event.cursor }
  }

  #stamp(seq: number): EventBase {
    const { tenantKey, service, cursors, clock } = this.#options
    return { service, seq, cursor: cursors.format(tenantKey, { epoch: this.#epoch, seq }), observedAt: clock.wallNow() }
  }
}

import type { Pin } from '../../domain/pin.ts'
import type { Clock } from '../../upstream/waiting/clock.ts'
import type { Draft, LiveResumed, LiveStale } from '../live-event.ts'
import type { LiveReader } from '../live-reader.ts'
import type { Selection } from '../selection.ts'
import type { PinCache } from '../watched/pin-cache.ts'
import type { View, Watch } from '../watched/view.ts'
import type { Views } from '../watched/views.ts'
import type { Chronicle } from './chronicle.ts'
import type { ResumePoint } from './live-cursor.ts'

/** The poll loop's alarm, as the intake and the audience know it. */
export interface Wakeable {
  wake(): void
}

export interface AudienceOptions {
  readonly views: Views
  readonly chronicle: Chronicle
  readonly cache: PinCache
  readonly clock: Clock
  /** Woken when a view has lost its last subscriber. */
  readonly alarm: Wakeable
}

/** The subscribers of one tenant: adds and removes them, and gives each the events that concern them. */
export class Audience {
  readonly #options: AudienceOptions
  /** The last `STALE` that all subscribers got. Null while the service answers. */
  #stale: Draft<LiveStale> | null = null

  constructor(options: AudienceOptions) {
    this.#options = options
  }

  /**
   * Adds a subscriber. It gets its snapshot at once if the view has been read before, and otherwise with {@link begin}.
   *
   * @returns a function that removes the subscriber
   */
  join(selection: Selection, reader: LiveReader, resumePoint: ResumePoint | null): () => void {
    const { views, chronicle } = this.#options
    const view = views.open(selection)
    const untilSettled = selection.kind === 'ids' && selection.untilSettled
    const watch: Watch = { reader, untilSettled, isResumed: resumePoint !== null, isLive: false }
    view.watches.add(watch)
    view.leftAt = null
    if (view.hasBegun) this.#goLive(view, watch, resumePoint)
    else {
      const stale = view.stale ?? this.#stale
      if (stale) reader.push(chronicle.foreword(stale, view))
    }
    return () => this.#leave(view, watch)
  }

  /** Gives the snapshot to all subscribers of a view that has just been read. */
  begin(view: View): void {
    const { chronicle } = this.#options
    const { stale } = view
    view.stale = null
    if (stale) this.#publishToWaiting(view, { kind: 'RESUMED', since: stale.since })
    view.completeSince = chronicle.begin()
    for (const watch of [...view.watches]) this.#goLive(view, watch, watch.isResumed ? 'unknown' : null)
  }

  /**
   * Gives an event to all subscribers that it concerns. Without any, it gets no number and is not recorded.
   *
   * @param previous the pin before the change
   */
  publish(draft: Draft, previous: Pin | null): void {
    const { chronicle } = this.#options
    const event = chronicle.draft(draft)
    const concerned = [...this.#concernedBy(draft)]
      .filter(({ hasBegun }) => hasBegun)
      .map((view) => ({ view, event: chronicle.eventFor(view, { event, previous }) }))
      .filter((each) => each.event !== null)
    if (concerned.length === 0) return
    chronicle.record({ event, previous })
    for (const each of concerned) {
      for (const { reader, isLive } of each.view.watches) if (isLive && each.event) reader.push(each.event)
      this.#endIfSettled(each.view)
    }
  }

  /** Gives a `STALE`, once, to the subscribers that wait for a view, since it cannot be read. */
  reportUnreadable(view: View, draft: Draft<LiveStale>): void {
    if (view.stale !== null || this.#stale !== null) return
    view.stale = draft
    this.#publishToWaiting(view, draft)
  }

  /** Gives a `STALE`, once, to all subscribers, since polls fail. */
  reportStale(draft: Draft<LiveStale>): void {
    if (this.#stale !== null) return
    this.#stale = draft
    this.#publishLiveness(draft)
  }

  /** Gives a `RESUMED` to all subscribers, if they got a `STALE` before. */
  reportResumed(): void {
    if (this.#stale === null) return
    const { since } = this.#stale
    this.#stale = null
    this.#publishLiveness({ kind: 'RESUMED', since })
  }

  /** Ends the subscriptions of some views with an error. */
  fail(views: Iterable<View>, error: unknown): void {
    for (const view of [...views]) {
      for (const { reader } of [...view.watches]) reader.fail(error)
      this.#drop(view)
    }
  }

  /** Ends all subscriptions without an error. */
  complete(): void {
    for (const view of [...this.#options.views]) {
      for (const { reader } of [...view.watches]) reader.complete()
      this.#drop(view)
    }
  }

  /** Drops the views that have had no subscriber since a time on the clock. */
  expire(since: number): void {
    for (const view of [...this.#options.views]) if (view.leftAt !== null && view.leftAt <= since) this.#drop(view)
  }

  #publishLiveness(draft: Draft<LiveStale | LiveResumed>): void {
    this.publish(draft, null)
    // Subscribers that still wait for their snapshot learn why. Views with a `STALE` of their own have sent it already.
    for (const view of this.#options.views) if (view.stale === null) this.#publishToWaiting(view, draft)
  }

  #publishToWaiting(view: View, draft: Draft<LiveStale | LiveResumed>): void {
    const foreword = this.#options.chronicle.foreword(draft, view)
    for (const { reader, isLive } of view.watches) if (!isLive) reader.push(foreword)
  }

  #concernedBy(draft: Draft): Iterable<View> {
    const { views } = this.#options
    switch (draft.kind) {
      case 'STALE':
      case 'RESUMED':
      case 'CAUGHT_UP':
        return views
      case 'REMOVED':
        return views.concernedBy(draft.requestId)
      case 'REPLACED':
        return views.concernedBy(draft.replaced.requestId, draft.pin.requestId)
      case 'SNAPSHOT':
      case 'ADDED':
      case 'STATUS_CHANGED':
        return views.concernedBy(draft.pin.requestId)
    }
  }

  #goLive(view: View, watch: Watch, resumePoint: ResumePoint | null): void {
    const { chronicle } = this.#options
    watch.isLive = true
    const missed = chronicle.missed(view, resumePoint)
    const at = chronicle.note({ kind: 'CAUGHT_UP', isResync: false }, view)
    watch.reader.begin(missed ? [] : chronicle.snapshot(view, resumePoint !== null), at)
    for (const event of missed ?? []) watch.reader.push(event)
    if (missed?.length === 0) watch.reader.push(at)
    if (!missed && this.#stale) watch.reader.push(chronicle.note(this.#stale, view))
    this.#endIfSettled(view)
  }

  #endIfSettled(view: View): void {
    const waiting = [...view.watches].filter(({ untilSettled, isLive }) => untilSettled && isLive)
    if (waiting.length === 0 || !view.isSettled(this.#options.cache)) return
    for (const watch of waiting) {
      watch.reader.complete()
      this.#leave(view, watch)
    }
  }

  #leave(view: View, watch: Watch): void {
    if (!view.watches.delete(watch) || view.isActive) return
    view.leftAt = this.#options.clock.now()
    this.#options.alarm.wake()
  }

  /** Drops a view, and the pins that no other view tracks. */
  #drop(view: View): void {
    const { views, cache, clock } = this.#options
    view.watches.clear()
    views.drop(view)
    for (const { pin } of [...cache.all()]) if (!views.tracks(pin)) cache.forget(pin.requestId, clock.now())
  }
}

import type { WaitingOperations } from '../upstream/waiting/stop.ts'
import { coalesceKey, type LiveEvent, type PinEventKind, pinKey } from './live-event.ts'

export interface LiveReaderOptions {
  /** Number of tenants that push events into it. It ends when all of them have ended. */
  readonly parts: number
  /** The kinds of events that the subscriber gets. */
  readonly kinds: ReadonlySet<PinEventKind>
  /** Id of the GraphQL request that subscribed. */
  readonly operationId: string | undefined
}

type End = { readonly error: unknown } | 'done'

/**
 * Holds the events that one subscriber has not taken yet.
 *
 * An event that still waits is replaced by the next one of the same pin. So even the slowest subscriber costs at most one
 * event per pin, and still gets each pin's last state. Events are kept from the construction on, long before the first
 * one is taken.
 */
export class LiveReader implements AsyncIterableIterator<LiveEvent>, WaitingOperations {
  readonly #snapshot = new Map<string, LiveEvent>()
  readonly #waiting = new Map<string, LiveEvent>()
  /** Keys of pins in the snapshot that a waiting `REPLACED` concerns. Later changes of these pins are queued after it. */
  readonly #replaced = new Set<string>()
  readonly #sleepers: (() => void)[] = []
  readonly #position = new Map<string, number>()
  readonly #kinds: ReadonlySet<PinEventKind>
  readonly #operationId: string | undefined
  #onEnd: (() => void) | null
  #end: End | null = null
  #parts: number
  #unbegun: number
  #onBegun: () => void = () => {}

  /** Resolves when all parts have begun, or when no more events come. */
  readonly begun = new Promise<void>((resolve) => {
    this.#onBegun = resolve
  })

  /** @param onEnd called once, when the reader takes no more events: it was closed, or its parts ended or failed */
  constructor(onEnd: () => void, { parts, kinds, operationId }: LiveReaderOptions) {
    this.#onEnd = onEnd
    this.#parts = parts
    this.#operationId = operationId
    this.#unbegun = parts
    this.#kinds = kinds
  }

  get operationIds(): readonly string[] {
    return this.#operationId === undefined ? [] : [this.#operationId]
  }

  /**
   * Puts a part's first events before all others, in their order. Called once for each part, even without events.
   *
   * @param at the part's service, and the number and cursor of the last event that the first events include
   */
  begin(snapshot: readonly LiveEvent[], at: Pick<LiveEvent, 'service' | 'seq' | 'cursor'>): void {
    if (this.#end) return
    const { service, seq, cursor } = at
    this.#position.set(service, seq)
    // A `STALE` or `RESUMED` that was pushed before now follows the snapshot. Its own cursor would ask for the snapshot again.
    for (const [key, event] of this.#waiting) {
      if (event.service === service) this.#waiting.set(key, { ...event, seq, cursor })
    }
    const wanted = snapshot.filter(({ kind }) => this.#kinds.has(kind))
    for (const event of wanted) this.#snapshot.set(coalesceKey(event), event)
    // The last wanted event gets the cursor of the whole snapshot. A subscriber that resumes there has missed nothing, even if
    // unwanted events followed.
    const last = wanted.at(-1)
    if (last && last.cursor !== cursor) this.#snapshot.set(coalesceKey(last), { ...last, cursor })
    this.#rouse()
    if (--this.#unbegun === 0) this.#onBegun()
  }

  /** Adds an event after all others. Events of kinds that the subscriber did not ask for only move the position. */
  push(event: LiveEvent): void {
    if (this.#end) return
    this.#position.set(event.service, event.seq)
    if (!this.#kinds.has(event.kind)) return
    const key = coalesceKey(event)
    const first = this.#snapshot.get(key)
    const isFirstNews = !this.#waiting.has(key) && !this.#replaced.has(key)
    if (first?.kind === 'SNAPSHOT' && event.kind === 'STATUS_CHANGED' && isFirstNews) {
      // The subscriber has not seen the old state, so the snapshot can show the new one. The snapshot keeps its number:
      // events after it must not have lower numbers.
      this.#snapshot.set(key, { ...first, pin: event.pin })
      return
    }
    if (event.kind === 'REPLACED') {
      // A `REPLACED` carries an older state. If a later change were merged into the snapshot, this event would overwrite it.
      for (const { requestId } of [event.replaced, event.pin]) {
        const pin = pinKey(event.service, requestId)
        if (this.#snapshot.has(pin)) this.#replaced.add(pin)
      }
    }
    // The event moves to the end, so that events are delivered in the order in which they became true.
    this.#waiting.delete(key)
    this.#waiting.set(key, event)
    this.#rouse()
  }

  /** Ends one part. After the last part, the reader ends once all waiting events are taken. */
  complete(): void {
    if (--this.#parts <= 0) this.#finish('done')
  }

  /** Ends the reader with an error once all waiting events are taken. */
  fail(error: unknown): void {
    this.#finish({ error })
  }

  /** True when all events were taken: all parts have begun, and a `next()` waits for more. */
  get isCaughtUp(): boolean {
    return this.#unbegun <= 0 && this.#sleepers.length > 0
  }

  /** Number of tenants that may still push events. */
  get parts(): number {
    return this.#parts
  }

  /** Service → number of the last event that was pushed. An event that was taken may include later changes. */
  get position(): ReadonlyMap<string, number> {
    return this.#position
  }

  async next(): Promise<IteratorResult<LiveEvent, undefined>> {
    for (;;) {
      const event = takeFirst(this.#snapshot) ?? takeFirst(this.#waiting)
      if (event) return { done: false, value: event }
      if (this.#end) return this.#reportEnd(this.#end)
      await new Promise<void>((resolve) => {
        this.#sleepers.push(resolve)
      })
    }
  }

  async return(): Promise<IteratorResult<LiveEvent, undefined>> {
    this.#close()
    return { done: true, value: undefined }
  }

  async throw(error: unknown): Promise<IteratorResult<LiveEvent, undefined>> {
    this.#close()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Throws the error of the reader once. Later reads report its end. */
  #reportEnd(end: End): IteratorResult<LiveEvent, undefined> {
    this.#end = 'done'
    if (end !== 'done') throw end.error
    return { done: true, value: undefined }
  }

  #close(): void {
    this.#snapshot.clear()
    this.#waiting.clear()
    this.#replaced.clear()
    this.#end = 'done'
    this.#finish('done')
  }

  #finish(end: End): void {
    this.#end ??= end
    const onEnd = this.#onEnd
    this.#onEnd = null
    onEnd?.()
    this.#rouse()
    this.#onBegun()
  }

  #rouse(): void {
    for (const wake of this.#sleepers.splice(0)) wake()
  }
}

function takeFirst(events: Map<string, LiveEvent>): LiveEvent | undefined {
  const first = events.entries().next()
  if (first.done) return undefined
  events.delete(first.value[0])
  return first.value[1]
}

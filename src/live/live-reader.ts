import type { RequestIds } from '../upstream/stop.ts'
import { coalesceKey, DEFAULT_KINDS, type LiveEvent, type PinEventKind, pinKey } from './live-event.ts'

export interface LiveReaderOptions {
  /** How many sources push into it; it ends when all have ended. Default 1. */
  readonly parts?: number
  /** The kinds of events that are kept. Default: the kinds of the first version of the API. */
  readonly kinds?: ReadonlySet<PinEventKind>
  /** Names the subscription. */
  readonly requestId?: string | undefined
}

type End = { readonly error: unknown } | 'done'

/**
 * What one subscriber has still to be told.
 *
 * Events wait here until they are taken. One that is not taken in time gives way to the next of the same pin, so that
 * a reader of any slowness costs one event a pin at most, and still gets each pin's last state. Listening begins with
 * the construction, long before the first event is taken.
 */
export class LiveReader implements AsyncIterableIterator<LiveEvent>, RequestIds {
  readonly #snapshot = new Map<string, LiveEvent>()
  readonly #waiting = new Map<string, LiveEvent>()
  /** Keys of pins in the snapshot that a waiting `REPLACED` concerns. Later changes of these pins are queued after it. */
  readonly #replaced = new Set<string>()
  readonly #sleepers: (() => void)[] = []
  readonly #position = new Map<string, number>()
  readonly #kinds: ReadonlySet<PinEventKind>
  readonly #requestId: string | undefined
  #onEnd: (() => void) | null
  #end: End | null = null
  #parts: number
  #unbegun: number
  #onBegun: () => void = () => {}

  /** Resolves when all parts have begun, or nothing more comes. */
  readonly begun = new Promise<void>((resolve) => {
    this.#onBegun = resolve
  })

  /** @param onEnd called once, when nothing more is to be pushed: it was closed, or its sources ended or failed */
  constructor(onEnd: () => void, { parts = 1, kinds = DEFAULT_KINDS, requestId }: LiveReaderOptions = {}) {
    this.#onEnd = onEnd
    this.#parts = parts
    this.#requestId = requestId
    this.#unbegun = parts
    this.#kinds = kinds
  }

  get requestIds(): readonly string[] {
    return this.#requestId === undefined ? [] : [this.#requestId]
  }

  /**
   * Puts a part's first events in front of all others, in their order. Once for each part, even if there are none.
   *
   * @param at the part's service, and number and cursor of the last event that they take in
   */
  begin(snapshot: readonly LiveEvent[], at: Pick<LiveEvent, 'service' | 'seq' | 'cursor'>): void {
    if (this.#end) return
    const { service, seq, cursor } = at
    this.#position.set(service, seq)
    // What was told while it was waited for comes behind them now, and is no place to begin from any more.
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

  push(event: LiveEvent): void {
    if (this.#end) return
    this.#position.set(event.service, event.seq)
    if (!this.#kinds.has(event.kind)) return
    const key = coalesceKey(event)
    const first = this.#snapshot.get(key)
    const isFirstNews = !this.#waiting.has(key) && !this.#replaced.has(key)
    if (first?.kind === 'SNAPSHOT' && event.kind === 'STATUS_CHANGED' && isFirstNews) {
      // It was not told how the pin was before, so that it can be told how it is now in its place. The number stays, so
      // that numbers do not go back with what is behind it.
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
    // To the end of the line: the order of what is delivered is the order in which it became true.
    this.#waiting.delete(key)
    this.#waiting.set(key, event)
    this.#rouse()
  }

  /** One source has ended; after the last, the stream ends once all that waits is taken. */
  complete(): void {
    if (--this.#parts <= 0) this.#finish('done')
  }

  /** Ends the stream with an error once all that waits is taken. */
  fail(error: unknown): void {
    this.#finish({ error })
  }

  /** True when all that has happened was taken: all parts have begun, and a `next()` waits for more. */
  get isCaughtUp(): boolean {
    return this.#unbegun <= 0 && this.#sleepers.length > 0
  }

  /** How many sources may still push. */
  get parts(): number {
    return this.#parts
  }

  /** For each service the number of the last event that was pushed: an event that was taken may stand for later ones. */
  get position(): ReadonlyMap<string, number> {
    return this.#position
  }

  /** How many events wait. */
  get backlog(): number {
    return this.#snapshot.size + this.#waiting.size
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

  /** An error is told once; after it, the stream is just over. */
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

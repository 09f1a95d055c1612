import { coalesceKey, type LiveEvent } from './live-event.ts'

/**
 * What one subscriber has still to be told.
 *
 * Events wait here until they are taken. One that is not taken in time gives way to the next of the same pin, so that
 * a reader of any slowness costs one event a pin at most, and still gets each pin's last state. Listening begins with
 * the construction, long before the first event is taken.
 */
export class LiveReader implements AsyncIterableIterator<LiveEvent> {
  readonly #waiting = new Map<string, LiveEvent>()
  readonly #onClose: () => void
  #snapshot: LiveEvent[] = []
  #wake: (() => void) | null = null
  #end: { readonly error: unknown } | 'done' | null = null
  #isClosed = false
  #parts: number
  #unbegun: number
  #onBegun: () => void = () => {}

  /** Resolves when the snapshots of all parts are in, or nothing will be taken any more. */
  readonly begun = new Promise<void>((resolve) => {
    this.#onBegun = resolve
  })

  /**
   * @param onClose called once, when nobody will take any more
   * @param parts how many sources push into it; it ends when all have
   */
  constructor(onClose: () => void, parts = 1) {
    this.#onClose = onClose
    this.#parts = parts
    this.#unbegun = parts
  }

  /** Puts a part's first events in front of all others, in their order. Once for each part. */
  begin(snapshot: readonly LiveEvent[]): void {
    this.#snapshot.push(...snapshot)
    this.#rouse()
    if (--this.#unbegun === 0) this.#onBegun()
  }

  push(event: LiveEvent): void {
    if (this.#end || this.#isClosed) return
    const key = coalesceKey(event)
    // To the end of the line: the order of what is delivered is the order in which it became true.
    this.#waiting.delete(key)
    this.#waiting.set(key, event)
    this.#rouse()
  }

  /** One source has ended; after the last, the stream ends once all that waits is taken. */
  complete(): void {
    if (--this.#parts > 0) return
    this.#end ??= 'done'
    this.#rouse()
  }

  /** Ends the stream with an error once all that waits is taken. */
  fail(error: unknown): void {
    this.#end ??= { error }
    this.#rouse()
  }

  /** True when all that has happened was taken: the snapshots are in, and a `next()` waits for more. */
  get isCaughtUp(): boolean {
    return this.#unbegun <= 0 && this.#wake !== null
  }

  /** How many events wait. */
  get backlog(): number {
    return this.#snapshot.length + this.#waiting.size
  }

  async next(): Promise<IteratorResult<LiveEvent, undefined>> {
    for (;;) {
      if (this.#isClosed) return { done: true, value: undefined }
      const event = this.#take()
      if (event) return { done: false, value: event }
      if (this.#end) return this.#finish(this.#end)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
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

  #take(): LiveEvent | undefined {
    const first = this.#snapshot.shift()
    if (first) return first
    const next = this.#waiting.entries().next()
    if (next.done) return undefined
    this.#waiting.delete(next.value[0])
    return next.value[1]
  }

  #finish(end: { readonly error: unknown } | 'done'): IteratorResult<LiveEvent, undefined> {
    this.#close()
    if (end !== 'done') throw end.error
    return { done: true, value: undefined }
  }

  #close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#snapshot = []
    this.#waiting.clear()
    this.#onClose()
    this.#onBegun()
    this.#rouse()
  }

  #rouse(): void {
    this.#wake?.()
    this.#wake = null
  }
}

import type { LiveEvent } from '../../src/live/live-event.ts'
import type { LiveReader } from '../../src/live/live-reader.ts'

/** Takes the events of a reader that wait already. Nobody else may read from it meanwhile. */
export class Taking {
  readonly #reader: LiveReader
  /** Asked for when nothing waited, so that it gets the next event. */
  #next: Promise<IteratorResult<LiveEvent, undefined>> | null = null

  constructor(reader: LiveReader) {
    this.#reader = reader
  }

  async take(most = Number.POSITIVE_INFINITY): Promise<LiveEvent[]> {
    const taken: LiveEvent[] = []
    while (taken.length < most) {
      this.#next ??= this.#reader.next()
      const result = await Promise.race([this.#next, microtasks()])
      if (!result) break
      this.#next = null
      if (result.done) break
      taken.push(result.value)
    }
    return taken
  }
}

/** An event that waits is read within a few microtasks. */
async function microtasks(): Promise<undefined> {
  for (let turn = 0; turn < 10; turn++) await null
}

import type { EventLog, LoggedEvent } from './event-log.ts'

const DEFAULT_CAPACITY = 1000

/** Keeps events in memory: at least the last `capacity` events, by default 1,000, and at most twice as many. */
export class MemoryEventLog implements EventLog {
  readonly #capacity: number
  #entries: LoggedEvent[] = []
  /** Number of the last event that was dropped. */
  #lost = 0

  constructor(capacity = DEFAULT_CAPACITY) {
    this.#capacity = capacity
  }

  append(entry: LoggedEvent): void {
    this.#entries.push(entry)
    // Dropping half of them at once keeps appending cheap.
    if (this.#entries.length < this.#capacity * 2) return
    this.#lost = this.#entries[this.#capacity - 1]?.event.seq ?? this.#lost
    this.#entries = this.#entries.slice(this.#capacity)
  }

  since(seq: number): readonly LoggedEvent[] | null {
    if (seq < this.#lost) return null
    return this.#entries.filter(({ event }) => event.seq > seq)
  }
}

import type { EventLog, LoggedEvent } from './event-log.ts'

/** Events that are kept at the least; twice as many at the most. */
const CAPACITY = 1000

/** Keeps the last events in memory. */
export class MemoryEventLog implements EventLog {
  #entries: LoggedEvent[] = []
  /** Number of the last event that was dropped. */
  #lost = 0

  append(entry: LoggedEvent): void {
    this.#entries.push(entry)
    // Dropping half of them at once keeps appending cheap.
    if (this.#entries.length < CAPACITY * 2) return
    this.#lost = this.#entries[CAPACITY - 1]?.event.seq ?? this.#lost
    this.#entries = this.#entries.slice(CAPACITY)
  }

  since(seq: number): readonly LoggedEvent[] | null {
    if (seq < this.#lost) return null
    return this.#entries.filter(({ event }) => event.seq > seq)
  }

  /** Lets go of all events. */
  [Symbol.dispose](): void {
    this.#entries = []
    this.#lost = Number.POSITIVE_INFINITY
  }
}

import type { LiveEvent } from './live-event.ts'

/** Keeps a tenant's last events, so that a subscriber who was away gets what was missed. */
export interface EventLog {
  append(event: LiveEvent): void
  /** The events behind a number, oldest first; null when some of them are no longer there. */
  since(seq: number): readonly LiveEvent[] | null
}

const DEFAULT_CAPACITY = 1000

/** An event log in memory: the last 1,000 events unless told otherwise. */
export class MemoryEventLog implements EventLog {
  readonly #capacity: number
  #events: LiveEvent[] = []
  #firstSeq: number

  /** @param seq number of the last event before the log */
  constructor(seq: number, capacity = DEFAULT_CAPACITY) {
    this.#capacity = capacity
    this.#firstSeq = seq + 1
  }

  append(event: LiveEvent): void {
    this.#events.push(event)
    // Cut in halves, so that appending stays cheap.
    if (this.#events.length < this.#capacity * 2) return
    this.#events = this.#events.slice(-this.#capacity)
    this.#firstSeq = this.#events[0]?.seq ?? this.#firstSeq
  }

  since(seq: number): readonly LiveEvent[] | null {
    if (seq < this.#firstSeq - 1) return null
    return this.#events.filter((event) => event.seq > seq)
  }
}

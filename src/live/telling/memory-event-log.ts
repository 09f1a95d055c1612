import { pinBytesOf } from '../../domain/pin-bytes.ts'
import type { EventLog, LoggedEvent } from './event-log.ts'

/** Events that are kept at the least, if their pins are of usual size; twice as many at the most. */
const CAPACITY = 1000
/** Most bytes that are kept, and bytes of an event without its pins. 2,000 events of usual pins take 5 MB. */
const MAX_BYTES = 16 * 1024 * 1024
const BYTES_PER_EVENT = 500

/** Keeps the last events in memory. */
export class MemoryEventLog implements EventLog {
  #entries: LoggedEvent[] = []
  #bytes = 0
  /** Number of the last event that was dropped. */
  #lost = 0

  append(entry: LoggedEvent): void {
    this.#entries.push(entry)
    this.#bytes += bytesOf(entry)
    // Dropping half of them at once keeps appending cheap.
    if (this.#entries.length >= CAPACITY * 2) this.#drop(CAPACITY)
    while (this.#bytes > MAX_BYTES) this.#drop(Math.ceil(this.#entries.length / 2))
  }

  since(seq: number): readonly LoggedEvent[] | null {
    if (seq < this.#lost) return null
    return this.#entries.filter(({ event }) => event.seq > seq)
  }

  /** Lets go of all events. */
  [Symbol.dispose](): void {
    this.#entries = []
    this.#bytes = 0
    this.#lost = Number.POSITIVE_INFINITY
  }

  /** Drops the oldest events. */
  #drop(count: number): void {
    this.#lost = this.#entries[count - 1]?.event.seq ?? this.#lost
    for (let index = 0; index < count; index++) this.#bytes -= bytesOf(this.#entries[index] as LoggedEvent)
    this.#entries = this.#entries.slice(count)
  }
}

function bytesOf({ event, previous }: LoggedEvent): number {
  return BYTES_PER_EVENT + ('pin' in event ? pinBytesOf(event.pin) : 0) + (previous ? pinBytesOf(previous) : 0)
}

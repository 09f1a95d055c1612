import type { Pin } from '../../domain/pin.ts'
import type { LiveEvent } from '../live-event.ts'

/** An event, and how its pin was before: without that, nobody could tell who has to be told. */
export interface LoggedEvent {
  readonly event: LiveEvent
  readonly previous: Pin | null
}

/** Keeps a tenant's last events, so that a subscriber who was away gets what was missed. */
export interface EventLog {
  append(entry: LoggedEvent): void
  /** The events behind a number, oldest first; null when some of them are no longer there. */
  since(seq: number): readonly LoggedEvent[] | null
}

import type { Pin } from '../../domain/pin.ts'
import type { LiveEvent } from '../live-event.ts'

/** An event, and its pin before the change, which decides whom the event concerns. */
export interface LoggedEvent {
  readonly event: LiveEvent
  readonly previous: Pin | null
}

/**
 * Keeps a tenant's last events, so that a subscriber that was away gets what it missed.
 *
 * `MemoryEventLog` keeps them in this process. A log that several gateways share, such as in Redis, answers `since` from a copy
 * in memory, since that returns at once.
 *
 * Its informer disposes it when nobody follows the tenant's pins any more, and appends nothing after that. A shared log then stops
 * copying, and keeps the events for other gateways.
 */
export interface EventLog extends Disposable {
  /** Adds an event, whose number is higher than all before. */
  append(entry: LoggedEvent): void
  /** Returns the events after a number, oldest first. Null when the log has dropped some of them. */
  since(seq: number): readonly LoggedEvent[] | null
}

/** Creates the log of one tenant's events, for one informer. */
export type CreateEventLog = (tenantKey: string) => EventLog

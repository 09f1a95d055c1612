import type { PinqlError } from '../domain/errors.ts'
import type { Pin, PinStatus } from '../domain/pin.ts'
import { formatPinId } from '../domain/pin-id.ts'
import type { LiveEvent } from '../live/live-event.ts'

// The fields of an event, one function each. They return null for an event whose kind does not have the field.

/** Returns the pin as of an event. */
export function pinOf(event: LiveEvent): Pin | null {
  return 'pin' in event ? event.pin : null
}

/** Returns the global id of an event's pin, also when the pin was removed. */
export function pinIdOf(event: LiveEvent): string | null {
  if ('pin' in event) return formatPinId(event.pin)
  if (event.kind !== 'REMOVED') return null
  const { service, requestId, cid } = event
  return formatPinId({ service, requestId, cid: { text: cid } })
}

/** Returns the status before a change. */
export function previousStatusOf(event: LiveEvent): PinStatus | null {
  return 'previousStatus' in event ? event.previousStatus : null
}

/** Returns the global id of the pin that was replaced. */
export function replacedIdOf(event: LiveEvent): string | null {
  return event.kind === 'REPLACED' ? formatPinId(event.replaced) : null
}

/** Returns the number of events that follow in the snapshot of the same service. */
export function remainingOf(event: LiveEvent): number | null {
  return 'remaining' in event ? event.remaining : null
}

/** Returns true when the subscription resumed, but the events that it missed are no longer known. */
export function isResyncOf(event: LiveEvent): boolean | null {
  return 'isResync' in event ? event.isResync : null
}

/** Returns the error for which the service cannot be read. */
export function reasonOf(event: LiveEvent): PinqlError | null {
  return event.kind === 'STALE' ? event.reason : null
}

/** Returns the instant of the last good answer before an outage, as RFC 3339 text in UTC. */
export function sinceOf(event: LiveEvent): string | null {
  return 'since' in event ? new Date(event.since).toISOString() : null
}

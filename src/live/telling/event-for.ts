import type { Pin } from '../../domain/pin.ts'
import type { LiveEvent } from '../live-event.ts'
import type { View } from '../watched/view.ts'

/**
 * Returns the event that a view's subscribers get, or null when the event does not concern them.
 *
 * A pin that comes to match becomes an `ADDED`. A pin that stops matching is reported once more.
 *
 * @param previous the pin before the change
 */
export function eventFor(view: View, event: LiveEvent, previous: Pin | null): LiveEvent | null {
  const was = previous !== null && view.includes(previous)
  switch (event.kind) {
    case 'STALE':
    case 'RESUMED':
    case 'CAUGHT_UP':
      return event
    case 'REMOVED':
      return was || view.refs.has(event.requestId) ? event : null
    case 'STATUS_CHANGED':
    case 'REPLACED': {
      if (was) return event
      if (!view.includes(event.pin) || (event.kind === 'REPLACED' && !event.isNew)) return null
      const { service, seq, cursor, observedAt, pin } = event
      return { service, seq, cursor, observedAt, kind: 'ADDED', pin }
    }
    case 'SNAPSHOT':
    case 'ADDED':
      return view.includes(event.pin) ? event : null
  }
}

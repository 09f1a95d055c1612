import type { PinqlError } from '../domain/errors.ts'
import type { Pin, PinStatus } from '../domain/pin.ts'

/** The part that all events of live status have in common. */
export interface EventBase {
  /** Configured name of the service. */
  readonly service: string
  /** A subscription that resumes with it goes on after this event. Inside a snapshot, it gets the snapshot again. */
  readonly cursor: string
  /** Number that grows with every change of the tenant's pins. The events of a snapshot share the number of the last change. */
  readonly seq: number
  /** Unix milliseconds when the gateway made the event. */
  readonly observedAt: number
}

/** The state of a pin when the subscription began or resumed. */
export interface PinSnapshot extends EventBase {
  readonly kind: 'SNAPSHOT'
  readonly pin: Pin
  /** True when the subscription resumed, but the events that it missed are no longer known. */
  readonly isResync: boolean
  /** Number of events that follow in the snapshot of this service. 0 for the last one. */
  readonly remaining: number
}

/** A new pin, or one that came to match the subscription's filter. */
interface PinAdded extends EventBase {
  readonly kind: 'ADDED'
  readonly pin: Pin
}

/** A pin whose status, progress or other details changed. */
interface PinStatusChange extends EventBase {
  readonly kind: 'STATUS_CHANGED'
  readonly pin: Pin
  readonly previousStatus: PinStatus
}

/** A pin that replaced another. */
interface PinReplaced extends EventBase {
  readonly kind: 'REPLACED'
  readonly pin: Pin
  /** True when the new pin was not known before. Subscribers that did not follow the old pin then get an `ADDED`. */
  readonly isNew: boolean
  /** The pin that is gone. */
  readonly replaced: Pick<Pin, 'service' | 'requestId'> & { readonly cid: { readonly text: string } }
}

/** A pin that the service no longer has. */
interface PinRemoved extends EventBase {
  readonly kind: 'REMOVED'
  readonly requestId: string
  /** Text of its CID. */
  readonly cid: string
}

/**
 * Requests to the service fail, so earlier states may be out of date.
 *
 * Only this event and `RESUMED` may come before a snapshot.
 */
export interface LiveStale extends EventBase {
  readonly kind: 'STALE'
  /** Unix milliseconds of the last good answer. */
  readonly since: number
  readonly reason: PinqlError
}

/** The service answers again. Changes that were missed follow, or came before this event. */
export interface LiveResumed extends EventBase {
  readonly kind: 'RESUMED'
  /** Unix milliseconds of the last good answer before the `STALE`. */
  readonly since: number
}

/** Sent instead of a snapshot when no pin matches, or when nothing was missed since the cursor. */
interface LiveCaughtUp extends EventBase {
  readonly kind: 'CAUGHT_UP'
  /** True when the subscription resumed, but the events that it missed are no longer known. No pin is left then. */
  readonly isResync: boolean
}

/** A change of a tenant's pins. */
type PinChange = PinAdded | PinStatusChange | PinReplaced | PinRemoved

/** Any event that a subscriber gets. */
export type LiveEvent = PinSnapshot | PinChange | LiveStale | LiveResumed | LiveCaughtUp

export type PinEventKind = LiveEvent['kind']

/** An event that has no number, cursor and time yet. */
export type Draft<Event extends LiveEvent = LiveEvent> = Event extends LiveEvent ? Omit<Event, keyof EventBase> : never

/**
 * Kinds for subscribers that name no `kinds`: always the eight of the first version.
 *
 * A kind that is added later is sent only to subscribers that name it, since deployed clients do not know it.
 */
export const DEFAULT_KINDS: ReadonlySet<PinEventKind> = new Set([
  'SNAPSHOT',
  'ADDED',
  'STATUS_CHANGED',
  'REPLACED',
  'REMOVED',
  'STALE',
  'RESUMED',
  'CAUGHT_UP',
])

/**
 * Returns the key under which a newer event replaces an older one that was not delivered yet: one per pin, and one for
 * `STALE` and `RESUMED`. A replacement has a key of its own, since later events of the new pin do not say that the old
 * pin is gone.
 */
export function coalesceKey(event: LiveEvent): string {
  switch (event.kind) {
    case 'STALE':
    case 'RESUMED':
      return `live:${event.service}`
    case 'CAUGHT_UP':
      return `caught-up:${event.service}`
    case 'REPLACED':
      return JSON.stringify(['replaced', event.service, event.replaced.requestId, event.pin.requestId])
    case 'REMOVED':
      return pinKey(event.service, event.requestId)
    case 'SNAPSHOT':
    case 'ADDED':
    case 'STATUS_CHANGED':
      return pinKey(event.service, event.pin.requestId)
  }
}

/** Returns the key of the events of one pin, except `REPLACED`. */
export function pinKey(serviceName: string, requestId: string): string {
  return `pin:${serviceName}:${requestId}`
}

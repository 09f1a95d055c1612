import type { PinqlError } from '../domain/errors.ts'
import type { Pin, PinStatus } from '../domain/pin.ts'

/** What every event of live status has. */
export interface EventBase {
  /** Configured name of the service. */
  readonly service: string
  /** Stands for this event when a subscription begins again; inside a snapshot, for nothing seen yet. */
  readonly cursor: string
  /** Grows with every change that a tenant's informer sees. The events of a snapshot share the number of the last change. */
  readonly seq: number
  /** Unix milliseconds when the gateway saw it. */
  readonly observedAt: number
}

/** How a pin was when the subscription began, or began again. */
export interface PinSnapshot extends EventBase {
  readonly kind: 'SNAPSHOT'
  readonly pin: Pin
  /** True when a cursor was given but what was missed is no longer known. */
  readonly isResync: boolean
  /** How many more events the snapshot of this service has; 0 with its last. */
  readonly remaining: number
}

/** A pin that was not there before. */
export interface PinAdded extends EventBase {
  readonly kind: 'ADDED'
  readonly pin: Pin
}

/** A pin whose status, progress or other details changed. */
export interface PinStatusChange extends EventBase {
  readonly kind: 'STATUS_CHANGED'
  readonly pin: Pin
  readonly previousStatus: PinStatus
}

/** A pin that took the place of another. */
export interface PinReplaced extends EventBase {
  readonly kind: 'REPLACED'
  readonly pin: Pin
  /** Whether the new pin was not known before; then it is told as added to who did not follow the old one. */
  readonly isNew: boolean
  /** What is known of the pin that is gone. */
  readonly replaced: Pick<Pin, 'service' | 'requestId'> & { readonly cid: { readonly text: string } }
}

/** A pin that is no longer there. */
export interface PinRemoved extends EventBase {
  readonly kind: 'REMOVED'
  readonly requestId: string
  /** Text of its CID. */
  readonly cid: string
}

/** The service cannot be asked: what was said before may no longer hold. The only event that may come before a snapshot. */
export interface LiveStale extends EventBase {
  readonly kind: 'STALE'
  /** Unix milliseconds of the last good answer. */
  readonly since: number
  readonly reason: PinqlError
}

/** The service answers again; what changed meanwhile is told as changes, before it or behind. */
export interface LiveResumed extends EventBase {
  readonly kind: 'RESUMED'
  /** Unix milliseconds when it had become stale. */
  readonly since: number
}

/** There is nothing to begin with: no pin to show or, with a cursor, nothing was missed. In place of a snapshot. */
export interface LiveCaughtUp extends EventBase {
  readonly kind: 'CAUGHT_UP'
  /** True when a cursor was given but what was missed is no longer known: all that was there is gone. */
  readonly isResync: boolean
}

/** A change of a tenant's pins. */
export type PinChange = PinAdded | PinStatusChange | PinReplaced | PinRemoved

/** Anything a subscriber is told. */
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
 * Under which a newer event takes the place of an older one that was not delivered yet: one per pin, and one for
 * liveness. A replacement has one of its own, since what follows of the new pin does not say that the old one is gone.
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
    default:
      return pinKey(event.service, event.pin.requestId)
  }
}

/** The key of the events of one pin, replacements left out. */
export function pinKey(service: string, requestId: string): string {
  return `pin:${service}:${requestId}`
}

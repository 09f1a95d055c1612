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
  readonly type: 'PinSnapshot'
  readonly pin: Pin
  /** True when a cursor was given but what was missed is no longer known. */
  readonly isResync: boolean
  /** How many more events the snapshot of this service has; 0 with its last. */
  readonly remaining: number
}

/** A pin that was not there before. */
export interface PinAdded extends EventBase {
  readonly type: 'PinAdded'
  readonly pin: Pin
}

/** A pin whose status, progress or other details changed. */
export interface PinStatusChange extends EventBase {
  readonly type: 'PinStatusChange'
  readonly pin: Pin
  readonly previousStatus: PinStatus
}

/** A pin that took the place of another. */
export interface PinReplaced extends EventBase {
  readonly type: 'PinReplaced'
  readonly pin: Pin
  /** Whether the new pin was not known before; then it is told as added to who did not follow the old one. */
  readonly isNew: boolean
  /** What is known of the pin that is gone. */
  readonly replaced: Pick<Pin, 'service' | 'requestId'> & { readonly cid: { readonly text: string } }
}

/** A pin that is no longer there. */
export interface PinRemoved extends EventBase {
  readonly type: 'PinRemoved'
  readonly requestId: string
  /** Text of its CID. */
  readonly cid: string
}

/** The service cannot be asked: what was said before may no longer hold. The only event that may come before a snapshot. */
export interface LiveStale extends EventBase {
  readonly type: 'LiveStale'
  /** Unix milliseconds of the last good answer. */
  readonly since: number
  readonly reason: PinqlError
}

/** The service answers again; what changed meanwhile is told as changes, before it or behind. */
export interface LiveResumed extends EventBase {
  readonly type: 'LiveResumed'
  /** Unix milliseconds when it had become stale. */
  readonly since: number
}

/** There is nothing to begin with: no pin to show or, with a cursor, nothing was missed. In place of a snapshot. */
export interface LiveCaughtUp extends EventBase {
  readonly type: 'LiveCaughtUp'
  /** True when a cursor was given but what was missed is no longer known: all that was there is gone. */
  readonly isResync: boolean
}

/** A change of a tenant's pins. */
export type PinChange = PinAdded | PinStatusChange | PinReplaced | PinRemoved

/** Anything a subscriber is told. */
export type LiveEvent = PinSnapshot | PinChange | LiveStale | LiveResumed | LiveCaughtUp

/**
 * Under which a newer event takes the place of an older one that was not delivered yet: one per pin, and one for
 * liveness. A replacement has one of its own, since what follows of the new pin does not say that the old one is gone.
 */
export function coalesceKey(event: LiveEvent): string {
  switch (event.type) {
    case 'LiveStale':
    case 'LiveResumed':
      return `live:${event.service}`
    case 'LiveCaughtUp':
      return `caught-up:${event.service}`
    case 'PinReplaced':
      return JSON.stringify(['replaced', event.service, event.replaced.requestId, event.pin.requestId])
    case 'PinRemoved':
      return `pin:${event.service}:${event.requestId}`
    default:
      return `pin:${event.service}:${event.pin.requestId}`
  }
}

import type { Pin } from '../../domain/pin.ts'

/** Ticket of an answer of unknown age. The observer uses it only to fill a gap. */
export const UNKNOWN_AGE = 0

/** Sees everything that the answers to a tenant show, whichever caller made the request. */
export interface TenantObserver {
  /** Called when a request is sent. Returns a growing number, which is passed along with what the answer shows. */
  sent(): number
  /** Called with the pins that an answer contained. */
  seen(pins: readonly Pin[], ticket: number): void
  /** Called when a pin was added. The pin exists, whatever was known about its request id. */
  added(pin: Pin, ticket: number): void
  /** Called when a pin replaced another: in one request, or by adding the new one and then removing the old one. */
  replaced(requestId: string, pin: Pin, ticket: number): void
  /** Called when the service accepted a removal, or has no such pin to remove. */
  removed(requestId: string): void
}

import type { Pin } from '../../domain/pin.ts'

/** The ticket of what may have been seen at any time: it only fills a gap. */
export const UNKNOWN_AGE = 0

/** Somebody who follows all that a tenant's answers tell, whoever asked. */
export interface TenantObserver {
  /** Called when a request leaves; its number, which grows, comes back with what the answer shows. */
  sent(): number
  /** Pins as an answer showed them. */
  seen(pins: readonly Pin[], ticket: number): void
  /** A pin was added: it is there, whatever was known of its request id. */
  added(pin: Pin, ticket: number): void
  /** A pin was put in the place of another, in one step or by adding it and then removing the other. */
  replaced(requestId: string, pin: Pin, ticket: number): void
  /** The service took a removal in, or has no such pin to remove. */
  removed(requestId: string): void
}

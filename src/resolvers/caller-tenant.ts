import type { Cid } from '../domain/cid.ts'
import type { NewPin, Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { LiveTenant } from '../live/live-tenant.ts'
import type { SignalOptions, TenantCallOptions } from '../upstream/service/tenant-call-options.ts'
import type { PinChanges } from '../upstream/writes/replacement.ts'

/**
 * One token at one service, as far as the fields of GraphQL need it: what subscriptions follow, lookups of content, and changes.
 *
 * Each operation rejects with a domain error, or with `signal.reason` when aborted. `Tenant` of upstream says which, and which
 * requests are sent.
 */
export interface CallerTenant extends LiveTenant {
  /** Looks up all pins of a CID, newest first. Lookups that wait together share one list. */
  lookupContent(cid: Cid, options?: SignalOptions): Promise<readonly Pin[]>

  /** Adds a pin, at most once per key as far as the service allows that to be known. */
  addPin(pin: NewPin, idempotencyKey: string, options?: SignalOptions): Promise<Pin>

  /** Replaces a pin, at most once per key. Undefined parts stay unchanged. */
  replacePin(ref: PinRef, changes: PinChanges, idempotencyKey: string, options?: SignalOptions): Promise<Pin>

  /**
   * Removes a pin.
   *
   * @throws {PinNotFoundError} the pin does not exist
   */
  removePin(requestId: string, options?: TenantCallOptions): Promise<void>
}

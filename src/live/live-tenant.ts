import type { Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { TenantObserver } from '../upstream/observing/tenant-observer.ts'
import type { PinSource } from '../upstream/reading/pin-source.ts'
import type { TenantCallOptions } from '../upstream/service/tenant-call-options.ts'
import type { StopSignal } from '../upstream/waiting/stop.ts'

/** One token at one service, as far as live status needs it: lists, pins by their id, and all that answers show. */
export interface LiveTenant extends PinSource {
  /** Service and keyed hash of the token. */
  readonly key: string

  /**
   * Shows all pins in the tenant's answers to an observer, whether a poll, a query or a change sent the request.
   *
   * @returns a function that ends this
   */
  observe(observer: TenantObserver): () => void

  /**
   * Reads one pin: one `GET /pins/{requestid}`.
   *
   * @throws {PinNotFoundError} 404
   */
  getPin(requestId: string, options?: TenantCallOptions): Promise<Pin>

  /**
   * Reads one pin whose CID is known. Lookups that wait together share one list.
   *
   * @throws {PinNotFoundError} neither a list nor `getPin` found it
   */
  lookupPin(ref: PinRef, options?: { readonly signal?: StopSignal | undefined }): Promise<Pin>

  /** Returns a pin that a change through pinql made within the last 2 s. Costs no request. */
  justMade(requestId: string): Pin | undefined
}

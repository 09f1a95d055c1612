import type { Cid } from '../domain/cid.ts'
import type { NewPin, Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { PinPosition } from '../domain/pin-order.ts'
import type { LiveStream, LiveStreamOptions, LiveTenant } from '../live/live-tenant.ts'
import type { PinQuery } from '../upstream/http/list-query.ts'
import type { LeftOut } from '../upstream/http/pin-page.ts'
import type { SignalOptions, TenantCallOptions } from '../upstream/service/tenant-call-options.ts'
import type { PinChanges } from '../upstream/writes/replacement.ts'

/**
 * One token at one service, as far as the fields of GraphQL need it: what subscriptions follow, lookups of content, and changes.
 *
 * Each operation rejects with a domain error, or with `signal.reason` when aborted. `Tenant` of upstream says which, and which
 * requests are sent.
 */
export interface CallerTenant extends LiveTenant {
  /** Opens the pins that match a query, newest first. A query for many CIDs has several streams. No pin is in two of them. */
  openStreams(query: PinQuery, options: CallerStreamOptions): readonly CallerStream[]

  /** Returns the number of pins that match a query; null where the service does not reveal it. Costs one list in most cases. */
  countPins(query: PinQuery, options?: TenantCallOptions): Promise<number | null>

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

interface CallerStreamOptions extends LiveStreamOptions {
  /** Position after which the stream starts. Default: before the first pin. */
  readonly after?: PinPosition | null | undefined
}

/** Pins of one query at one tenant, which are read page by page as they are taken. */
export interface CallerStream extends LiveStream {
  readonly query: PinQuery
  /** True if the first list showed that no request can reveal the number of matching pins. */
  readonly isUncountable: boolean
  /** Records of the lists so far that are not valid pins. They may match the query. */
  readonly leftOut: readonly LeftOut[]
  /** Removes and returns the next pins: `count` of them, or fewer at the end. */
  take(count: number): Promise<Pin[]>
  /** Returns whether any pin follows. Sends a request only if the lists so far do not show it. */
  hasMore(): Promise<boolean>
}

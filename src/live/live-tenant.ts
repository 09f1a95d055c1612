import type { Pin } from '../domain/pin.ts'
import type { PinRef } from '../domain/pin-id.ts'
import type { PinQuery } from '../upstream/http/list-query.ts'
import type { TenantObserver } from '../upstream/observing/tenant-observer.ts'
import type { Capabilities } from '../upstream/providers/capabilities.ts'
import type { TenantCallOptions } from '../upstream/service/tenant-call-options.ts'
import type { StopSignal } from '../upstream/waiting/stop.ts'

/** One token at one service, as far as live status needs it: lists, pins by their id, and all that answers show. */
export interface LiveTenant {
  /** Configured name of the service. */
  readonly service: string

  /** Service and keyed hash of the token. */
  readonly key: string

  /**
   * Key of the place that it shares with other tenants whose polls take turns, since its service has not accepted its token yet. Undefined
   * once it has.
   */
  readonly sharedTurn: string | undefined

  /** The service's capabilities, as far as known now. */
  readonly capabilities: Capabilities

  /**
   * Shows all pins in the tenant's answers to an observer, whether a poll, a query or a change sent the request.
   *
   * @returns a function that ends this
   */
  observe(observer: TenantObserver): () => void

  /** Opens the pins that match a query, newest first. A query for many CIDs has several streams. No pin is in two of them. */
  openStreams(query: PinQuery, options: LiveStreamOptions): readonly LiveStream[]

  /** Returns all pins that match a query, newest first. */
  collectPins(query: PinQuery, options?: LiveReadOptions): Promise<readonly Pin[]>

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

export interface LiveReadOptions extends TenantCallOptions {
  /** Called before each list is requested. If it throws, the list is not requested, and the read fails with its error. */
  readonly onList?: (() => void) | undefined
}

export interface LiveStreamOptions extends LiveReadOptions {
  /** Number of pins that are expected to be taken, 1 to 1000. It sets the size of the first list. */
  readonly expected: number
}

/** Pins that are read page by page, as they are taken. */
export interface LiveStream {
  /** Number of all matching pins, if the first list revealed it; otherwise null. */
  readonly count: number | null
  /** Reads the first list. Then `count` is as exact as it can be. */
  start(): Promise<void>
  /** Returns the next pin without removing it; null after the last. */
  peek(): Promise<Pin | null>
  /** Removes the pin that `peek` returned. */
  shift(): void
}

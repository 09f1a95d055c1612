import type { Cid } from './cid.ts'
import type { Instant } from './instant.ts'

/** Status of a pin in the words of the Pinning Service API. `pinned` and `failed` are settled. */
export type PinStatus = 'queued' | 'pinning' | 'pinned' | 'failed'

export const PIN_STATUSES: readonly PinStatus[] = ['queued', 'pinning', 'pinned', 'failed']

/** Comparison of a filter with a pin's name: whole or part, and with an `i` without regard to case. */
export type NameMatch = 'exact' | 'iexact' | 'partial' | 'ipartial'

/** A map of strings to strings: `meta` and `info`. */
export type StringMap = Readonly<Record<string, string>>

/**
 * Key of the entry of `meta` that names the write that made a pin.
 *
 * `upstream/http` adds the entry to each pin that it sends, and moves it to `writeId` in each pin that it receives. Clients never see
 * the entry. An input or filter that contains it is rejected by `resolvers/pin-input.ts`.
 */
export const WRITE_ID_META_KEY = 'pinql.op'

/** A pin to make, as a client asks for it. */
export interface NewPin {
  readonly cid: Cid
  readonly name: string | null
  /** At most 20 multiaddrs that end in `/p2p/{peerId}`. */
  readonly origins: readonly string[]
  readonly meta: StringMap
  /** Names the write that makes or made the pin; absent if no write is known. Never shown to clients. */
  readonly writeId?: string | undefined
}

/** A pin as its service reported it. */
export interface Pin extends NewPin {
  /** The service's word for a status that pinql does not know, and shows as `queued`. Absent for all others. */
  readonly unknownStatus?: string | undefined
  /** Configured name of the service that holds the pin. */
  readonly service: string
  /** The service's own identifier: opaque, unique within the service and token only. */
  readonly requestId: string
  readonly status: PinStatus
  readonly created: Instant
  /** Multiaddrs of the service's peers that fetch the content. */
  readonly delegates: readonly string[]
  /** The service's own details, such as `status_details`. */
  readonly info: StringMap
}

/** True when no further change is expected: the pin is `pinned` or `failed`. */
export function isSettled(status: PinStatus): boolean {
  return status === 'pinned' || status === 'failed'
}

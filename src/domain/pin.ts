import type { Cid } from './cid.ts'
import type { Instant } from './instant.ts'

/** Where a pin is in its life, in the service's words. `pinned` and `failed` are settled. */
export type PinStatus = 'queued' | 'pinning' | 'pinned' | 'failed'

export const PIN_STATUSES: readonly PinStatus[] = ['queued', 'pinning', 'pinned', 'failed']

/** How a `name` filter compares: whole or part, with or without case. */
export type NameMatch = 'exact' | 'iexact' | 'partial' | 'ipartial'

/** A map of strings to strings: `meta` and `info`. */
export type StringMap = Readonly<Record<string, string>>

/**
 * The entry of a pin's `meta` that names the write that made it.
 *
 * Only `upstream/wire.ts` sees it: clients neither read, set nor filter by it.
 */
export const OPERATION_META_KEY = 'pinql.op'

/** What a client asks to have pinned. */
export interface NewPin {
  readonly cid: Cid
  readonly name: string | null
  /** At most 20 multiaddrs that end in `/p2p/{peerId}`. */
  readonly origins: readonly string[]
  readonly meta: StringMap
  /** The write that makes or made it; absent where none is known. Never shown to clients. */
  readonly operationId?: string | undefined
}

/** One pin request as its service reported it. */
export interface Pin extends NewPin {
  /** Configured name of the service that holds the pin. */
  readonly service: string
  /** The service's own identifier: opaque, unique within the service and token only. */
  readonly requestId: string
  readonly status: PinStatus
  readonly created: Instant
  /** Multiaddrs of the service's peers that take the content in. */
  readonly delegates: readonly string[]
  /** Vendor details, such as `status_details`. */
  readonly info: StringMap
}

/** True when no further change is expected: the pin is `pinned` or `failed`. */
export function isSettled(status: PinStatus): boolean {
  return status === 'pinned' || status === 'failed'
}

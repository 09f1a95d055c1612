import type { NameMatch, PinStatus, StringMap } from '../../domain/pin.ts'

/** The pins that a list is to have, in the terms of the store. */
export interface PinFilter {
  /** As `Cid.key`. Null for any CID. */
  readonly cidKeys: readonly string[] | null
  readonly name: string | null
  readonly match: NameMatch
  readonly statuses: readonly PinStatus[]
  /** Milliseconds since 1970, exclusive, as `after` is. */
  readonly before: number | null
  readonly after: number | null
  readonly meta: StringMap
  /** Most pins of one page. */
  readonly limit: number
}

import type { NameMatch, PinStatus, StringMap } from '../domain/pin.ts'

/** What `GET /pins` asks for, read and checked. Times are in milliseconds and both bounds are exclusive. */
export interface PinFilter {
  /** Keys of CIDs, as `Cid.key`; at most 10. */
  readonly cidKeys: readonly string[] | null
  readonly name: string | null
  readonly match: NameMatch
  readonly statuses: readonly PinStatus[]
  readonly before: number | null
  readonly after: number | null
  readonly meta: StringMap
  readonly limit: number
}

/** Case folding for the `iexact` and `ipartial` matches: all of Unicode, and blind to a letter's place in its word. */
export function foldCase(name: string): string {
  return name.toLowerCase().toUpperCase()
}

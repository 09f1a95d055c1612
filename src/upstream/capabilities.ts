import type { NameMatch } from '../domain/pin.ts'

/**
 * How far a service's filter can be relied on.
 *
 * - `exact`: it returns what matches and nothing else.
 * - `loose`: it may return more, and is filtered here; sending it still narrows the answer, or does no harm.
 * - `unusable`: it may hide pins that match, so it is not sent, and the list is filtered here.
 */
export type FilterTrust = 'exact' | 'loose' | 'unusable'

/** What a service does of the Pinning Service API, and how: known of its provider, configured, or learned from its answers. */
export interface Capabilities {
  /** Most CIDs in one list, 1 to 10. */
  readonly maxCids: number
  /** Largest `limit` that is honoured; `Infinity` where there is none. */
  readonly maxLimit: number
  /** Most bytes of a request's head. */
  readonly maxHeadBytes: number
  /** In which order lists come. Anything but `newest-first` is read whole and sorted here. */
  readonly order: 'newest-first' | 'oldest-first' | 'none'
  /** Fraction digits of `created`, 0 to 9; null while none was seen. */
  readonly createdDigits: number | null
  /** Whether `before` and `after` narrow a list at all. Whether `before` includes its instant never matters. */
  readonly timeFilter: FilterTrust
  readonly cidFilter: FilterTrust
  /** Whether CIDs are compared as `text`, so that v0 and v1 of the same content differ, or by what they mean. */
  readonly cidForm: 'meaning' | 'text'
  readonly nameFilter: Readonly<Record<NameMatch, FilterTrust>>
  /** `unusable` where a list of several statuses hides pins; one status, and all four, can still be asked for. */
  readonly statusFilter: FilterTrust
  readonly metaFilter: FilterTrust
  /** Whether `meta` comes back; null while it was not seen to. */
  readonly keepsMeta: boolean | null
  /** What `count` counts: the pins that match, all that match whatever the time asked for, or nothing to rely on. */
  readonly count: 'matching' | 'total' | 'unreliable'
  /** True where an empty list is answered with 404. */
  readonly emptyListIs404: boolean
  /**
   * How a pin is replaced without losing it.
   *
   * - `native`: by `POST /pins/{requestid}`.
   * - `add-then-remove`: that would remove first or ignore the new CID, so pinql adds, then removes.
   * - `add-if-same-cid`: the same CID would be unpinned, so it is added again, which overwrites it; others natively.
   */
  readonly replace: 'native' | 'add-then-remove' | 'add-if-same-cid'
  /** True where a pin without a name gets its CID as name. */
  readonly namesPinsByCid: boolean
}

/** A service that keeps to the specification; what cannot be known of a stranger beforehand is null. */
export const SPECIFIED_CAPABILITIES: Capabilities = {
  maxCids: 10,
  maxLimit: 1000,
  maxHeadBytes: 8000,
  order: 'newest-first',
  createdDigits: null,
  timeFilter: 'exact',
  cidFilter: 'exact',
  cidForm: 'meaning',
  nameFilter: { exact: 'exact', iexact: 'exact', partial: 'exact', ipartial: 'exact' },
  statusFilter: 'exact',
  metaFilter: 'exact',
  keepsMeta: null,
  count: 'matching',
  emptyListIs404: false,
  replace: 'native',
  namesPinsByCid: false,
}

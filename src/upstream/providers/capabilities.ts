import type { NameMatch } from '../../domain/pin.ts'

/**
 * How far a service's filter can be relied on.
 *
 * - `exact`: it returns what matches and nothing else.
 * - `loose`: it may return more, and is filtered here; sending it still narrows the answer, or does no harm.
 * - `unusable`: it may hide pins that match, or does nothing, so it is not sent, and the list is filtered here.
 */
export type FilterTrust = 'exact' | 'loose' | 'unusable'

/**
 * What a service does of the Pinning Service API, and how: known of its provider, configured, or learned from its answers.
 *
 * What is null is not known yet. Nothing is built on it then, and answers show it in time.
 */
export interface Capabilities {
  /** Most CIDs in one list, 1 to 10. */
  readonly maxCids: number
  /** Largest `limit` that is honoured; `Infinity` where there is none. */
  readonly maxLimit: number
  /** Most bytes of a request's head. */
  readonly maxHeadBytes: number
  /** In which order lists come. What is not newest first is read whole and sorted here. */
  readonly order: 'newest-first' | 'oldest-first' | 'none' | null
  /** Fraction digits of `created`, 0 to 9. */
  readonly createdDigits: number | null
  /** `before` and `after`. `loose` where they include or round up their instant; `unusable` where nobody looks at them. */
  readonly timeFilter: FilterTrust
  readonly cidFilter: FilterTrust
  /** Whether CIDs are compared as `text`, so that v0 and v1 of the same content differ, or by what they mean. */
  readonly cidForm: 'meaning' | 'text'
  readonly nameFilter: Readonly<Record<NameMatch, FilterTrust>>
  /** `unusable` where the status is looked at after the list was cut, so that a page may be empty and not the last. */
  readonly statusFilter: FilterTrust
  /** False where a list of several statuses finds nothing, so that each is asked for by itself. */
  readonly multiStatus: boolean | null
  readonly metaFilter: FilterTrust
  /** Whether `meta` comes back. */
  readonly keepsMeta: boolean | null
  /**
   * What `count` counts: the pins that match; all that match whatever the time asked for; all pins of the account; or
   * nothing to rely on. While it is null, it is believed of a list without filters only, where the first three are one.
   */
  readonly count: 'matching' | 'total' | 'everything' | 'unreliable' | null
  /** What `count` is of a list with filters where the service stopped counting: as many or more match. */
  readonly cappedCounts: readonly number[]
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

/** A stranger: taken at the specification's word, except for what can be waited for. */
export const SPECIFIED_CAPABILITIES: Capabilities = {
  maxCids: 10,
  maxLimit: 1000,
  maxHeadBytes: 8000,
  order: null,
  createdDigits: null,
  timeFilter: 'exact',
  cidFilter: 'exact',
  cidForm: 'meaning',
  nameFilter: { exact: 'exact', iexact: 'exact', partial: 'exact', ipartial: 'exact' },
  statusFilter: 'exact',
  multiStatus: null,
  metaFilter: 'exact',
  keepsMeta: null,
  count: null,
  cappedCounts: [],
  emptyListIs404: false,
  replace: 'native',
  namesPinsByCid: false,
}

/** What the providers have in common of whom anything is known. */
export const USUAL = {
  order: 'newest-first',
  multiStatus: true,
  count: 'matching',
} as const satisfies Partial<Capabilities>

import type { NameMatch } from '../../domain/pin.ts'

/**
 * Reliability of a service's filter.
 *
 * - `exact`: it returns all pins that match, and no others.
 * - `loose`: it returns all pins that match, and maybe others. pinql sends it, which may narrow the answer, and filters the
 *   answer again.
 * - `unusable`: it may hide pins that match, or does nothing. pinql does not send it, and filters the answer.
 */
type FilterTrust = 'exact' | 'loose' | 'unusable'

/**
 * Describes how a service implements the Pinning Service API. The values come from its provider, from the configuration, or
 * from its answers.
 *
 * Null means not known yet. pinql then relies on nothing, and the service's answers fill in the value in time.
 */
export interface Capabilities {
  /** Largest number of CIDs in one list, 1 to 10. */
  readonly maxCids: number
  /** Largest `limit` that the service honours; `Infinity` if there is none. */
  readonly maxLimit: number
  /** Largest size of a request's head in bytes. */
  readonly maxHeadBytes: number
  /** Order of lists. A list that is not newest first is read whole and sorted by pinql. */
  readonly order: 'newest-first' | 'oldest-first' | 'none' | null
  /** Number of fraction digits in `created`, 0 to 9. */
  readonly createdDigits: number | null
  /**
   * Number of fraction digits of `before` and `after` that the service looks at, 0 to 9. Null: not known. pinql then widens
   * times to whole seconds, or sees from the answer whether the service has rounded them.
   */
  readonly timeDigits: number | null
  /**
   * Reliability of `before` and `after`. `loose`: the service includes the instant itself, or rounds it up. `unusable`: the
   * service ignores them.
   */
  readonly timeFilter: FilterTrust
  /**
   * False if the service ignores `after`, or refuses it beside `before`. Then pinql does not send it, and stops at its time by
   * itself. If true, `timeFilter` says how reliable it is.
   */
  readonly honoursAfter: boolean
  readonly cidFilter: FilterTrust
  /** `text`: the service compares CIDs as text, so that v0 and v1 of the same content differ. `meaning`: it does not. */
  readonly cidForm: 'meaning' | 'text'
  readonly nameFilter: Readonly<Record<NameMatch, FilterTrust>>
  /**
   * `unusable`: the service applies the status filter after it has cut the list. So a page may be empty without being the
   * last.
   */
  readonly statusFilter: FilterTrust
  /** False if a list of several statuses finds nothing, or looks at the first only. Then pinql sends one request per status. */
  readonly multiStatus: boolean | null
  readonly metaFilter: FilterTrust
  /** True if the service stores `meta` and returns it. */
  readonly keepsMeta: boolean | null
  /**
   * Meaning of `count`.
   *
   * - `matching`: number of pins that match the query.
   * - `total`: number of pins that match the query without `before` and `after`.
   * - `everything`: number of all pins of the account.
   * - `unreliable`: no meaning to rely on.
   *
   * While it is null, pinql trusts `count` only for a list without filters, where the first three are equal.
   */
  readonly count: 'matching' | 'total' | 'everything' | 'unreliable' | null
  /** Values of `count` at which the service stops counting when a list has filters. That many or more pins match. */
  readonly cappedCounts: readonly number[]
  /** True if the service answers 404 instead of an empty list. */
  readonly emptyListIs404: boolean
  /**
   * The way to replace a pin without losing it.
   *
   * - `native`: with `POST /pins/{requestid}`.
   * - `add-then-remove`: pinql adds the new pin, and then removes the old one. The native request would remove first, or
   *   ignore the new CID.
   * - `add-if-same-cid`: a replacement with the same CID is an add, which overwrites the old pin. The native request would
   *   unpin the CID. All other replacements are native.
   */
  readonly replace: 'native' | 'add-then-remove' | 'add-if-same-cid'
  /** True if a pin without a name gets its CID as name. */
  readonly namesPinsByCid: boolean
}

/**
 * Capabilities of an unknown service. pinql assumes what the specification says, and leaves null what the service's answers
 * will show.
 */
export const SPECIFIED_CAPABILITIES: Capabilities = {
  maxCids: 10,
  maxLimit: 1000,
  maxHeadBytes: 8000,
  order: null,
  createdDigits: null,
  timeDigits: null,
  timeFilter: 'exact',
  honoursAfter: true,
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

/** Capabilities that most known providers have in common. */
export const USUAL_CAPABILITIES = {
  order: 'newest-first',
  timeDigits: 9,
  multiStatus: true,
  count: 'matching',
} as const satisfies Partial<Capabilities>

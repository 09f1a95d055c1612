import type { Cid } from '../../domain/cid.ts'
import { foldCase } from '../../domain/fold-case.ts'
import { compareInstants, parseInstant } from '../../domain/instant.ts'
import { nothingLeft } from '../../domain/nothing-left.ts'
import { type NameMatch, PIN_STATUSES, type Pin, type PinStatus, type StringMap } from '../../domain/pin.ts'

/** A selection of pins. A pin must match all parts. */
export interface PinQuery {
  /** The pin has one of these CIDs. At most as many as the service accepts in one request. */
  readonly cids?: readonly Cid[] | undefined
  readonly name?: string | undefined
  /** Comparison of `name`. Default: `exact`. */
  readonly match?: NameMatch | undefined
  readonly statuses: readonly PinStatus[]
  /** Created before this instant, exclusive; RFC 3339. */
  readonly before?: string | undefined
  /** Created after this instant, exclusive; RFC 3339. */
  readonly after?: string | undefined
  /** The pin's `meta` has all of these entries. */
  readonly meta?: StringMap | undefined
}

/** A query for one `GET /pins`. */
export interface ListQuery extends PinQuery {
  /** Page size: 1 to 1000, or more where the service has no largest limit. */
  readonly limit: number
}

/** A way to print `before` and `after`: in whole seconds, or with a fraction. */
export type TimeForm = 'whole' | 'fraction'

/**
 * Encodes the query string of `GET /pins`. `limit` and `status` are always sent, since services differ in their defaults. Only
 * a query without statuses sends no `status`. The service's default applies then.
 */
export function encodeListQuery(query: ListQuery): string {
  const { cids, name, match, statuses, before, after, meta, limit, ...others } = query
  nothingLeft(others)
  const search = new URLSearchParams()
  if (cids?.length) search.set('cid', cids.map(({ text }) => text).join(','))
  if (name !== undefined) {
    search.set('name', name)
    if (match !== undefined && match !== 'exact') search.set('match', match)
  }
  if (statuses.length > 0) search.set('status', statuses.join(','))
  if (before !== undefined) search.set('before', before)
  if (after !== undefined) search.set('after', after)
  search.set('limit', String(limit))
  if (meta && Object.keys(meta).length > 0) search.set('meta', JSON.stringify(meta))
  return search.toString()
}

/** Returns whether a query selects all pins. */
export function isUnfiltered(query: PinQuery): boolean {
  return !hasFilter(query) && hasAllStatuses(query)
}

/** Returns whether a query selects pins of any status. */
export function hasAllStatuses({ statuses }: Pick<PinQuery, 'statuses'>): boolean {
  return statuses.length === PIN_STATUSES.length
}

/** Marks the parts of a query that leave pins out. `match` only says how `name` is compared, and `statuses` is always set. */
const IS_FILTER = {
  cids: true,
  name: true,
  match: false,
  statuses: false,
  before: true,
  after: true,
  meta: true,
} as const satisfies Record<keyof PinQuery, boolean>

const FILTERS = (Object.keys(IS_FILTER) as (keyof PinQuery)[]).filter((part) => IS_FILTER[part])

/** Returns whether a query has any filter other than `statuses`. */
export function hasFilter(query: PinQuery): boolean {
  return FILTERS.some((part) => query[part] !== undefined)
}

/** Creates a function that tests whether a pin matches a query. It is needed because not every service applies every filter. */
export function createPinFilter(query: PinQuery): (pin: Pin) => boolean {
  const { cids, name, match = 'exact', statuses, before, after, meta = {}, ...others } = query
  nothingLeft(others)
  const keys = cids && new Set(cids.map(({ key }) => key))
  const wanted = new Set(statuses)
  const hasName = name === undefined ? () => true : nameFilter(name, match)
  const end = before === undefined ? null : parseInstant(before)
  const start = after === undefined ? null : parseInstant(after)
  const entries = Object.entries(meta)
  return (pin) => {
    if (keys && !keys.has(pin.cid.key)) return false
    if (!wanted.has(pin.status) || !hasName(pin.name ?? '')) return false
    if (!entries.every(([key, value]) => pin.meta[key] === value)) return false
    if (end !== null && compareInstants(pin.created, end) >= 0) return false
    return start === null || compareInstants(pin.created, start) > 0
  }
}

function nameFilter(wanted: string, match: NameMatch): (name: string) => boolean {
  const folded = foldCase(wanted)
  switch (match) {
    case 'exact':
      return (name) => name === wanted
    case 'partial':
      return (name) => name.includes(wanted)
    case 'iexact':
      return (name) => foldCase(name) === folded
    case 'ipartial':
      return (name) => foldCase(name).includes(folded)
  }
}

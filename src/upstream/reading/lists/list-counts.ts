import { nothingLeft } from '../../../domain/nothing-left.ts'
import {
  createPinFilter,
  hasAllStatuses,
  hasFilter,
  isUnfiltered,
  type ListQuery,
  type PinQuery,
} from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { idsOf } from './compare-pages.ts'
import { isFull } from './is-full.ts'
import { isAfterSent, isNameSent, largestLimit } from './list-plan.ts'
import { isUnwidened } from './time-unit.ts'

/** Returns whether the `count` of a page claims that more pins follow. False where such a claim is not worth a request. */
export function claimsMore(sent: PinQuery, page: PinPage, capabilities: Capabilities): boolean {
  const isWorthTrying = capabilities.count === null || isCountOf(sent, capabilities)
  return isWorthTrying && (page.count ?? 0) > recordCount(page)
}

/** Returns whether a page that is shorter than requested may lack pins, by its `count` or its length. */
export function isCutShort(sent: PinQuery, page: PinPage, capabilities: Capabilities): boolean {
  return recordCount(page) > 0 && (page.looksCut === true || claimsMore(sent, page, capabilities))
}

/** The pins that are counted, and the service that lists them. */
export interface CountedPins {
  readonly query: PinQuery
  readonly capabilities: Capabilities
  /**
   * True if only a whole list is to be counted. The `count` of a service that nobody knows may stop at any number, or include pins of
   * others, and no answer disproves that. Default: false.
   */
  readonly isStranger?: boolean
}

/** Returns the number of pins that match a query, if the first answer reveals it; otherwise null. */
export function countIn(page: PinPage, sent: ListQuery, counted: CountedPins): number | null {
  const { query, capabilities, isStranger = false } = counted
  const { pins, count, leftOut } = page
  const records = recordCount(page)
  if (capabilities.multiStatus === false && sent.statuses.length > 1) return null
  const isCut = isFull(sent, page, capabilities) || page.looksCut === true || claimsMore(sent, page, capabilities)
  if (!isCut) {
    const readable = idsOf(pins.filter(createPinFilter(query))).size
    return countWithLeftOut(readable, leftOut?.length ?? 0, counted)
  }
  if (isStranger || count === null || !isCountExact(query, capabilities)) return null
  if (isCapped(count, query, capabilities)) return null
  // A `count` equal to the length of the page may mean just that length.
  return count > records || (count === records && capabilities.count !== null) ? count : null
}

/**
 * Returns the number of matching pins of a list that was read whole, as the service would count them: records that cannot
 * be read included. Null if the service lists more than matches, so that nobody knows whether these records match. A stranger may
 * do so whenever the query has filters.
 */
export function countWithLeftOut(
  readable: number,
  leftOut: number,
  { query, capabilities, isStranger = false }: CountedPins,
): number | null {
  const isExact = isStranger ? isUnfiltered(query) : isAnswerExact(query, capabilities)
  return leftOut === 0 || isExact ? readable + leftOut : null
}

/**
 * Returns whether no request can reveal how many pins match: the service stopped counting, at more pins than a list can
 * hold.
 */
export function isUncountable({ count }: PinPage, query: PinQuery, capabilities: Capabilities): boolean {
  const isBeyondLists = count !== null && count >= largestLimit(capabilities)
  return isBeyondLists && isCapped(count, query, capabilities) && isCountExact(query, capabilities)
}

/** Returns whether a `count` is a number at which the service stops counting. */
function isCapped(count: number, query: PinQuery, { cappedCounts }: Capabilities): boolean {
  return cappedCounts.includes(count) && hasFilter(query)
}

/** Returns whether the service's own `count` for the planned query is the number of pins that match. */
export function isCountExact(query: PinQuery, capabilities: Capabilities): boolean {
  return isCountOf(query, capabilities) && isAnswerExact(query, capabilities)
}

/** Returns whether the service lists exactly the pins that match, when it gets the planned query. */
function isAnswerExact(query: PinQuery, capabilities: Capabilities): boolean {
  const { nameFilter, cidFilter, cidForm, metaFilter, statusFilter, timeFilter, namesPinsByCid } = capabilities
  const { cids, name, match = 'exact', statuses, before, after, meta, ...others } = query
  nothingLeft(others)
  const hasTime = before !== undefined || after !== undefined
  const isNameExact = nameFilter[match] === 'exact' && !namesPinsByCid
  return (
    (statuses.length === 1 || capabilities.multiStatus !== false) &&
    (cids === undefined || (cidFilter === 'exact' && cidForm === 'meaning')) &&
    (name === undefined || (isNameExact && isNameSent(query, capabilities))) &&
    (hasAllStatuses(query) || statusFilter === 'exact') &&
    (meta === undefined || metaFilter === 'exact') &&
    (after === undefined || isAfterSent(capabilities)) &&
    (!hasTime || (timeFilter === 'exact' && isUnwidened(before, capabilities) && isUnwidened(after, capabilities)))
  )
}

/** Returns whether `count` is the number of pins that match these filters over all pages. */
function isCountOf(sent: PinQuery, { count }: Capabilities): boolean {
  if (count === 'matching') return true
  if (count === 'total') return sent.before === undefined && sent.after === undefined
  return count !== 'unreliable' && isUnfiltered(sent)
}

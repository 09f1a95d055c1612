import { SECOND_NS } from '../../../domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import type { PinQuery } from '../../http/list-query.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'
import { isAfterSent } from '../lists/list-plan.ts'
import { timesOf } from '../lists/query-times.ts'
import { printTime, timeUnit, unitOfDigits } from '../lists/time-unit.ts'
import { sortedTimes } from './sorted-times.ts'

/** A part of the pins that is still to be read. */
export interface Window {
  readonly query: PinQuery
  /** True if all pins before the window have come, and one that its list must have again. */
  readonly isContinued?: boolean
}

/**
 * Returns the time ranges that are still to be read after some pins of a range came. Null if the range cannot be split.
 *
 * A service may round times to seconds, so ranges are split at whole seconds as long as that helps.
 *
 * @param includesBounds false if a list with a pin at a bound may lack others of its time. Default: true.
 */
export function splitTime(
  { query }: Window,
  pins: readonly Pin[],
  capabilities: Capabilities,
  includesBounds = true,
): Window[] | null {
  // One bound alone does not narrow a range.
  if (!isAfterSent(capabilities) || pins.length === 0) return null
  const unit = timeUnit(capabilities)
  const isProven = capabilities.timeDigits !== null || unit === SECOND_NS
  const split = (by: bigint): Window[] | null => splitAt(by, query, pins, capabilities, includesBounds)
  return (isProven ? null : split(SECOND_NS)) ?? split(unit)
}

function splitAt(
  unit: bigint,
  query: PinQuery,
  pins: readonly Pin[],
  capabilities: Capabilities,
  includesBounds: boolean,
): Window[] | null {
  const times = sortedTimes(pins)
  const [first, middle, last] = [times[0], times[times.length >> 1], times.at(-1)] as [bigint, bigint, bigint]
  const { before, after } = timesOf(query)
  // Where no time lies between two units, a service that includes its bounds can be asked for one unit alone. If the service may have
  // finer times, pins that a cut list lacks may lie there.
  const isOnGrid = includesBounds && unitOfDigits(capabilities.createdDigits ?? 9) % unit === 0n
  const print = (ns: bigint): string => printTime(ns, capabilities)
  // A list in no order may have come sorted by chance.
  if (capabilities.order === 'oldest-first' && isSurelySorted(pins.toReversed())) {
    // The list is sorted, so all pins before the last one's instant have come.
    let from = ((last - 1n) / unit) * unit
    // A service that rounds times down, or in the first half of a second, lists a pin at `after` too. It may not at the next unit, if
    // that is a whole second or the end of the half.
    const isSameHalf = after === null || after % SECOND_NS === 0n || last % (SECOND_NS / 2n) !== 0n
    const isIncluded = isOnGrid && first === after && (isSameHalf || capabilities.timeDigits !== null)
    if (from === after && isIncluded && last > first) from += unit
    return after !== null && from <= after ? null : [{ query: { ...query, after: print(from) }, isContinued: true }]
  }
  const includesBefore = isOnGrid && last === before
  const includesAfter = isOnGrid && first === after
  // Most pins may be of one instant at the border of the range, while others are far from it.
  for (const time of [middle, (first + last) / 2n]) {
    let border = (time / unit) * unit
    if (before !== null && (includesBefore ? border : border + unit) >= before) border -= unit
    const end = includesBefore ? border : border + unit
    const start = includesAfter ? border + unit : border
    const isNarrower = (before === null || end < before) && (after === null || start > after)
    if (isNarrower) return [{ query: { ...query, before: print(end) } }, { query: { ...query, after: print(start) } }]
  }
  return null
}

/**
 * Returns one window per status, so that pins are read in the order in which they go through statuses. Null if the service cannot list
 * one status, or the query has only one.
 */
export function splitStatuses(query: PinQuery, { statusFilter }: Capabilities): Window[] | null {
  if (statusFilter === 'unusable' || query.statuses.length < 2) return null
  // The last window is read first.
  return PIN_STATUSES.filter((status) => query.statuses.includes(status))
    .map((status) => ({ query: { ...query, statuses: [status] } }))
    .reverse()
}

/** Returns one window per CID. Null if the query has only one, or none. */
export function splitCids({ cids = [], ...query }: PinQuery): Window[] | null {
  return cids.length < 2 ? null : cids.map((cid) => ({ query: { ...query, cids: [cid] } }))
}

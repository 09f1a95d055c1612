import { PIN_STATUSES, type PinStatus } from '../../../src/domain/pin.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import { SECOND } from '../providers/created-text.ts'
import { type FilteredParts, isWanted } from './record-filters.ts'

/** What one service does in its lists: a sentence of the grammar. */
export interface ServiceRules {
  readonly order: 'newest-first' | 'oldest-first' | 'none'
  /** Whether pins of one instant, or all of an order `none`, come in the same order in each list. */
  readonly ties: 'stable' | 'shuffled'
  /** Fraction digits of `created`. */
  readonly digits: 0 | 3 | 6 | 9
  /** How `before` and `after` are rounded to a whole second. */
  readonly rounding: 'none' | 'down' | 'up' | 'nearest'
  readonly bounds: 'exclusive' | 'inclusive' | 'ignored'
  /** `ten`: a list with a larger `limit` has ten pins. */
  readonly largestPage: { readonly pins: number; readonly beyond: 'cut' | 'refused' | 'ten' } | null
  /** Whether lists have a largest page only if they are filtered by status, CID, name or `meta`. */
  readonly cutLists: 'all' | 'filtered'
  /** Number of pins of a list without `limit`. `largest`: as many as fit. */
  readonly defaultPage: 1 | 10 | 'largest'
  /**
   * `capped`: of those that match, but at most 60. `capped like pages`: at most as many as lists are cut to. `more`: always
   * three more than match. `zero`: always 0.
   */
  readonly count:
    | 'matching'
    | 'total'
    | 'everything'
    | 'page'
    | 'absent'
    | 'zero'
    | 'capped'
    | 'capped like pages'
    | 'more'
  /**
   * What a list of several statuses shows: the pins of all of them, none, those of the first or of the last. `pinned`: those
   * of the default status. `any`: all pins. `late`: the pins of all of them, but the statuses are looked at only after the
   * list was cut to `limit`.
   */
  readonly statuses: 'several' | 'one' | 'first' | 'last' | 'pinned' | 'any' | 'late'
  /** What a list of several CIDs shows: the pins of all of them, of the first, of the last, or none. */
  readonly cids: 'several' | 'first' | 'last' | 'one'
  readonly emptyListIs404: boolean
  /** Whether some records are no valid pins. */
  readonly records: 'valid' | 'some are odd'
}

/**
 * All values of each rule. A list inside a list has the variants of one value.
 *
 * Each value of a rule is chosen as often as any other, and each variant as often as the others of its value. No share is
 * chosen by how well pinql reads it, nor by how usual a value is among real services.
 */
const GRAMMAR = {
  order: ['newest-first', 'oldest-first', 'none'],
  ties: ['stable', 'shuffled'],
  digits: [0, 3, 6, 9],
  rounding: ['none', 'down', 'up', 'nearest'],
  bounds: ['exclusive', 'inclusive', 'ignored'],
  largestPage: [
    null,
    [
      { pins: 37, beyond: 'cut' },
      { pins: 73, beyond: 'cut' },
      { pins: 100, beyond: 'cut' },
    ],
    { pins: 1000, beyond: 'refused' },
    [
      { pins: 60, beyond: 'ten' },
      { pins: 100, beyond: 'ten' },
    ],
  ],
  cutLists: ['all', 'filtered'],
  defaultPage: [1, 10, 'largest'],
  count: ['matching', 'total', 'everything', 'page', 'absent', 'zero', ['capped', 'capped like pages'], 'more'],
  statuses: ['several', 'one', ['first', 'last'], ['pinned', 'any'], 'late'],
  cids: ['several', ['first', 'last'], 'one'],
  emptyListIs404: [false, true],
  records: ['valid', 'some are odd'],
} as const satisfies {
  readonly [Rule in keyof ServiceRules]: readonly (ServiceRules[Rule] | readonly ServiceRules[Rule][])[]
}

/**
 * Makes the rules of one service.
 *
 * One combination is not made: statuses that are looked at late, ignored times and a `count` that is capped like pages. All lists
 * of such a service are parts of the same one, so no client can tell it from an honest service.
 */
export function rulesByChance(any: <Value>(values: readonly Value[]) => Value): ServiceRules {
  const choose = (values: readonly unknown[]): unknown => {
    const value = any(values)
    return Array.isArray(value) ? any(value) : value
  }
  const rules = Object.fromEntries(
    Object.entries(GRAMMAR).map(([rule, values]) => [rule, choose(values)]),
  ) as unknown as ServiceRules
  const isUnknowable = rules.count === 'capped like pages' && rules.bounds === 'ignored' && rules.statuses === 'late'
  return isUnknowable ? { ...rules, statuses: any(['several', 'one', 'first']) } : rules
}

/** Rounds a time as a service does. */
export function roundTime(ns: bigint, rounding: ServiceRules['rounding']): bigint {
  if (rounding === 'none') return ns
  const extra = rounding === 'up' ? SECOND - 1n : rounding === 'nearest' ? SECOND / 2n : 0n
  return ((ns + extra) / SECOND) * SECOND
}

/**
 * Returns whether any client that is told the rules could read all of these pins with lists alone, however many.
 *
 * A list shows at most `largestPage` pins, so every pin must be in a list, of one status, one CID of the query, its other
 * filters, and between two times, that is not cut; or at the end of one where lists are sorted. Where a list is cut before
 * its statuses are looked at, one status takes as much room as all.
 */
export function canBeRead(
  { largestPage, cutLists, bounds, order, rounding, digits, statuses }: ServiceRules,
  pins: readonly (FilteredParts & { readonly created: bigint; readonly status: PinStatus })[],
  query: PinQuery,
): boolean {
  // A list of all statuses without other filters then shows everything, if the service understands it.
  const listsEverything = statuses === 'several' || statuses === 'any' || statuses === 'late'
  if (largestPage === null || (cutLists === 'filtered' && listsEverything)) return true
  const unit = rounding === 'none' ? 10n ** BigInt(9 - digits) : SECOND
  const cids = query.cids?.map((cid) => [cid]) ?? [undefined]
  const lists = statuses === 'late' ? [PIN_STATUSES] : query.statuses.map((status) => [status])
  const parts = cids.flatMap((one) =>
    lists.map((wanted) => pins.filter((pin) => isWanted({ ...query, cids: one, statuses: wanted }, pin))),
  )
  return parts.every((part) => {
    const times = part.map(({ created }) => created)
    if (times.length <= largestPage.pins) return true
    if (bounds === 'ignored') return false
    const most = (cellOf: (time: bigint) => bigint): number => {
      const sizes = new Map<bigint, number>()
      for (const time of times) sizes.set(cellOf(time), (sizes.get(cellOf(time)) ?? 0) + 1)
      return Math.max(...sizes.values())
    }
    // Sorted lists end at one bound, so that only what lies between two bounds next to each other must fit.
    const isFromBelow = (order === 'newest-first') === (bounds === 'exclusive')
    const down = most((time) => time / unit)
    const up = most((time) => (time + unit - 1n) / unit)
    return order === 'none' ? Math.max(down, up) <= largestPage.pins : (isFromBelow ? down : up) <= largestPage.pins
  })
}

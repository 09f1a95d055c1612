import { PIN_STATUSES, type PinStatus } from '../../../src/domain/pin.ts'
import type { PinQuery } from '../../../src/upstream/http/list-query.ts'
import { SECOND } from '../providers/created-text.ts'
import { type MisreadTimes, READ_RIGHT } from './misread-times.ts'
import { type CidRule, type FilteredParts, isWanted } from './record-filters.ts'

/** The order of pins by their times. */
type PlainOrder = 'newest-first' | 'oldest-first' | 'none'

/** Lists that are made of runs: one for each status, CID, name or `meta`. */
export interface SortedRuns {
  readonly by: 'status' | 'cid' | 'name' | 'meta'
  /** Statuses: their order. Others: that of their texts, or the reverse of it. */
  readonly first: readonly PinStatus[] | 'lowest' | 'highest'
  /** The order inside of each run. */
  readonly inside: PlainOrder
}

/** The rules by which one service lists pins: a sentence of the grammar. */
export interface ServiceRules extends MisreadTimes {
  readonly order: PlainOrder | SortedRuns
  /** `stable`: pins of one instant, or all pins of an order `none`, have the same order in each list. */
  readonly ties: 'stable' | 'shuffled'
  /** Fraction digits of `created`. */
  readonly digits: 0 | 3 | 6 | 9
  /** The direction in which `before` and `after` are rounded to a whole second. */
  readonly rounding: 'none' | 'down' | 'up' | 'nearest'
  /** `after ignored`: only `after` is, and `before` is exclusive. */
  readonly bounds: 'exclusive' | 'inclusive' | 'ignored' | 'after ignored'
  /** The forms of `before` and `after` that are not refused. */
  readonly times: 'any form' | 'whole seconds' | 'with a fraction'
  /** `ten`, `one`: a list with a larger `limit` has ten pins, or one. */
  readonly largestPage: { readonly pins: number; readonly beyond: 'cut' | 'refused' | 'ten' | 'one' } | null
  /** The lists that have a largest page. `filtered`: only those that are filtered by status, CID, name or `meta`. */
  readonly cutLists: 'all' | 'filtered'
  /**
   * `ignored`: every list has as many pins as fit, and no `limit` is refused. Those with fewer rows than `limit` have one
   * row at least.
   */
  readonly limit: 'honoured' | 'one row more' | 'one row less' | 'two rows less' | 'half' | 'ignored'
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
   * The pins in a list of several statuses: those of all of them, none, or those of the first or of the last. `pinned`: those
   * of the default status. `any`: all pins. `late`: those of all of them, but the statuses are looked at only after the list
   * was cut to `limit`.
   */
  readonly statuses: 'several' | 'one' | 'first' | 'last' | 'pinned' | 'any' | 'late'
  readonly cids: CidRule
  /** The form of an empty list. */
  readonly emptyList: keyof typeof EMPTY_LISTS
  /** `some are odd`: some records of a list are not valid pins. */
  readonly records: 'valid' | 'some are odd'
}

/** Status and body of each form of an empty list. A list has its count, and the others have none. */
export const EMPTY_LISTS = {
  list: null,
  '404 in JSON': { status: 404, body: '{"error":{"reason":"NOT_FOUND","details":"no pins"}}' },
  '404 as text': { status: 404, body: 'no pins' },
  '404 without body': { status: 404, body: '' },
  '410': { status: 410, body: '' },
  '204': { status: 204, body: '' },
  'no body': { status: 200, body: '' },
  'no results': { status: 200, body: '{"count":0}' },
  'results in an object': { status: 200, body: '{"count":0,"results":{}}' },
  '{}': { status: 200, body: '{}' },
  '[]': { status: 200, body: '[]' },
} as const

/** Orders of statuses in which a service may list one after the other: by the way of a pin, and by text. */
const STATUS_ORDERS: readonly (readonly PinStatus[])[] = [
  PIN_STATUSES,
  PIN_STATUSES.toReversed(),
  PIN_STATUSES.toSorted(),
  PIN_STATUSES.toSorted().reverse(),
]
const INSIDE = ['newest-first', 'newest-first', 'oldest-first', 'none'] as const

/** Runs by CID or by name. */
function runsBy(by: 'cid' | 'name'): SortedRuns[] {
  return INSIDE.flatMap((inside) => (['lowest', 'highest'] as const).map((first) => ({ by, first, inside })))
}

/**
 * All values of each rule. A list inside a list has the variants of one value.
 *
 * Each value of a rule is chosen as often as any other, and each variant as often as the others of its value. No share is
 * chosen by how well pinql reads it, nor by how usual a value is among real services.
 */
const GRAMMAR = {
  order: [
    'newest-first',
    'oldest-first',
    'none',
    INSIDE.flatMap((inside) => STATUS_ORDERS.map((first): SortedRuns => ({ by: 'status', first, inside }))),
    runsBy('cid'),
    runsBy('name'),
  ],
  ties: ['stable', 'shuffled'],
  digits: [0, 3, 6, 9],
  rounding: ['none', 'down', 'up', 'nearest'],
  bounds: ['exclusive', 'inclusive', ['ignored', 'after ignored']],
  times: ['any form', 'whole seconds', 'with a fraction'],
  largestPage: [
    null,
    [
      { pins: 20, beyond: 'cut' },
      { pins: 37, beyond: 'cut' },
      { pins: 73, beyond: 'cut' },
      { pins: 100, beyond: 'cut' },
    ],
    [
      { pins: 50, beyond: 'refused' },
      { pins: 100, beyond: 'refused' },
      { pins: 1000, beyond: 'refused' },
    ],
    [
      { pins: 60, beyond: 'ten' },
      { pins: 100, beyond: 'ten' },
    ],
  ],
  cutLists: ['all', 'filtered'],
  limit: ['honoured', 'one row more', 'ignored'],
  defaultPage: [1, 10, 'largest'],
  count: ['matching', 'total', 'everything', 'page', 'absent', 'zero', ['capped', 'capped like pages'], 'more'],
  statuses: ['several', 'one', ['first', 'last'], ['pinned', 'any'], 'late'],
  cids: ['several', ['first', 'last'], 'one'],
  emptyList: Object.keys(EMPTY_LISTS) as (keyof typeof EMPTY_LISTS)[],
  records: ['valid', 'some are odd'],
} as const satisfies {
  readonly [Rule in Exclude<keyof ServiceRules, keyof MisreadTimes>]: readonly (
    | ServiceRules[Rule]
    | readonly ServiceRules[Rule][]
  )[]
}

/**
 * Makes the rules of one service.
 *
 * One combination is not made: statuses that are looked at late, a `count` that is capped like pages, and times that are ignored, or
 * lists that are oldest first whose beginning is always the same since `after` is ignored. All lists of such a service are parts of the
 * same one, so no client can tell it from an honest service.
 */
export function rulesByChance(any: <Value>(values: readonly Value[]) => Value): ServiceRules {
  const choose = (values: readonly unknown[]): unknown => {
    const value = any(values)
    return Array.isArray(value) ? any(value) : value
  }
  const rules = {
    ...Object.fromEntries(Object.entries(GRAMMAR).map(([rule, values]) => [rule, choose(values)])),
    ...READ_RIGHT,
  } as unknown as ServiceRules
  const inside = typeof rules.order === 'string' ? rules.order : rules.order.inside
  const isOneList = rules.bounds === 'ignored' || (rules.bounds === 'after ignored' && inside === 'oldest-first')
  const isUnknowable = rules.count === 'capped like pages' && isOneList && rules.statuses === 'late'
  return isUnknowable ? { ...rules, statuses: any(['several', 'one', 'first']) } : rules
}

/** Returns the order of a list of one status, one CID of the query, and its other filters. */
function orderOfPart({ order, statuses }: Pick<ServiceRules, 'order' | 'statuses'>, query: PinQuery): PlainOrder {
  if (typeof order === 'string') return order
  const { cids, name, match = 'exact' } = query
  const isOneRun = {
    // Where statuses are looked at after the cut, a list of one status is made of all runs.
    status: statuses !== 'late',
    cid: cids !== undefined,
    name: name !== undefined && match === 'exact',
    meta: false,
  }[order.by]
  return isOneRun ? order.inside : 'none'
}

/** Returns the rows of a list for which a service takes so many. */
export function rowsFor(rule: ServiceRules['limit'], limit: number): number {
  const rows = {
    honoured: limit,
    'one row more': limit + 1,
    'one row less': Math.max(1, limit - 1),
    'two rows less': Math.max(1, limit - 2),
    half: Math.max(1, Math.floor(limit / 2)),
    ignored: limit,
  }
  return rows[rule]
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
  rules: ServiceRules,
  pins: readonly (FilteredParts & { readonly created: bigint; readonly status: PinStatus })[],
  query: PinQuery,
): boolean {
  const { largestPage, cutLists, limit, bounds, times: form, rounding, digits, statuses } = rules
  const order = orderOfPart(rules, query)
  // A list of all statuses without other filters then shows everything, if the service understands it.
  const listsEverything = statuses === 'several' || statuses === 'any' || statuses === 'late'
  if (largestPage === null || (cutLists === 'filtered' && listsEverything)) return true
  const largest = rowsFor(limit, largestPage.pins)
  const isToMinute = rules.misreading.startsWith('minute')
  const exact = rounding === 'none' && form !== 'whole seconds' ? 10n ** BigInt(9 - digits) : SECOND
  const unit = isToMinute ? 60n * SECOND : exact
  const cids = query.cids?.map((cid) => [cid]) ?? [undefined]
  const lists = statuses === 'late' ? [PIN_STATUSES] : query.statuses.map((status) => [status])
  const parts = cids.flatMap((one) =>
    lists.map((wanted) => pins.filter((pin) => isWanted({ ...query, cids: one, statuses: wanted }, pin))),
  )
  return parts.every((part) => {
    const times = part.map(({ created }) => created)
    if (times.length <= largest) return true
    // With `before` alone, only lists that are newest first lead on.
    if (bounds === 'ignored' || (bounds === 'after ignored' && order !== 'newest-first')) return false
    const most = (cellOf: (time: bigint) => bigint): number => {
      const sizes = new Map<bigint, number>()
      for (const time of times) sizes.set(cellOf(time), (sizes.get(cellOf(time)) ?? 0) + 1)
      return Math.max(...sizes.values())
    }
    // Sorted lists end at one bound, so that only what lies between two bounds next to each other must fit.
    const isFromBelow = (order === 'newest-first') === (bounds !== 'inclusive')
    const down = most((time) => time / unit)
    const up = most((time) => (time + unit - 1n) / unit)
    return (order === 'none' ? Math.max(down, up) : isFromBelow ? down : up) <= largest
  })
}

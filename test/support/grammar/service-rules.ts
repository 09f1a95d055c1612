import { PIN_STATUSES } from '../../../src/domain/pin.ts'
import { compliant } from '../providers/compliant.ts'
import { SECOND, utcText } from '../providers/created-text.ts'
import { type ListStep, limitTo, listing, statusIn, statusIs } from '../providers/list-steps.ts'
import type { ProviderProfile } from '../providers/provider-profile.ts'
import { Refusal } from '../providers/refusal.ts'

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
  readonly largestPage: { readonly pins: number; readonly beyond: 'cut' | 'refused' } | null
  readonly count: 'matching' | 'total' | 'everything' | 'page' | 'absent'
  readonly statuses: 'several' | 'one'
  readonly emptyListIs404: boolean
}

/** All values of each rule. */
export const GRAMMAR = {
  order: ['newest-first', 'oldest-first', 'none'],
  ties: ['stable', 'shuffled'],
  digits: [0, 3, 6, 9],
  rounding: ['none', 'down', 'up', 'nearest'],
  bounds: ['exclusive', 'inclusive', 'ignored'],
  largestPage: [null, { pins: 100, beyond: 'cut' }, { pins: 1000, beyond: 'refused' }],
  count: ['matching', 'total', 'everything', 'page', 'absent'],
  statuses: ['several', 'one'],
  emptyListIs404: [false, true],
} as const satisfies { readonly [Rule in keyof ServiceRules]: readonly ServiceRules[Rule][] }

/** Rounds a time as a service does. */
function roundTime(ns: bigint, rounding: ServiceRules['rounding']): bigint {
  if (rounding === 'none') return ns
  const extra = rounding === 'up' ? SECOND - 1n : rounding === 'nearest' ? SECOND / 2n : 0n
  return ((ns + extra) / SECOND) * SECOND
}

/** Makes the service that keeps these rules. A list without `limit` has one pin. */
export function serviceOf(rules: ServiceRules, random: () => number): ProviderProfile {
  const { largestPage, digits } = rules
  return {
    ...compliant,
    name: 'grammar',
    created: { unit: 10n ** BigInt(9 - digits), unique: false, text: utcText(digits), postText: null },
    requestId: ({ sequence }) => `r${sequence}`,
    list: listing(
      ...countSteps(rules, [
        rules.statuses === 'several' ? statusIn('pinned') : statusIs,
        timeStep('after', rules),
        timeStep('before', rules),
      ]),
      orderStep(rules, random),
      largestPage?.beyond === 'refused' ? limitTo(1, largestPage.pins) : limitTo(1, Number.POSITIVE_INFINITY),
      ({ pins, count }) => ({ pins: pins.slice(0, largestPage?.pins), count }),
      ({ pins, count }) => ({ pins, count: rules.count === 'page' ? pins.length : count }),
    ),
    listBody(count, results) {
      if (results.length === 0 && rules.emptyListIs404) throw new Refusal(404, 'NOT_FOUND', 'Nothing here')
      return rules.count === 'absent' ? { results } : { count, results }
    },
  }
}

function countSteps({ count }: ServiceRules, [status, ...times]: [ListStep, ...ListStep[]]): ListStep[] {
  const here: ListStep = ({ pins }) => ({ pins, count: pins.length })
  if (count === 'everything') return [here, status, ...times]
  return count === 'total' ? [status, here, ...times] : [status, ...times, here]
}

function timeStep(parameter: 'before' | 'after', { bounds, rounding }: ServiceRules): ListStep {
  return ({ pins, count }, query) => {
    const text = query.get(parameter)
    if (text === null || bounds === 'ignored') return { pins, count }
    const bound = roundTime(orRefuse(text), rounding)
    const isInside = (created: bigint): boolean =>
      (bounds === 'inclusive' && created === bound) || (parameter === 'before' ? created < bound : created > bound)
    return { pins: pins.filter(({ created }) => isInside(created)), count }
  }
}

function orderStep({ order, ties }: ServiceRules, random: () => number): ListStep {
  const sign = { 'newest-first': -1, 'oldest-first': 1, none: 0 }[order]
  const stable = new Map<string, number>()
  const keyOf = (id: string): number => {
    if (ties === 'shuffled') return random()
    const key = stable.get(id) ?? random()
    stable.set(id, key)
    return key
  }
  return ({ pins, count }) => ({
    pins: pins
      .map((pin) => ({ pin, key: keyOf(pin.requestId) }))
      .sort((a, b) => sign * Number(a.pin.created - b.pin.created) || a.key - b.key)
      .map(({ pin }) => pin),
    count,
  })
}

function orRefuse(text: string): bigint {
  const match = /^(.{19})(?:\.(\d{1,9}))?Z$/.exec(text)
  if (!match) throw Refusal.badRequest(`cannot read ${text}`)
  return BigInt(Date.parse(`${match[1]}Z`)) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'))
}

/**
 * Returns whether any client that is told the rules could read all of these pins with lists alone, however many.
 *
 * A list shows at most `largestPage` pins, so every pin must be in a list, of one status and between two times, that is
 * not cut; or at the end of one where lists are sorted.
 */
export function canBeRead(
  { largestPage, bounds, order, rounding, digits }: ServiceRules,
  pins: readonly { readonly created: bigint; readonly status: string }[],
): boolean {
  if (largestPage === null) return true
  const unit = rounding === 'none' ? 10n ** BigInt(9 - digits) : SECOND
  return PIN_STATUSES.every((status) => {
    const times = pins.filter((pin) => pin.status === status).map(({ created }) => created)
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

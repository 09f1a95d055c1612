import { formatInstant, parseInstant } from '../domain/instant.ts'
import { PIN_STATUSES } from '../domain/pin.ts'
import type { Capabilities } from './capabilities.ts'
import type { PinQuery } from './list-query.ts'

/**
 * The part of a query that a service can be trusted with: what it answers holds every pin that matches, and maybe more.
 *
 * Filters that would hide pins are left out. Time bounds are widened to the unit in which the service counts, since
 * some cut off what is finer.
 */
export function planQuery(query: PinQuery, capabilities: Capabilities): PinQuery {
  const { nameFilter, cidFilter, metaFilter, statusFilter } = capabilities
  const match = query.match ?? 'exact'
  const sendsName = query.name !== undefined && nameFilter[match] !== 'unusable'
  return {
    cids: cidFilter === 'unusable' ? undefined : query.cids,
    name: sendsName ? query.name : undefined,
    match: sendsName ? query.match : undefined,
    statuses: statusFilter === 'unusable' ? PIN_STATUSES : query.statuses,
    before: query.before === undefined ? undefined : widen(query.before, capabilities, 'up'),
    after: query.after === undefined ? undefined : widen(query.after, capabilities, 'down'),
    meta: metaFilter === 'unusable' ? undefined : query.meta,
  }
}

/** Whether a service's own `count` for the planned query is the number of pins that match. */
export function isCountExact(query: PinQuery, capabilities: Capabilities): boolean {
  const { nameFilter, cidFilter, metaFilter, statusFilter, timeFilter, count } = capabilities
  const hasTime = query.before !== undefined || query.after !== undefined
  return (
    count !== 'unreliable' &&
    (query.cids === undefined || cidFilter === 'exact') &&
    (query.name === undefined || nameFilter[query.match ?? 'exact'] === 'exact') &&
    (query.statuses.length === PIN_STATUSES.length || statusFilter === 'exact') &&
    (query.meta === undefined || metaFilter === 'exact') &&
    (!hasTime || (timeFilter === 'exact' && count === 'matching'))
  )
}

/** Nanoseconds of the unit in which a service's times are compared: milliseconds at the finest, as JavaScript has them. */
export function timeUnit(digits: number | null): bigint {
  return 10n ** BigInt(9 - Math.min(3, digits ?? 3))
}

function widen(text: string, { createdDigits }: Capabilities, direction: 'up' | 'down'): string {
  const { ns } = parseInstant(text)
  const unit = timeUnit(createdDigits)
  const down = (ns / unit) * unit
  return formatInstant(direction === 'down' || down === ns ? down : down + unit, Math.min(3, createdDigits ?? 3))
}

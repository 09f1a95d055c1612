import type { Cid } from '../../../domain/cid.ts'
import { PIN_STATUSES } from '../../../domain/pin.ts'
import type { PinQuery } from '../../http/list-query.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { formsOf } from './split-query.ts'
import { widen } from './time-unit.ts'

/** A longer name or `meta`, percent-encoded, may be too long for a URL. It is not sent, and pinql filters by it. */
const MAX_FILTER_CHARACTERS = 1_000

/**
 * Returns the part of a query that the service filters reliably. The answer to it contains every pin that matches, and
 * maybe more.
 *
 * Filters that might hide pins are left out. Time bounds are widened to the unit in which the service compares times, since
 * some services cut off smaller fractions. Where a service compares CIDs as text, each CID is sent in all of its forms.
 */
export function planQuery(query: PinQuery, capabilities: Capabilities): PinQuery {
  const { statusFilter, metaFilter, timeFilter } = capabilities
  const sendsName = isNameSent(query, capabilities)
  const sendsMeta =
    metaFilter !== 'unusable' && encodedLength(JSON.stringify(query.meta ?? {})) <= MAX_FILTER_CHARACTERS
  const sendsTime = timeFilter !== 'unusable'
  return {
    cids: planCids(query.cids, capabilities),
    name: sendsName ? query.name : undefined,
    match: sendsName ? query.match : undefined,
    statuses: statusFilter === 'unusable' ? PIN_STATUSES : query.statuses,
    before: sendsTime ? widen(query.before, capabilities, 'up') : undefined,
    after: isAfterSent(capabilities) ? widen(query.after, capabilities, 'down') : undefined,
    meta: sendsMeta ? query.meta : undefined,
  } satisfies Record<keyof PinQuery, unknown>
}

/** Returns whether the service filters by `after`. */
export function isAfterSent({ timeFilter, honoursAfter }: Pick<Capabilities, 'timeFilter' | 'honoursAfter'>): boolean {
  return timeFilter !== 'unusable' && honoursAfter
}

/** Returns whether the lists for a query can be read page by page, with `before`. */
export function isPaged({ order, timeFilter, multiStatus }: Capabilities, { statuses }: PinQuery): boolean {
  const isInOrder = order === 'newest-first' || order === null
  return isInOrder && timeFilter !== 'unusable' && (multiStatus !== false || statuses.length === 1)
}

/** Returns the largest `limit` to request. */
export function largestLimit({ maxLimit }: Pick<Capabilities, 'maxLimit'>): number {
  return Math.min(1000, maxLimit)
}

function planCids(cids: readonly Cid[] | undefined, capabilities: Capabilities): readonly Cid[] | undefined {
  if (cids === undefined || capabilities.cidFilter === 'unusable') return undefined
  const forms = cids.flatMap((cid) => formsOf(cid, capabilities))
  // CIDs are only split where the filter is exact. Otherwise too many CIDs are left out.
  return forms.length > capabilities.maxCids ? undefined : forms
}

/**
 * Returns whether a query's name is sent, so that the service filters by it. An empty name is not sent, since services disagree
 * on its meaning.
 */
export function isNameSent({ name, match = 'exact' }: PinQuery, { nameFilter }: Capabilities): boolean {
  return Boolean(name) && nameFilter[match] !== 'unusable' && encodedLength(name ?? '') <= MAX_FILTER_CHARACTERS
}

function encodedLength(text: string): number {
  return new URLSearchParams({ '': text }).toString().length
}

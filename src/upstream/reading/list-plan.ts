import { type Cid, cidTexts } from '../../domain/cid.ts'
import { formatInstant, parseInstant } from '../../domain/instant.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import { createPinFilter, hasFilter, isUnfiltered, type ListQuery, type PinQuery } from '../http/list-query.ts'
import type { PinPage } from '../http/wire.ts'
import type { Capabilities } from '../providers/capabilities.ts'

/** The specification warns of URLs above 2,000 characters; the other filters need room, too. */
const MAX_CID_CHARACTERS = 1_500
/** Room in a request's head for everything but CIDs and token. */
const OTHER_HEAD_BYTES = 700
/** A longer name or meta is not sent but looked for here: percent-encoded, it may be too long for a URL. */
const MAX_FILTER_CHARACTERS = 1_000

/**
 * The part of a query that a service can be trusted with: what it answers holds every pin that matches, and maybe more.
 *
 * Filters that would hide pins are left out. Time bounds are widened to the unit in which the service counts, since
 * some cut off what is finer. CIDs are given in every form where they are compared as text.
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
    after: sendsTime ? widen(query.after, capabilities, 'down') : undefined,
    meta: sendsMeta ? query.meta : undefined,
  } satisfies Record<keyof PinQuery, unknown>
}

/**
 * A query in as many parts as a service needs for its CIDs: so many in one list, and a head of so many bytes.
 *
 * A service that does not look at CIDs gets it whole, since each part would cost as much.
 */
export function splitQuery(query: PinQuery, capabilities: Capabilities, tokenLength: number): PinQuery[] {
  if (query.statuses.length === 0 || query.cids?.length === 0) return []
  if (!query.cids || capabilities.cidFilter !== 'exact') return [query]
  const { maxCids } = capabilities
  const room = cidRoom(capabilities, tokenLength)
  const parts: { readonly cids: Cid[]; texts: number; characters: number }[] = []
  for (const cid of new Map(query.cids.map((each) => [each.key, each])).values()) {
    const forms = formsOf(cid, capabilities)
    // A comma is three characters in a URL.
    const characters = forms.reduce((sum, { text }) => sum + text.length + 3, 0)
    const last = parts.at(-1)
    if (last && last.texts + forms.length <= maxCids && last.characters + characters <= room) {
      last.cids.push(cid)
      last.texts += forms.length
      last.characters += characters
    } else {
      parts.push({ cids: [cid], texts: forms.length, characters })
    }
  }
  return parts.map(({ cids }) => ({ ...query, cids }))
}

/** Characters that the CIDs of one list may take, their commas included. */
export function cidRoom({ maxHeadBytes }: Pick<Capabilities, 'maxHeadBytes'>, tokenLength: number): number {
  return Math.min(MAX_CID_CHARACTERS, maxHeadBytes - OTHER_HEAD_BYTES - tokenLength)
}

/** Whether a service's lists can be read page by page, by `before`. */
export function isPaged({ order, timeFilter, multiStatus }: Capabilities, { statuses }: PinQuery): boolean {
  const isInOrder = order === 'newest-first' || order === null
  return isInOrder && timeFilter !== 'unusable' && (multiStatus !== false || statuses.length === 1)
}

/** Whether a page claims that there is more, and it would be worth a request to see. */
export function claimsMore(sent: PinQuery, page: PinPage, capabilities: Capabilities): boolean {
  const isWorthTrying = capabilities.count === null || isCountOf(sent, capabilities)
  return isWorthTrying && (page.count ?? 0) > page.pins.length
}

/** How many pins match a query, as far as the first answer to it tells; otherwise null. */
export function countIn(page: PinPage, sent: ListQuery, query: PinQuery, capabilities: Capabilities): number | null {
  const { pins, count } = page
  if (capabilities.multiStatus === false && sent.statuses.length > 1) return null
  const isCut = pins.length === sent.limit || claimsMore(sent, page, capabilities)
  if (!isCut) return new Set(pins.filter(createPinFilter(query)).map(({ requestId }) => requestId)).size
  if (count === null || !isCountExact(query, capabilities)) return null
  if (isCapped(count, query, capabilities)) return null
  // What equals the page's length may be just that.
  return count > pins.length || (count === pins.length && capabilities.count !== null) ? count : null
}

/** Whether an answer tells that nobody can know how many match: more than a list can hold, and the service did not count on. */
export function isUncountable({ count }: PinPage, query: PinQuery, capabilities: Capabilities): boolean {
  const isBeyondLists = count !== null && count >= largestLimit(capabilities)
  return isBeyondLists && isCapped(count, query, capabilities) && isCountExact(query, capabilities)
}

/** Whether a count is where the service stops counting. */
function isCapped(count: number, query: PinQuery, { cappedCounts }: Capabilities): boolean {
  return cappedCounts.includes(count) && hasFilter(query)
}

/** Whether a service's own `count` for the planned query is the number of pins that match. */
export function isCountExact(query: PinQuery, capabilities: Capabilities): boolean {
  const { nameFilter, cidFilter, cidForm, metaFilter, statusFilter, timeFilter, namesPinsByCid } = capabilities
  const hasTime = query.before !== undefined || query.after !== undefined
  const isNameExact = nameFilter[query.match ?? 'exact'] === 'exact' && !namesPinsByCid
  return (
    isCountOf(query, capabilities) &&
    (query.statuses.length === 1 || capabilities.multiStatus !== false) &&
    (query.cids === undefined || (cidFilter === 'exact' && cidForm === 'meaning')) &&
    (query.name === undefined || (isNameExact && isNameSent(query, capabilities))) &&
    (query.statuses.length === PIN_STATUSES.length || statusFilter === 'exact') &&
    (query.meta === undefined || metaFilter === 'exact') &&
    (!hasTime || (timeFilter === 'exact' && isUnwidened(query, capabilities)))
  )
}

/**
 * Nanoseconds of the unit in which a service's times are compared: milliseconds at the finest, as JavaScript has them,
 * and whole seconds while none was seen.
 */
export function timeUnit(digits: number | null): bigint {
  return 10n ** BigInt(9 - Math.min(3, digits ?? 0))
}

/** An instant in the service's unit. */
export function printTime(ns: bigint, { createdDigits }: Capabilities): string {
  return formatInstant(ns, Math.min(3, createdDigits ?? 0))
}

/** The largest limit to ask a service for. */
export function largestLimit({ maxLimit }: Pick<Capabilities, 'maxLimit'>): number {
  return Math.min(1000, maxLimit)
}

/** Whether `count` speaks of the pins that a list with these filters has over all of its pages. */
function isCountOf(sent: PinQuery, { count }: Capabilities): boolean {
  if (count === 'matching') return true
  if (count === 'total') return sent.before === undefined && sent.after === undefined
  return count !== 'unreliable' && isUnfiltered(sent)
}

function planCids(cids: readonly Cid[] | undefined, capabilities: Capabilities): readonly Cid[] | undefined {
  if (cids === undefined || capabilities.cidFilter === 'unusable') return undefined
  const forms = cids.flatMap((cid) => formsOf(cid, capabilities))
  // A filter that is not relied on is not split either.
  return forms.length > capabilities.maxCids ? undefined : forms
}

function formsOf(cid: Cid, { cidForm }: Capabilities): readonly Cid[] {
  return cidForm === 'text' ? cidTexts(cid).map((text) => ({ text, key: cid.key })) : [cid]
}

/** An empty name is nothing that services agree on. */
function isNameSent({ name, match = 'exact' }: PinQuery, { nameFilter }: Capabilities): boolean {
  return Boolean(name) && nameFilter[match] !== 'unusable' && encodedLength(name ?? '') <= MAX_FILTER_CHARACTERS
}

function encodedLength(text: string): number {
  return new URLSearchParams({ '': text }).toString().length
}

function isUnwidened({ before, after }: PinQuery, { createdDigits }: Capabilities): boolean {
  const isWhole = (text: string | undefined): boolean =>
    text === undefined || parseInstant(text).ns % timeUnit(createdDigits) === 0n
  return isWhole(before) && isWhole(after)
}

function widen(text: string | undefined, capabilities: Capabilities, direction: 'up' | 'down'): string | undefined {
  if (text === undefined) return undefined
  const { ns } = parseInstant(text)
  const unit = timeUnit(capabilities.createdDigits)
  const down = ns - (((ns % unit) + unit) % unit)
  return printTime(direction === 'down' || down === ns ? down : down + unit, capabilities)
}

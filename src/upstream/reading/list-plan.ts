import { type Cid, cidTexts } from '../../domain/cid.ts'
import { formatInstant, parseInstant } from '../../domain/instant.ts'
import { nothingLeft } from '../../domain/nothing-left.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import { createPinFilter, hasFilter, isUnfiltered, type ListQuery, type PinQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import type { Capabilities } from '../providers/capabilities.ts'

/** The specification warns about URLs above 2,000 characters. The other filters need room, too. */
const MAX_CID_CHARACTERS = 1_500
/** Bytes of a request's head for everything except CIDs and token. */
const OTHER_HEAD_BYTES = 700
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
    after: sendsTime ? widen(query.after, capabilities, 'down') : undefined,
    meta: sendsMeta ? query.meta : undefined,
  } satisfies Record<keyof PinQuery, unknown>
}

/**
 * Splits a query so that each part respects the service's limits: the number of CIDs per list, and the bytes of a request's
 * head.
 *
 * The query stays whole if the service does not filter by CID, since each part would cost as much as the whole. A query
 * that cannot match anything has no parts.
 */
export function splitQuery(query: PinQuery, capabilities: Capabilities, tokenLength: number): PinQuery[] {
  if (query.statuses.length === 0 || query.cids?.length === 0) return []
  if (!query.cids || capabilities.cidFilter !== 'exact') return [query]
  const { maxCids } = capabilities
  const room = cidRoom(capabilities, tokenLength)
  const parts: { readonly cids: Cid[]; texts: number; characters: number }[] = []
  for (const cid of new Map(query.cids.map((each) => [each.key, each])).values()) {
    const forms = formsOf(cid, capabilities)
    // Percent-encoded, a comma takes three characters in a URL.
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

/** Returns the number of characters that the CIDs of one list may take, including commas. */
export function cidRoom({ maxHeadBytes }: Pick<Capabilities, 'maxHeadBytes'>, tokenLength: number): number {
  return Math.min(MAX_CID_CHARACTERS, maxHeadBytes - OTHER_HEAD_BYTES - tokenLength)
}

/** Returns whether the lists for a query can be read page by page, with `before`. */
export function isPaged({ order, timeFilter, multiStatus }: Capabilities, { statuses }: PinQuery): boolean {
  const isInOrder = order === 'newest-first' || order === null
  return isInOrder && timeFilter !== 'unusable' && (multiStatus !== false || statuses.length === 1)
}

/** Returns whether the `count` of a page claims that more pins follow. False where such a claim is not worth a request. */
export function claimsMore(sent: PinQuery, page: PinPage, capabilities: Capabilities): boolean {
  const isWorthTrying = capabilities.count === null || isCountOf(sent, capabilities)
  return isWorthTrying && (page.count ?? 0) > recordCount(page)
}

/** Returns whether a page that is shorter than requested may lack pins, by its `count` or its length. */
export function isCutShort(sent: PinQuery, page: PinPage, capabilities: Capabilities): boolean {
  return recordCount(page) > 0 && (page.looksCut === true || claimsMore(sent, page, capabilities))
}

/** Returns the number of pins that match a query, if the first answer reveals it; otherwise null. */
export function countIn(page: PinPage, sent: ListQuery, query: PinQuery, capabilities: Capabilities): number | null {
  const { pins, count, leftOut } = page
  const records = recordCount(page)
  if (capabilities.multiStatus === false && sent.statuses.length > 1) return null
  const isCut = records === sent.limit || page.looksCut === true || claimsMore(sent, page, capabilities)
  if (!isCut) {
    const readable = new Set(pins.filter(createPinFilter(query)).map(({ requestId }) => requestId)).size
    return countWithLeftOut(readable, leftOut?.length ?? 0, query, capabilities)
  }
  if (count === null || !isCountExact(query, capabilities)) return null
  if (isCapped(count, query, capabilities)) return null
  // A `count` equal to the length of the page may mean just that length.
  return count > records || (count === records && capabilities.count !== null) ? count : null
}

/**
 * Returns the number of matching pins of a list that was read whole, as the service would count them: records that cannot
 * be read included. Null if the service lists more than matches, so that nobody knows whether these records match.
 */
export function countWithLeftOut(
  readable: number,
  leftOut: number,
  query: PinQuery,
  capabilities: Capabilities,
): number | null {
  return leftOut === 0 || isAnswerExact(query, capabilities) ? readable + leftOut : null
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
    (statuses.length === PIN_STATUSES.length || statusFilter === 'exact') &&
    (meta === undefined || metaFilter === 'exact') &&
    (!hasTime || (timeFilter === 'exact' && isUnwidened(query, capabilities)))
  )
}

/**
 * Returns the unit in which a service compares times, in nanoseconds.
 *
 * The finest unit is a millisecond, JavaScript's own. While no time of the service was seen, the
 * unit is a second.
 */
export function timeUnit(capabilities: Pick<Capabilities, 'createdDigits' | 'timeDigits'>): bigint {
  return 10n ** BigInt(9 - timeDigits(capabilities))
}

export const SECOND_NS = 1_000_000_000n

function timeDigits({ createdDigits, timeDigits }: Pick<Capabilities, 'createdDigits' | 'timeDigits'>): number {
  return Math.min(3, createdDigits ?? 0, timeDigits ?? 3)
}

/** Prints an instant in the service's unit. */
export function printTime(ns: bigint, capabilities: Capabilities): string {
  return formatInstant(ns, timeDigits(capabilities))
}

/** Returns the largest `limit` to request. */
export function largestLimit({ maxLimit }: Pick<Capabilities, 'maxLimit'>): number {
  return Math.min(1000, maxLimit)
}

/** Returns whether `count` is the number of pins that match these filters over all pages. */
function isCountOf(sent: PinQuery, { count }: Capabilities): boolean {
  if (count === 'matching') return true
  if (count === 'total') return sent.before === undefined && sent.after === undefined
  return count !== 'unreliable' && isUnfiltered(sent)
}

function planCids(cids: readonly Cid[] | undefined, capabilities: Capabilities): readonly Cid[] | undefined {
  if (cids === undefined || capabilities.cidFilter === 'unusable') return undefined
  const forms = cids.flatMap((cid) => formsOf(cid, capabilities))
  // CIDs are only split where the filter is exact. Otherwise too many CIDs are left out.
  return forms.length > capabilities.maxCids ? undefined : forms
}

function formsOf(cid: Cid, { cidForm }: Capabilities): readonly Cid[] {
  return cidForm === 'text' ? cidTexts(cid).map((text) => ({ text, key: cid.key })) : [cid]
}

/** An empty name is not sent, since services disagree on its meaning. */
function isNameSent({ name, match = 'exact' }: PinQuery, { nameFilter }: Capabilities): boolean {
  return Boolean(name) && nameFilter[match] !== 'unusable' && encodedLength(name ?? '') <= MAX_FILTER_CHARACTERS
}

function encodedLength(text: string): number {
  return new URLSearchParams({ '': text }).toString().length
}

function isUnwidened({ before, after }: PinQuery, capabilities: Capabilities): boolean {
  const isWhole = (text: string | undefined): boolean =>
    text === undefined || parseInstant(text).ns % boundUnit(capabilities) === 0n
  return isWhole(before) && isWhole(after)
}

/** The unit to which a query's own times are widened. Nothing in an answer shows that an unknown service has rounded them. */
function boundUnit(capabilities: Capabilities): bigint {
  return capabilities.timeDigits === null ? SECOND_NS : timeUnit(capabilities)
}

function widen(text: string | undefined, capabilities: Capabilities, direction: 'up' | 'down'): string | undefined {
  if (text === undefined) return undefined
  const { ns } = parseInstant(text)
  const unit = boundUnit(capabilities)
  const down = ns - (((ns % unit) + unit) % unit)
  return printTime(direction === 'down' || down === ns ? down : down + unit, capabilities)
}

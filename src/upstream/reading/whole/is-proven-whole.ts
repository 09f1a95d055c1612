import { SECOND_NS } from '../../../domain/instant.ts'
import { PIN_STATUSES, type PinStatus } from '../../../domain/pin.ts'
import { createPinFilter, isUnfiltered, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { askUnlessRefused } from '../lists/ask-unless-refused.ts'
import { differentRecords, hasAllPins } from '../lists/compare-pages.ts'
import { isOverfull } from '../lists/is-full.ts'
import { printTime } from '../lists/time-unit.ts'
import type { PinSource } from '../pin-source.ts'
import { longerLists } from './longer-lists.ts'
import { sortedTimes } from './sorted-times.ts'

/** Requests a list of all statuses, unless the query has others. Null if the service refuses it. */
type TryList = (query: Partial<ListQuery>) => Promise<PinPage | null>

/**
 * Returns whether other lists show that a list that is shorter than requested was not cut, though its times cannot be
 * narrowed.
 *
 * A longer list with the same pins shows it. So does a list of one pin whose `count` is the length of this list, unless the service
 * stops counting where it cuts lists. Where no list had a larger `count` yet, lists of other statuses and times are read as well: if
 * one of them has one more pin, counting stopped, and nothing is shown.
 *
 * @param list sends one request
 */
export async function isProvenWhole(
  source: PinSource,
  sent: ListQuery,
  page: PinPage,
  list: (sent: ListQuery) => Promise<PinPage>,
): Promise<boolean> {
  const { proofs } = source
  const tryList: TryList = (query) => {
    // Where only one status can be requested, most services list all statuses if none is.
    const statuses = source.capabilities.multiStatus === false ? [] : PIN_STATUSES
    // A service may demand a filter that the specification leaves to choice.
    return askUnlessRefused({ statuses, limit: sent.limit, ...query }, list)
  }
  const wasOpen = source.capabilities.multiStatus === null
  let everything = await tryList({})
  if (wasOpen && source.capabilities.multiStatus === false) everything = await tryList({})
  if (!proofs.looksCut(sent, page)) return true
  const isMatch = createPinFilter(sent)
  const lacks = (other: PinPage | null): boolean => other !== null && !hasAllPins(page, other.pins.filter(isMatch))
  if (lacks(everything)) return false
  // A list without filters may be cut at another length. So it must show all pins of this list too, and no more that match. A full
  // one need not have what this list lacks.
  const uncut = everything !== null && isWithinLimit(sent, everything) ? everything : null
  if (uncut !== null && isLongerWith(uncut, page)) return true
  if (!isUnfiltered(sent)) {
    for (const query of longerLists(sent, everything?.pins ?? [], source.capabilities)) {
      const longer = await tryList(query)
      if (!proofs.looksCut(sent, page)) return true
      if (lacks(longer)) return false
    }
  }
  const records = recordCount(page)
  if (page.count !== records || (await list({ ...sent, limit: 1 })).count !== records) return false
  if (uncut !== null ? proofs.hasPlausibleCount(sent, page) : proofs.hasHonestCount(sent, page)) return true
  const { capabilities } = source
  if (page.pins.length === 0 || !(await countsBeyondPages(source, sent, page, tryList))) return false
  return !mayHaveOthers(everything, page) && !(await othersMayFollow(page, capabilities, tryList))
}

/** Returns whether a `count` equal to the length of its page means more than that length. If no list has shown it, one more may. */
async function countsBeyondPages(
  { proofs, capabilities }: PinSource,
  sent: ListQuery,
  page: PinPage,
  tryList: TryList,
): Promise<boolean> {
  if (proofs.countsBeyondPages(sent, page)) return true
  if (capabilities.timeFilter === 'unusable') return false
  // Where `before` makes a list shorter, some services count the rest, too.
  const { newest } = spanOf(page)
  const earlier = { ...sent, before: printTime((newest / SECOND_NS) * SECOND_NS, capabilities) }
  await tryList(earlier)
  return proofs.countsBeyondPages(earlier, page)
}

/** Returns whether lists of each status, and of earlier and later times, may have pins that a page lacks. */
async function othersMayFollow(page: PinPage, capabilities: Capabilities, tryList: TryList): Promise<boolean> {
  for (const statuses of statusParts(page, capabilities.multiStatus))
    if (await mayLackSomeOf(statuses, page, tryList)) return true
  const { oldest, newest } = spanOf(page)
  // A service may include its bounds.
  const before = printTime((oldest / SECOND_NS - 1n) * SECOND_NS, capabilities)
  const after = printTime((newest / SECOND_NS + 1n) * SECOND_NS, capabilities)
  return mayHaveOthers(await tryList({ before }), page) || mayHaveOthers(await tryList({ after }), page)
}

/** Returns whether a list of some statuses may have pins that a page lacks. */
async function mayLackSomeOf(statuses: readonly PinStatus[], page: PinPage, tryList: TryList): Promise<boolean> {
  const other = await tryList({ statuses })
  if (mayHaveOthers(other, page)) return true
  if (other?.pins.every(({ status }) => statuses.includes(status))) return false
  // The service did not look at these statuses. So they are requested one by one.
  if (statuses.length === 1) return true
  for (const status of statuses) if (await mayLackSomeOf([status], page, tryList)) return true
  return false
}

/** Returns whether a list may have pins that a page lacks. Nobody knows it of a list that was refused. */
function mayHaveOthers(list: PinPage | null, page: PinPage): boolean {
  return list === null || !hasAllPins(page, list.pins)
}

/** Returns the oldest and the newest time of a page with pins, in nanoseconds. */
function spanOf({ pins }: PinPage): { readonly oldest: bigint; readonly newest: bigint } {
  const times = sortedTimes(pins)
  return { oldest: times[0] as bigint, newest: times.at(-1) as bigint }
}

/** Returns whether `limit` did not cut a list. */
function isWithinLimit(sent: ListQuery, page: PinPage): boolean {
  return recordCount(page) < sent.limit || isOverfull(sent, page)
}

/** Returns whether a list has all pins of another, and more records. A service may list a record twice. */
function isLongerWith(list: PinPage, page: PinPage): boolean {
  return hasAllPins(list, page.pins) && differentRecords(list) > differentRecords(page)
}

/** The statuses of a page one by one, if it has several; and those that no pin has, in as few lists as the service needs. */
function statusParts({ pins }: PinPage, multiStatus: boolean | null): (readonly PinStatus[])[] {
  const shown = [...new Set(pins.map(({ status }) => status))]
  const others = PIN_STATUSES.filter((status) => !shown.includes(status))
  const alone = [...(shown.length > 1 ? shown : []), ...(multiStatus === true ? [] : others)]
  const parts = alone.map((status) => [status])
  return multiStatus === true && others.length > 0 ? [...parts, others] : parts
}

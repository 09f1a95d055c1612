import { BadRequestError } from '../../domain/errors.ts'
import { SECOND_NS } from '../../domain/instant.ts'
import { PIN_STATUSES, type PinStatus } from '../../domain/pin.ts'
import { createPinFilter, hasFilter, type ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import { differentRecords, hasAllPins } from './compare-pages.ts'
import { isOverfull } from './is-full.ts'
import { longerLists } from './longer-lists.ts'
import type { PinSource } from './pin-source.ts'
import { printTime } from './time-unit.ts'

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
  const tryList = (query: Partial<ListQuery>): Promise<PinPage | null> => {
    // Where only one status can be requested, most services list all statuses if none is.
    const statuses = source.capabilities.multiStatus === false ? [] : PIN_STATUSES
    return list({ statuses, limit: sent.limit, ...query }).catch((error: unknown) => {
      // A service may demand what the specification leaves to choice.
      if (error instanceof BadRequestError) return null
      throw error
    })
  }
  const wasOpen = source.capabilities.multiStatus === null
  let everything = await tryList({})
  if (wasOpen && source.capabilities.multiStatus === false) everything = await tryList({})
  if (!proofs.looksCut(sent, page)) return true
  const hasOthers = (other: PinPage | null): boolean => other === null || !hasAllPins(page, other.pins)
  const isMatch = createPinFilter(sent)
  const lacks = (other: PinPage | null): boolean => other !== null && !hasAllPins(page, other.pins.filter(isMatch))
  if (lacks(everything)) return false
  // A list without filters may be cut at another length. So it must show all pins of this list too, and no more that match. A full
  // one need not have what this list lacks.
  const uncut = everything !== null && isWithinLimit(sent, everything) ? everything : null
  if (uncut !== null && isLongerWith(uncut, page)) return true
  if (hasFilter(sent) || sent.statuses.length < PIN_STATUSES.length) {
    for (const query of longerLists(sent, everything?.pins ?? [], source.capabilities)) {
      const longer = await tryList(query)
      if (!proofs.looksCut(sent, page)) return true
      if (lacks(longer)) return false
    }
  }
  const records = recordCount(page)
  if (page.count !== records || (await list({ ...sent, limit: 1 })).count !== records) return false
  if (uncut !== null ? proofs.hasPlausibleCount(sent, page) : proofs.hasHonestCount(sent, page)) return true
  const times = page.pins.map(({ created }) => created.ns).sort((a, b) => (a < b ? -1 : Number(a > b)))
  const [oldest, newest] = [times[0], times.at(-1)]
  if (oldest === undefined || newest === undefined) return false
  const { capabilities } = source
  if (!proofs.countsBeyondPages(sent, page)) {
    if (capabilities.timeFilter === 'unusable') return false
    // Where `before` makes a list shorter, some services count the rest, too.
    const earlier = { ...sent, before: printTime((newest / SECOND_NS) * SECOND_NS, capabilities) }
    await tryList(earlier)
    if (!proofs.countsBeyondPages(earlier, page)) return false
  }

  if (hasOthers(everything)) return false
  // A service may include its bounds.
  const before = printTime((oldest / SECOND_NS - 1n) * SECOND_NS, capabilities)
  const after = printTime((newest / SECOND_NS + 1n) * SECOND_NS, capabilities)
  const parts = statusParts(page, capabilities.multiStatus)
  for (const statuses of parts) {
    const other = await tryList({ statuses })
    if (hasOthers(other)) return false
    if (!hasUnasked(other, statuses)) continue
    // The service did not look at these statuses. So they are requested one by one.
    if (statuses.length === 1) return false
    parts.push(...statuses.map((status) => [status]))
  }
  return !hasOthers(await tryList({ before })) && !hasOthers(await tryList({ after }))
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

function hasUnasked(page: PinPage | null, statuses: readonly PinStatus[]): boolean {
  return page?.pins.some(({ status }) => !statuses.includes(status)) === true
}

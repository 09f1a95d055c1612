import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import { createPinFilter, type ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount, SMALLEST_CUT } from '../http/pin-page.ts'
import { hasAllOddRecords, hasAllPins, idsOf } from './compare-pages.ts'
import { type EndCheck, pastLast } from './end-check.ts'
import { isFull } from './is-full.ts'
import { isSurelySorted } from './is-surely-sorted.ts'
import { type AskForPage, askForMost, type CheckedService, type PageCheck } from './page-check.ts'
import { newestStatuses, planStatusTest, type StatusTest } from './plan-status-test.ts'
import type { SeveralStatusesCheck } from './several-statuses-check.ts'

/** Maximum number of tests for one list. A list that is known to be whole gets one. */
const MOST_RUNS = 3

/** A list of all statuses, and the query for it. */
interface AllStatuses {
  readonly sent: ListQuery
  readonly page: PinPage
  /** True if the list is known to be whole. */
  readonly isAll: boolean
  /** A list of some statuses, which has all pins of the list that match. */
  readonly part: PinPage
}

/**
 * Finds out whether a service looks at statuses before it cuts a list to `limit`, or only afterwards. If afterwards, a short
 * page of some statuses, or an empty one, does not show that nothing follows.
 *
 * The page is compared with a list of all statuses. As soon as an account has pins of two statuses, one more list shows for
 * good what the service does.
 */
export class StatusFilterCheck {
  readonly #service: CheckedService
  readonly #severalStatuses: SeveralStatusesCheck
  readonly #end: EndCheck
  /** True once a list has shown that the service keeps to `limit`. */
  #isLimitHonoured = false

  constructor(service: CheckedService, severalStatuses: SeveralStatusesCheck, end: EndCheck) {
    this.#service = service
    this.#severalStatuses = severalStatuses
    this.#end = end
  }

  /**
   * Returns a page that has all pins that match: the first one, or the same list requested again. Null: the first one has not, or
   * nothing is known about that.
   *
   * @param query for some statuses
   * @param first shorter than requested
   */
  async findWhole(query: ListQuery, first: PinPage, check: PageCheck): Promise<PinPage | null> {
    const { known, proofs } = this.#service
    if (this.#isSettled(query, first)) return null

    const ofAll = { ...query, statuses: PIN_STATUSES }
    const { sent: everything, page: all } = await askForMost(ofAll, this.#service.capabilities, check.ask)
    if (recordCount(all) === 0 && recordCount(first) === 0) return first
    if (this.#service.capabilities.multiStatus === null) await this.#severalStatuses.check(everything, all, check)
    // The answers may have shown what was to be found out.
    if (recordCount(all) === 0 || this.#isSettled(query, first)) return null
    const matching = all.pins.filter(createPinFilter(query))
    const page = await this.#withPins(matching, query, first, check.ask)
    if (page === null) {
      known.observeLateStatusFilter()
      return null
    }
    const [newest] = all.pins
    if (newest !== undefined && page.count === recordCount(page)) {
      // If the service counts more than it lists here too, the page's `count` says that it is whole.
      await check.ask({ ...everything, statuses: [newest.status], limit: 1 })
      if (this.#isSettled(query, first)) return null
      if (page !== first && !page.looksCut && proofs.countsBeyondPages(query, page)) return page
    }
    const isAll = await this.#isWholeList(everything, all, check.ask)
    const test = planStatusTest(all) ?? (isAll ? null : await this.#findTest(everything, all, check.ask))
    if (test !== null && test !== 'unknown')
      await this.#run(test, { sent: everything, page: all, isAll, part: page }, check.ask)
    // All is read from a service that may hide pins, or records of unknown status that are no valid pins.
    const mayHide = !hasAllOddRecords(page, all) || !hasAllPins(page, matching) || (!isAll && test !== null)
    if (mayHide && !proofs.isStatusFilterProven(query)) {
      known.observeLateStatusFilter()
      return null
    }
    // Where all pins have the same status, the filter hides none. But a list may be cut without it.
    return isAll || (test === null && !page.looksCut) ? page : null
  }

  #isSettled(query: ListQuery, page: PinPage): boolean {
    const { proofs, capabilities } = this.#service
    return (
      proofs.isStatusFilterProven(query) || capabilities.multiStatus === false || proofs.countsBeyondPages(query, page)
    )
  }

  /** Returns a page with all of these pins, or the first one, if it may be full by now. Null: it lacks some each time. */
  async #withPins(pins: readonly Pin[], query: ListQuery, first: PinPage, ask: AskForPage): Promise<PinPage | null> {
    if (hasAllPins(first, pins)) return first
    // Pins may have come since. Pages of a list in no order may lack other pins each time.
    const again = await ask(query)
    if (isFull(query, again, this.#service.capabilities)) return first
    return hasAllPins(again, pins) ? again : null
  }

  async #isWholeList(query: ListQuery, page: PinPage, ask: AskForPage): Promise<boolean> {
    if (isFull(query, page, this.#service.capabilities)) return false
    return !page.looksCut || (await this.#end.isWhole(query, page, ask))
  }

  /** Reads on until a pin has another status than the newest ones. Null: all pins have the same. */
  async #findTest(everything: ListQuery, all: PinPage, ask: AskForPage): Promise<StatusTest | 'unknown' | null> {
    const newest = newestStatuses(all.pins)
    const isOfOne = all.pins.every(({ status }) => newest.has(status)) && newest.size === 1
    let page = all
    let before: string | undefined
    while (newest.size > 0 && page.leftOut === undefined && isSurelySorted(page.pins)) {
      const query: ListQuery = { ...everything, before: pastLast(page, everything, this.#service.capabilities) }
      if (query.before === before) break
      before = query.before
      page = await ask(query)
      const other = page.pins.find(({ status }) => !newest.has(status))
      if (other !== undefined) return { status: other.status, count: 1, chance: 0 }
      // Nobody knows which status a record has that is no valid pin.
      const mayBeOfOne = isOfOne && page.leftOut === undefined
      if (await this.#isWholeList(query, page, ask)) return mayBeOfOne ? null : 'unknown'
    }
    return 'unknown'
  }

  /** Requests lists until one shows something. Their chances are taken together. */
  async #run({ status, count, chance }: StatusTest, all: AllStatuses, ask: AskForPage): Promise<void> {
    const { known, proofs } = this.#service
    const everything = all.sent
    const most = all.isAll ? 1 : MOST_RUNS
    const query: ListQuery = { ...everything, statuses: [status], limit: count }
    for (let runs = 0; runs < most && !proofs.isStatusFilterProven(query); runs++) {
      const page = await ask(query)
      // Nobody knows which status a record has that is no valid pin.
      if (page.leftOut !== undefined) return
      if (recordCount(page) >= count) {
        const isEarly = isBeyond(page, all.page)
        if (isEarly) proofs.observeEarlyStatuses(query, 0)
        if (isEarly || hasAdded(page, all) || !(await this.#honoursLimit(page, query, all, ask))) return
        proofs.observeEarlyStatuses(query, chance)
        continue
      }
      // Pins may have gone since.
      const ofStatus = (await ask(everything)).pins.filter((pin) => pin.status === status)
      if (ofStatus.length >= count && recordCount(await ask(query)) < count) known.observeLateStatusFilter()
      return
    }
  }

  /**
   * Returns whether the service keeps to `limit`, or lists one more. At a service that does not, the length of a short list shows
   * nothing.
   *
   * @param page a list of one status
   */
  async #honoursLimit(page: PinPage, query: ListQuery, all: AllStatuses, ask: AskForPage): Promise<boolean> {
    if (this.#isLimitHonoured) return true
    const { statuses, limit } = query
    if (recordCount(page) > limit + 1) return false
    const isLonger = listedAnyway(all).filter(createPinFilter({ statuses })).length > limit + 1
    this.#isLimitHonoured = isLonger || isShorter(await ask({ ...all.sent, limit: 1 }), all.page)
    return this.#isLimitHonoured
  }
}

/** Returns whether a list has a pin that is older than all of another list, which is sorted. So it was not made from that list. */
function isBeyond({ pins }: PinPage, all: PinPage): boolean {
  const last = all.pins.at(-1)
  return last !== undefined && isSurelySorted(all.pins) && pins.some(({ created }) => created.ns < last.created.ns)
}

/** Returns whether a list has a pin that came after another list was made, which is whole or sorted. It may be the first by that. */
function hasAdded({ pins }: PinPage, { page, isAll }: AllStatuses): boolean {
  const last = page.pins.at(-1)
  const ids = idsOf(page.pins)
  const others = pins.filter(({ requestId }) => !ids.has(requestId))
  const isNewer = ({ created }: Pin): boolean => last !== undefined && created.ns > last.created.ns
  return isAll ? others.length > 0 : isSurelySorted(page.pins) && others.some(isNewer)
}

/**
 * Returns pins of which a service that ignores `limit`, and looks at statuses late, lists all that have the right status. It may cut
 * lists of some statuses shorter than the list of all, so these are the first ten, or those up to the last pin of a shorter list. A
 * list that was cut between pins of one instant may have others of them each time.
 */
function listedAnyway({ page: { pins }, isAll, part }: AllStatuses): readonly Pin[] {
  if (isAll && pins.length <= SMALLEST_CUT) return pins
  if (!isSurelySorted(pins) && !isSurelySorted(pins.toReversed())) return []
  const ids = idsOf(part.pins)
  const end = Math.max(
    SMALLEST_CUT - 1,
    pins.findLastIndex(({ requestId }) => ids.has(requestId)),
  )
  return pins.slice(0, end).filter(({ created }) => created.ns !== pins[end]?.created.ns)
}

/** Returns whether a list of one pin is shorter than one of many, though it may have one more. */
function isShorter(short: PinPage, long: PinPage): boolean {
  return recordCount(short) <= 2 && recordCount(short) < recordCount(long)
}

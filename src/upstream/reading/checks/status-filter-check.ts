import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import { createPinFilter, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import { hasAllOddRecords, hasAllPins } from '../lists/compare-pages.ts'
import { isFull } from '../lists/is-full.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'
import { type EndCheck, pastLast } from './end-check.ts'
import type { OrderCheck } from './order-check.ts'
import { type AskForPage, askForMost, type CheckedAccount, type PageCheck } from './page-check.ts'
import { newestStatuses, planStatusTest, type StatusTest } from './plan-status-test.ts'
import type { SeveralStatusesCheck } from './several-statuses-check.ts'
import { StatusTests } from './status-tests.ts'

/**
 * Finds out whether a service looks at statuses before it cuts a list to `limit`, or only afterwards. If afterwards, a short
 * page of some statuses, or an empty one, does not show that nothing follows.
 *
 * The page is compared with a list of all statuses. As soon as an account has pins of two statuses, one more list shows for
 * good what the service does.
 */
export class StatusFilterCheck {
  readonly #account: CheckedAccount
  readonly #severalStatuses: SeveralStatusesCheck
  readonly #end: EndCheck
  readonly #order: OrderCheck
  readonly #tests: StatusTests

  constructor(account: CheckedAccount, severalStatuses: SeveralStatusesCheck, end: EndCheck, order: OrderCheck) {
    this.#account = account
    this.#severalStatuses = severalStatuses
    this.#end = end
    this.#order = order
    this.#tests = new StatusTests(account)
  }

  /**
   * Returns a page that has all pins that match: the first one, or the same list requested again. Null: the first one has not, or
   * nothing is known about that.
   *
   * @param query for some statuses
   * @param first shorter than requested
   */
  async findWhole(query: ListQuery, first: PinPage, check: PageCheck): Promise<PinPage | null> {
    const { known, proofs } = this.#account
    if (this.#isSettled(query, first)) return null

    const ofAll = { ...query, statuses: PIN_STATUSES }
    const { sent: everything, page: all } = await askForMost(ofAll, this.#account.capabilities, check.ask)
    if (recordCount(all) === 0 && recordCount(first) === 0) return first
    if (this.#account.capabilities.multiStatus === null) await this.#severalStatuses.check(everything, all, check)
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
      await this.#tests.run(test, { sent: everything, page: all, isAll, part: page }, check.ask)
    // All is read from a service that may hide pins, or records of unknown status that are no valid pins.
    const mayHide = !hasAllOddRecords(page, all) || !hasAllPins(page, matching) || (!isAll && test !== null)
    if (mayHide && !proofs.isStatusFilterProven(query)) {
      known.observeLateStatusFilter()
      return null
    }
    // Where all pins have the same status, the filter hides none. But a list may be cut without it.
    return isAll || (test === null && !page.looksCut) ? page : null
  }

  /** Tests what the service does, once, with a full page of some statuses. */
  async test(query: ListQuery, page: PinPage, { ask }: PageCheck): Promise<void> {
    const { sent, page: all } = await askForMost({ ...query, statuses: PIN_STATUSES }, this.#account.capabilities, ask)
    const test = planStatusTest(all)
    if (test !== null) await this.#tests.run(test, { sent, page: all, isAll: false, part: page }, ask)
  }

  #isSettled(query: ListQuery, page: PinPage): boolean {
    const { proofs, capabilities } = this.#account
    return (
      proofs.isStatusFilterProven(query) || capabilities.multiStatus === false || proofs.countsBeyondPages(query, page)
    )
  }

  /** Returns a page with all of these pins, or the first one, if it may be full by now. Null: it lacks some each time. */
  async #withPins(pins: readonly Pin[], query: ListQuery, first: PinPage, ask: AskForPage): Promise<PinPage | null> {
    if (hasAllPins(first, pins)) return first
    // Pins may have come since. Pages of a list in no order may lack other pins each time.
    const again = await ask(query)
    if (isFull(query, again, this.#account.capabilities)) return first
    return hasAllPins(again, pins) ? again : null
  }

  async #isWholeList(query: ListQuery, page: PinPage, ask: AskForPage): Promise<boolean> {
    if (isFull(query, page, this.#account.capabilities)) return false
    return !page.looksCut || (await this.#end.isWhole(query, page, ask))
  }

  /**
   * Reads on until a pin has another status than the newest ones.
   *
   * @returns null if the list was read to its end and all pins have the same status, so that the filter hides none. `unknown` if pins
   *   may have several statuses, but no list was found that would show a late filter. So the filter may hide pins.
   */
  async #findTest(everything: ListQuery, all: PinPage, ask: AskForPage): Promise<StatusTest | 'unknown' | null> {
    const newest = newestStatuses(all.pins)
    const isOfOne = all.pins.every(({ status }) => newest.has(status)) && newest.size === 1
    let page = all
    let sent = everything
    let before: string | undefined
    while (newest.size > 0 && page.leftOut === undefined && isSurelySorted(page.pins)) {
      const wholeAfter = await this.#order.wholeAfter(sent, page, ask)
      if (wholeAfter === null) break
      const query: ListQuery = {
        ...everything,
        before: pastLast(page, everything, this.#account.capabilities, wholeAfter),
      }
      if (query.before === before) break
      before = query.before
      sent = query
      page = await ask(query)
      const other = page.pins.find(({ status }) => !newest.has(status))
      if (other !== undefined) return { status: other.status, count: 1, chance: 0 }
      // Nobody knows which status a record has that is no valid pin.
      const mayBeOfOne = isOfOne && page.leftOut === undefined
      if (await this.#isWholeList(query, page, ask)) return mayBeOfOne ? null : 'unknown'
    }
    return 'unknown'
  }
}

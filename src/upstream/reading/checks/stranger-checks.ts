import { isPoll } from '../../budget/request-class.ts'
import { hasAllStatuses, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount, type SharedPage, sharedCopyOf, withoutDoubt } from '../../http/pin-page.ts'
import { isFull } from '../lists/is-full.ts'
import { isCutShort } from '../lists/list-counts.ts'
import { isPaged } from '../lists/list-plan.ts'
import { BoundsCheck } from './bounds-check.ts'
import { EndCheck } from './end-check.ts'
import { GapCheck } from './gap-check.ts'
import { LimitCheck } from './limit-check.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { OrderCheck } from './order-check.ts'
import type { AskForPage, CheckedAccount, CheckedPage, PageCheck } from './page-check.ts'
import { SeveralCidsCheck } from './several-cids-check.ts'
import { SeveralStatusesCheck } from './several-statuses-check.ts'
import { StatusFilterCheck } from './status-filter-check.ts'
import { WholeAccount } from './whole-account.ts'

/** Number of other lists from which on all pins are read for a page that may have been cut. */
const MANY = 3

/**
 * Checks pages of services that nobody knows, before they are believed to be whole.
 *
 * Pages of known providers are not checked. At any other service a check costs requests only while neither the configuration
 * (`count`; for several statuses `multiStatus`) nor an answer has shown how the service lists:
 *
 * - one or two for a page of ten or more pins that is shorter than requested; up to four more for the largest `limit` when a cut was found.
 *   Where the service ignores times, up to four (see `isProvenWhole`), and up to eight more if no `count` was larger than its page;
 * - one or two for a page of several statuses; three to five, once, where several do not work. Four or five for an empty page, those
 *   for live status at most once a minute, unless the account is known to have pins. A few more for records that are no valid pins;
 * - up to two for a page that lacks one of several CIDs, once; a few more if it is empty, or if lists of its statuses show none of
 *   these pins;
 * - one for a page that was cut, once where its pins show that lists are not made of runs. Otherwise one for each first page, and a few
 *   a minute for those that follow. None for live status;
 * - two for a short page of some statuses, one for each such page while all pins have the same status. A few more if it lacks pins that
 *   a list of all statuses has, if its `count` may be honest, or if lists may have been cut. None for live status;
 * - one or two for a page with times that has no pin right behind them, once. See `BoundsCheck`. None for live status;
 * - up to five, once a minute, where `count` shows that pins are missing between two pages. See `GapCheck`. None for live status.
 *
 * Each question about the service is asked by one list, and the lists beside it wait for the answer. If it shows nothing, all pins are
 * read once for them, see `WholeAccount`. Lists for which the budget has no room are answered from these pins.
 *
 * What excuses a page from these holds for one token and one kind of query, see `ListProofs`. What is found out of several statuses and
 * CIDs holds for all.
 *
 * `docs/upstream-behaviours.md` says more.
 */
export class StrangerChecks {
  readonly #account: CheckedAccount
  readonly #severalStatuses: SeveralStatusesCheck
  readonly #severalCids: SeveralCidsCheck
  readonly #statusesQuestion = new OneAtATime()
  readonly #cidsQuestion = new OneAtATime()
  readonly #statusFilterQuestion = new OneAtATime()
  readonly #orderQuestion = new OneAtATime()
  readonly #statusFilter: StatusFilterCheck
  readonly #wholeAccount: WholeAccount
  readonly #order: OrderCheck
  readonly #end: EndCheck
  readonly #limit: LimitCheck
  readonly #bounds: BoundsCheck
  readonly #gaps: GapCheck

  constructor(account: CheckedAccount) {
    this.#account = account
    this.#severalStatuses = new SeveralStatusesCheck(account)
    this.#severalCids = new SeveralCidsCheck(account)
    this.#limit = new LimitCheck(account)
    this.#bounds = new BoundsCheck(account)
    this.#order = new OrderCheck(account)
    this.#gaps = new GapCheck(account, this.#order)
    this.#end = new EndCheck(account, this.#limit)
    this.#statusFilter = new StatusFilterCheck(account, this.#severalStatuses, this.#end, this.#order)
    this.#wholeAccount = new WholeAccount(account, this.#severalStatuses, this.#end)
  }

  /**
   * Checks a page of a lookup, and returns whether it has all pins. Only what costs little is checked, since most lookups that
   * find nothing are right: whether the service finds all CIDs, if the page lacks one of them and the account is known to have
   * pins; and whether it understands several statuses, if the page is empty then.
   */
  async isWholeLookup(checked: CheckedPage): Promise<boolean> {
    const { query, page, check } = checked
    const isEmpty = recordCount(page) === 0
    if (isEmpty && !check.hasPins) return true
    if (isEmpty) await this.#checkStatuses(checked)
    if (this.#account.known.isStranger) await this.#checkCids(checked)
    const { multiStatus, maxCids } = this.#account.capabilities
    return (query.statuses.length < 2 || multiStatus !== false) && (query.cids?.length ?? 0) <= maxCids
  }

  /**
   * Returns the page, with `looksCut` only if it still may have been cut. It may lack pins if the capabilities have changed:
   * then it must be requested again, as they say now.
   */
  async check(checked: CheckedPage): Promise<PinPage> {
    const { query, check } = checked
    if (!this.#account.known.isStranger || isPoll(check.class)) return this.#checkPage(checked)
    await this.#bounds.check(query, checked.page, check.ask)
    if (check.isWalk) await this.#gaps.check(query, checked.page, check.ask)
    const page = await this.#checkPage({ ...checked, check: this.#withBounds(check) })
    this.#bounds.remember(query, page)
    return page
  }

  async #checkPage(checked: CheckedPage): Promise<PinPage> {
    const page = await this.#withoutDoubt(checked)
    return checked.check.isWalk ? this.#checkOrder({ ...checked, page }) : page
  }

  /** Requests the list that is to be checked, so that it shows by itself that its bounds are right, if it can. */
  askFirst(query: ListQuery, ask: AskForPage): Promise<PinPage> {
    return this.#bounds.askFirst(query, ask)
  }

  /** Checks the bounds of the lists that checks request, too. */
  #withBounds(check: PageCheck): PageCheck {
    return { ...check, ask: (query) => this.#bounds.ask(query, check.ask) }
  }

  async #withoutDoubt(checked: CheckedPage): Promise<PinPage> {
    const { query, page, check } = checked
    const { known, proofs } = this.#account
    if (page.looksCut && (await this.#wholeAccount.shows(checked, check.others.count() >= MANY)))
      return withoutDoubt(page)
    if ((await this.#checkStatuses(checked)) !== null) return withoutDoubt(page)
    if (!known.isStranger) return page
    await this.#checkCids(checked)
    const whole = await this.#checkStatusFilter(checked)
    if (whole !== null) return withoutDoubt(whole)
    const isByStatus = proofs.isStatusFilterProven(query) || proofs.countsBeyondPages(query, page)
    const isFilterUnusable = !hasAllStatuses(query) && this.#account.capabilities.statusFilter === 'unusable'
    if (!page.looksCut || isFilterUnusable) return page
    if (isByStatus && (await this.#end.isWhole(query, page, check.ask))) return withoutDoubt(page)
    const records = recordCount(page)
    if (this.#account.capabilities.maxLimit >= query.limit) await this.#limit.findLongerPage(query, records, check.ask)
    return page
  }

  /** Returns the answer to a list from all pins of the account, if they were read since a clock time. Null otherwise. */
  known(query: ListQuery, since: number): SharedPage | null {
    return this.#wholeAccount.known(query, since)
  }

  /** False once no list can be answered from all pins of the account. */
  get mayAnswer(): boolean {
    return this.#wholeAccount.fitsOneList
  }

  /** Returns the answer to a list that is not requested, from all pins of the account. Null if it has to be. See {@link WholeAccount}. */
  answer(query: ListQuery, since: number, check: PageCheck): Promise<SharedPage | null> {
    return this.#wholeAccount.answer(query, since, this.#withBounds(check), !isPaged(this.#account.capabilities, query))
  }

  /** Returns whether pages that answer a query may have to be checked, as far as known now. Always false for known providers. */
  mayCheck(query: ListQuery): boolean {
    const { known, proofs, capabilities } = this.#account
    if (!known.isStranger) return false
    const isOfSeveral = query.statuses.length > 1 && capabilities.multiStatus === null
    return (
      isOfSeveral ||
      !proofs.isStatusFilterProven(query) ||
      proofs.mayLookCut(query) ||
      !proofs.isOrderProven(query) ||
      this.#bounds.isOpen(query)
    )
  }

  /** Lets go of what was read for the lists in progress. Called when none is. */
  forget(): void {
    this.#wholeAccount.forget()
  }

  /** Returns whether a list costs one request only, unless its page looks cut. */
  #isCheap(query: ListQuery): boolean {
    return hasAllStatuses(query) && isPaged(this.#account.capabilities, query)
  }

  /** Returns the page if it has been found to have all pins that match; otherwise null. */
  #checkStatuses(checked: CheckedPage): Promise<PinPage | null> {
    const { query, page, check } = checked
    const isOpen = (): boolean => query.statuses.length > 1 && this.#account.capabilities.multiStatus === null
    return this.#findOut(this.#statusesQuestion, isOpen, checked, async () => {
      // An empty page costs no more if all pins are read for it.
      if (recordCount(page) === 0 && (await this.#wholeAccount.shows(checked, true))) return page
      if (isOpen()) await this.#severalStatuses.check(query, page, check)
      return null
    })
  }

  /** Returns the page, with `wholeAfter` if it was cut, and the order of the service's lists is not proven. */
  async #checkOrder(checked: CheckedPage): Promise<PinPage> {
    const { query, page, check } = checked
    const { capabilities, proofs } = this.#account
    const isCut = isFull(query, page, capabilities) || isCutShort(query, page, capabilities)
    const isOpen = (): boolean => !proofs.isOrderProven(query)
    if (!isCut || !isOpen() || isPoll(check.class) || !isPaged(capabilities, query)) return page
    const hasWaited = this.#orderQuestion.isRunning
    let wholeAfter: PinPage['wholeAfter']
    const ask = async (): Promise<void> => {
      const isShown = await this.#wholeAccount.showsNewer(checked, hasWaited)
      wholeAfter = isShown ? page.pins.at(-1)?.created.ns : await this.#wholeAfter(checked)
    }
    await this.#orderQuestion.run(isOpen, ask, () => check.others.haveRoom())
    return wholeAfter === undefined ? page : sharedCopyOf({ ...page, wholeAfter })
  }

  /** See `OrderCheck`. */
  async #wholeAfter({ query, page, check }: CheckedPage): Promise<PinPage['wholeAfter']> {
    const wholeAfter = await this.#order.wholeAfter(query, page, check.ask)
    if (wholeAfter !== null || this.#account.proofs.isStatusFilterProven(query)) return wholeAfter
    const isOpen = (): boolean => !this.#account.proofs.isStatusFilterProven(query)
    await this.#statusFilterQuestion.run(isOpen, () => this.#statusFilter.test(query, page, check))
    return isOpen() ? null : this.#order.wholeAfter(query, page, check.ask)
  }

  #checkCids({ query, page, check }: CheckedPage): Promise<void> {
    const isOpen = (): boolean => this.#severalCids.isOpen(query, page)
    return this.#cidsQuestion.run(isOpen, () => this.#severalCids.check(query, page, check))
  }

  /** Returns a page that has all pins that match: this one, or the same list requested again. Null if none is known. */
  async #checkStatusFilter(checked: CheckedPage): Promise<PinPage | null> {
    const { query, page, check } = checked
    const isOpen = (): boolean =>
      !this.#account.proofs.isStatusFilterProven(query) && !isFull(query, page, this.#account.capabilities)
    if (isPoll(check.class)) return null
    return this.#findOut(this.#statusFilterQuestion, isOpen, checked, () =>
      this.#statusFilter.findWhole(query, page, check),
    )
  }

  /**
   * Asks a question about the service, once for all lists in progress. If its answer shows nothing, all pins are read for the lists
   * that have waited for it.
   *
   * @param ask returns a page that has all pins that match, if the answer shows one
   * @returns the same, or the page that is checked if all pins of the account show that it is whole
   */
  async #findOut(
    question: OneAtATime,
    isOpen: () => boolean,
    checked: CheckedPage,
    ask: () => Promise<PinPage | null>,
  ): Promise<PinPage | null> {
    if (!isOpen()) return null
    // Lists that wait are answered from these pins, if each of them would cost more than one request.
    const isShared = question.isRunning || (checked.check.others.areWaiting() && !this.#isCheap(checked.query))
    let whole: PinPage | null = null
    const run = async (): Promise<void> => {
      if (await this.#wholeAccount.shows(checked, isShared)) whole = checked.page
      else if (isOpen()) whole = await ask()
    }
    await question.run(isOpen, run, () => checked.check.others.haveRoom())
    return whole
  }
}

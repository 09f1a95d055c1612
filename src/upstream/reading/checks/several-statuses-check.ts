import { PIN_STATUSES, type PinStatus } from '../../../domain/pin.ts'
import { isPoll } from '../../budget/request-class.ts'
import { isUnfiltered, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import { DEFAULT_STATUS, isInMiddle } from '../../learning/learned-filters.ts'
import { hasOtherOddRecords } from '../lists/compare-pages.ts'
import { isFull } from '../lists/is-full.ts'
import { type AskForPage, askForMost, type CheckedAccount, type PageCheck } from './page-check.ts'

/** Milliseconds between two checks of empty lists that no caller waits for. */
const PAUSE_MS = 60_000
/** By status: the other statuses, the rarest first. Most pins are of the default status. */
const OTHERS: Readonly<Record<PinStatus, readonly [PinStatus, PinStatus, PinStatus]>> = {
  queued: ['pinning', 'failed', DEFAULT_STATUS],
  pinning: ['failed', 'queued', DEFAULT_STATUS],
  pinned: ['pinning', 'failed', 'queued'],
  failed: ['pinning', 'queued', DEFAULT_STATUS],
}
/** Number of records that show the default status: more than one, since some may be no valid pins. */
const DEFAULT_SAMPLE = 10

/**
 * Finds out whether a service honours several statuses in one list. Some find nothing then, some look at the first only.
 *
 * Called while no answer has shown it. An account without pins can show nothing. So each of its empty lists is checked, one
 * status at a time, but those for live status at most once a minute.
 */
export class SeveralStatusesCheck {
  readonly #account: CheckedAccount
  /** Clock time of the next check of a list for live status. */
  #checksAgainAt = Number.NEGATIVE_INFINITY

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /** @param query for several statuses */
  async check(query: ListQuery, page: PinPage, { ask, class: requestClass, hasPins }: PageCheck): Promise<void> {
    if (page.pins.some(({ status }) => !query.statuses.includes(status))) return this.#checkUnasked(query, ask)
    const [first] = page.pins
    if (first !== undefined) return this.#checkOnly(query, first.status, ask)
    if (recordCount(page) > 0) return this.#checkOdd(query, page, ask)
    const now = this.#account.clock.now()
    if (isPoll(requestClass) && !hasPins && now < this.#checksAgainAt) return
    this.#checksAgainAt = now + PAUSE_MS
    await this.#checkEmpty(query, ask)
  }

  /** Checks a page that has pins of one status only. */
  async #checkOnly(query: ListQuery, status: PinStatus, ask: AskForPage): Promise<void> {
    if (isInMiddle(status, query.statuses) || (await this.#isFoundBetween(query, status, ask)))
      await this.#checkDefault(query, status, ask)
  }

  /**
   * Requests a status that has pins between two others. A service that looks at the first or last only, finds none of it.
   *
   * @returns true if it was found
   */
  async #isFoundBetween(query: ListQuery, status: PinStatus, ask: AskForPage): Promise<boolean> {
    // The rarest two, since pins of the default status would fill the page.
    const [first, last] = OTHERS[status]
    const between = { ...query, statuses: [first, status, last] }
    const { sent, page } = await askForMost(between, this.#account.capabilities, ask)
    if (page.pins.some((pin) => pin.status === status)) return true
    if (page.pins.some((pin) => !between.statuses.includes(pin.status))) {
      await this.#checkUnasked(between, ask)
      return false
    }
    // Pins of the others may have filled the page. Then they fill it in any order of the statuses.
    const countsMore = (page.count ?? 0) > recordCount(page)
    const mayBeCut = isFull(sent, page, this.#account.capabilities) || page.looksCut || countsMore
    const orders: PinStatus[][] = [
      [status, first, last],
      [first, last, status],
    ]
    const lists = page.pins.length > 0 && mayBeCut ? orders : [[status]]
    for (const statuses of lists) {
      const { pins } = await ask({ ...sent, statuses })
      if (pins.length > 0 && pins.every((pin) => pin.status === status)) return this.#isFoundAmongAll(sent, status, ask)
    }
    return false
  }

  /**
   * Requests all statuses, since a list has only pins of one status that a list of three lacked. A list that is cut in no order may have
   * lacked them by chance. If so, this list shows pins of the fourth, whether statuses are looked at before the cut or after it.
   *
   * @returns true if it has pins of the status
   */
  async #isFoundAmongAll(sent: ListQuery, status: PinStatus, ask: AskForPage): Promise<boolean> {
    const [first, last, fourth] = OTHERS[status]
    const { pins } = await ask({ ...sent, statuses: [first, status, fourth, last] })
    if (pins.some((pin) => pin.status === status)) return true
    if (!pins.some((pin) => pin.status === fourth)) this.#account.known.observeMultiStatus(false)
    return false
  }

  /**
   * Requests the other statuses, if the only one that was found is the default of services. A service that takes several
   * statuses for none lists its default then too, though it was not asked for.
   */
  async #checkDefault(query: ListQuery, status: PinStatus, ask: AskForPage): Promise<void> {
    if (status !== DEFAULT_STATUS || this.#account.capabilities.multiStatus !== null) return
    const others = { ...query, statuses: PIN_STATUSES.filter((other) => other !== status), limit: DEFAULT_SAMPLE }
    let page = await ask(others)
    // A full page of records that are no valid pins shows nothing.
    if (page.pins.length === 0 && recordCount(page) >= DEFAULT_SAMPLE)
      page = (await askForMost(others, this.#account.capabilities, ask)).page
    if (page.pins.some((pin) => pin.status === status)) return this.#checkUnasked(others, ask)
    const isReadable = page.pins.length > 0 || recordCount(page) < DEFAULT_SAMPLE
    if (isReadable) this.#account.known.observeMultiStatus(true)
  }

  /**
   * Checks a service that has listed a pin whose status was not asked for. If it ignores a single status too, several are no
   * worse. Otherwise several statuses may have been taken for its default, or for any.
   */
  async #checkUnasked({ statuses, ...query }: ListQuery, ask: AskForPage): Promise<void> {
    for (const status of statuses) {
      const { pins } = await ask({ ...query, statuses: [status] })
      if (pins.some((pin) => pin.status !== status)) return this.#account.known.observeMultiStatus(true)
    }
    this.#account.known.observeMultiStatus(false)
  }

  /**
   * Checks a page whose records are no valid pins, so that their statuses are not known.
   *
   * @param page null if it is the page of another query
   */
  async #checkOdd(query: ListQuery, page: PinPage | null, ask: AskForPage): Promise<void> {
    const isWhole = page !== null && !isFull(query, page, this.#account.capabilities) && !page.looksCut
    let isLacking = false
    for (const status of query.statuses) {
      const alone = await ask({ ...query, statuses: [status] })
      isLacking ||= isWhole && hasOtherOddRecords(alone, page)
      if (alone.pins.length === 0) continue
      if (await this.#isFoundBetween(query, status, ask)) await this.#checkDefault(query, status, ask)
      return
    }
    // No status has a valid pin. A list that is cut in no order may lack some of the odd records, but hardly all of them.
    if (isLacking) this.#account.known.observeMultiStatus(false)
  }

  async #checkEmpty(query: ListQuery, ask: AskForPage): Promise<void> {
    const { known } = this.#account
    // Where there are pins of a status in the middle, this answer shows all.
    const several = { statuses: PIN_STATUSES, limit: 1 }
    if (!isUnfiltered(query)) {
      const page = await ask(several)
      const isOpen = this.#account.capabilities.multiStatus === null
      const [any] = page.pins
      if (any !== undefined) return isOpen ? this.#checkOnly(several, any.status, ask) : undefined
      if (recordCount(page) > 0) return this.#checkOdd({ ...several, limit: 100 }, null, ask)
    }
    // Most pins are pinned.
    for (const status of ['pinned', 'queued', 'pinning', 'failed'] as const) {
      if (recordCount(await ask({ statuses: [status], limit: 1 })) === 0) continue
      // The list of all statuses was empty, but a pin may have been added since, and a wrong lesson would stay.
      const again = await ask(several)
      if (recordCount(again) === 0) known.observeMultiStatus(false)
      const [added] = again.pins
      if (added !== undefined && this.#account.capabilities.multiStatus === null)
        await this.#checkOnly(several, added.status, ask)
      return
    }
  }
}

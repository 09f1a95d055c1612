import { BadRequestError, PinqlError } from '../../../domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import { comparePositions } from '../../../domain/pin-order.ts'
import { isPoll } from '../../budget/request-class.ts'
import { createPinFilter, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount, SharedPage } from '../../http/pin-page.ts'
import { hasAllPins } from '../lists/compare-pages.ts'
import { isFull } from '../lists/is-full.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'
import { claimsMore } from '../lists/list-counts.ts'
import type { EndCheck } from './end-check.ts'
import { halvesShowAll } from './halves-show-all.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { type AskForPage, askForMost, type CheckedAccount, type CheckedPage, type PageCheck } from './page-check.ts'
import type { SeveralStatusesCheck } from './several-statuses-check.ts'

/** All pins of the account. */
interface Everything {
  /** Clock time when they were requested. */
  readonly sentAt: number
  /** The generation of the token's changes then. */
  readonly generation: number
  /** Null if they could not be read. */
  readonly pins: readonly Pin[] | null
}

/**
 * All pins of an account, read once for all lists that are in progress. Where one list holds them, they show for every other
 * list whether it is whole, whatever its filters. So a burst of lists costs one check and not one check per list. Lists for which the
 * budget has no room are answered from these pins, and are not requested at all.
 *
 * Accounts that do not fit in one list are not read again. Then each list is checked by itself.
 */
export class WholeAccount {
  readonly #account: CheckedAccount
  readonly #severalStatuses: SeveralStatusesCheck
  readonly #end: EndCheck
  readonly #reading = new OneAtATime()
  #everything: Everything | undefined
  #fitsOneList = true

  constructor(account: CheckedAccount, severalStatuses: SeveralStatusesCheck, end: EndCheck) {
    this.#account = account
    this.#severalStatuses = severalStatuses
    this.#end = end
  }

  /**
   * Returns true if a page has all pins that match. False: it has not, or nothing is known about that.
   *
   * @param mayRead true if the pins are read where they were not read since the list began. They never are for a single list.
   */
  async shows({ query, page, check }: CheckedPage, mayRead: boolean): Promise<boolean> {
    if (isFull(query, page, this.#account.capabilities)) return false
    const pins = await this.#pins(check, mayRead)
    return pins !== null && hasAllPins(page, pins.filter(createPinFilter(query)))
  }

  /** Returns the same of a page that was cut, about the pins that are newer than its last one. */
  async showsNewer({ query, page, check }: CheckedPage, mayRead: boolean): Promise<boolean> {
    const last = page.pins.at(-1)
    if (last === undefined) return false
    const pins = await this.#pins(check, mayRead)
    const newer = pins?.filter(({ created }) => created.ns > last.created.ns)
    return newer !== undefined && hasAllPins(page, newer.filter(createPinFilter(query)))
  }

  /** Returns all pins of the account, if they were requested after the list began. Null if they are not known. */
  async #pins(check: PageCheck, mayRead: boolean): Promise<readonly Pin[] | null> {
    if (isPoll(check.class)) return null
    const isOpen = (): boolean => this.#fitsOneList && check.others.count() > 0 && this.#since(check) === undefined
    // Lists that began too late for one reading share the next.
    const mayJoin = (): boolean => !this.#reading.isRunning && check.others.haveRoom()
    if (mayRead) await this.#reading.run(isOpen, () => this.#read(check), mayJoin)
    return this.#since(check)?.pins ?? null
  }

  /**
   * Returns the answer to a list that has not been requested: the pins that match, newest first. Null: it has to be requested.
   *
   * @param since clock time at which the operation of the list began. The pins were requested later.
   * @param check for the reading, if nobody has read the pins yet
   * @param mayRead true if the pins are read then
   */
  async answer(query: ListQuery, since: number, check: PageCheck, mayRead: boolean): Promise<SharedPage | null> {
    const isOpen = (): boolean => this.#fitsOneList && this.#sinceThen(since) === undefined
    if (mayRead) await this.#reading.run(isOpen, () => this.#read(check))
    return this.known(query, since)
  }

  /** Returns the same from pins that were read already. */
  known(query: ListQuery, since: number): SharedPage | null {
    const pins = this.#sinceThen(since)?.pins?.filter(createPinFilter(query)).sort(comparePositions)
    return pins ? new SharedPage(pins.length, pins.slice(0, query.limit)) : null
  }

  /** False once the account is known not to fit in one list. */
  get fitsOneList(): boolean {
    return this.#fitsOneList
  }

  /** Lets the pins go. Called when no list is in progress. */
  forget(): void {
    this.#everything = undefined
  }

  /** Returns the pins, if they were requested after an instant, and the token has changed none since. */
  #sinceThen(since: number): Everything | undefined {
    const all = this.#everything
    return all && all.sentAt >= since && all.generation === this.#account.generation ? all : undefined
  }

  /** Returns the pins, if they were requested after the list began. So they are no older than an answer to the list itself. */
  #since({ askedAt }: PageCheck): Everything | undefined {
    return this.#everything && this.#everything.sentAt >= askedAt ? this.#everything : undefined
  }

  /** If this read fails, the lists do not fail. Each is then checked by itself. */
  async #read(check: PageCheck): Promise<void> {
    const { generation } = this.#account
    const sentAt = this.#account.clock.now()
    let pins: readonly Pin[] | null = null
    try {
      pins = await this.#readAll(check)
      this.#fitsOneList = pins !== null
    } catch (error) {
      if (!(error instanceof PinqlError)) throw error
      // A service may demand a filter.
      if (error instanceof BadRequestError) this.#fitsOneList = false
    }
    this.#everything = { sentAt, generation, pins }
  }

  /** Returns null if one list does not show all pins. */
  async #readAll(check: PageCheck): Promise<readonly Pin[] | null> {
    const unfiltered = { statuses: PIN_STATUSES, limit: 1 }
    const { sent, page } = await askForMost(unfiltered, this.#account.capabilities, check.ask)
    const { capabilities } = this.#account
    if (isFull(sent, page, capabilities) || page.leftOut !== undefined || claimsMore(sent, page, capabilities))
      return null
    if (this.#account.capabilities.multiStatus === null) await this.#severalStatuses.check(sent, page, check)
    const { multiStatus } = this.#account.capabilities
    // Where no answer has shown that several statuses work, only an empty account has been read one status at a time.
    const isOfAll = multiStatus === true || (multiStatus === null && recordCount(page) === 0)
    return isOfAll && (!page.looksCut || (await this.#isWhole(sent, page, check.ask))) ? page.pins : null
  }

  #isWhole(sent: ListQuery, page: PinPage, ask: AskForPage): Promise<boolean> {
    const { capabilities } = this.#account
    // Lists in no order, or the oldest first, have no end that can be looked at.
    const hasEnd = capabilities.order === 'newest-first' || isSurelySorted(page.pins)
    return hasEnd ? this.#end.isWhole(sent, page, ask) : halvesShowAll(sent, page, capabilities, ask)
  }
}

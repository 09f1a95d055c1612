import { BadRequestError, PinqlError } from '../../../domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import { isPoll } from '../../budget/request-class.ts'
import { createPinFilter } from '../../http/list-query.ts'
import { recordCount } from '../../http/pin-page.ts'
import { hasAllPins } from '../lists/compare-pages.ts'
import { isFull } from '../lists/is-full.ts'
import { claimsMore } from '../lists/list-counts.ts'
import type { EndCheck } from './end-check.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { askForMost, type CheckedAccount, type CheckedPage, type PageCheck } from './page-check.ts'
import type { SeveralStatusesCheck } from './several-statuses-check.ts'

/** All pins of the account. */
interface Everything {
  /** Clock time when they were requested. */
  readonly sentAt: number
  /** Null if they could not be read. */
  readonly pins: readonly Pin[] | null
}

/**
 * All pins of an account, read once for all lists that are in progress. Where one list holds them, they show for every other
 * list whether it is whole, whatever its filters. So a burst of lists costs one check and not one check per list.
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
    if (isPoll(check.class) || isFull(query, page, this.#account.capabilities)) return false
    const isOpen = (): boolean => this.#fitsOneList && check.others.count() > 0 && this.#since(check) === undefined
    // Lists that began too late for one reading share the next.
    const mayJoin = (): boolean => !this.#reading.isRunning && check.others.haveRoom()
    if (mayRead) await this.#reading.run(isOpen, () => this.#read(check), mayJoin)
    const pins = this.#since(check)?.pins
    return pins ? hasAllPins(page, pins.filter(createPinFilter(query))) : false
  }

  /** Lets the pins go. Called when no list is in progress. */
  forget(): void {
    this.#everything = undefined
  }

  /** Returns the pins, if they were requested after the list began. So they are no older than an answer to the list itself. */
  #since({ askedAt }: PageCheck): Everything | undefined {
    return this.#everything && this.#everything.sentAt >= askedAt ? this.#everything : undefined
  }

  /** If this read fails, the lists do not fail. Each is then checked by itself. */
  async #read(check: PageCheck): Promise<void> {
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
    this.#everything = { sentAt, pins }
  }

  /** Returns null if one list does not show all pins. */
  async #readAll(check: PageCheck): Promise<readonly Pin[] | null> {
    const unfiltered = { statuses: PIN_STATUSES, limit: 1 }
    const { sent, page } = await askForMost(unfiltered, this.#account.capabilities, check.ask)
    if (isFull(sent, page, this.#account.capabilities) || page.leftOut !== undefined) return null
    if (this.#account.capabilities.multiStatus === null) await this.#severalStatuses.check(sent, page, check)
    const { capabilities } = this.#account
    // Where no answer has shown that several statuses work, only an empty account has been read one status at a time.
    const isOfAll = capabilities.multiStatus === true || (capabilities.multiStatus === null && recordCount(page) === 0)
    if (!isOfAll || claimsMore(sent, page, capabilities)) return null
    return !page.looksCut || (await this.#end.isWhole(sent, page, check.ask)) ? page.pins : null
  }
}

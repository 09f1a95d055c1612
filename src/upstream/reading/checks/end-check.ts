import { floorToSecond, SECOND_NS } from '../../../domain/instant.ts'
import type { Pin } from '../../../domain/pin.ts'
import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { hasAllOddRecords, hasAllPins, idsOf } from '../lists/compare-pages.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'
import { isAfterSent } from '../lists/list-plan.ts'
import { timesOf } from '../lists/query-times.ts'
import { earlierBefore, printTime } from '../lists/time-unit.ts'
import { walkKeyOf } from '../lists/walk-key.ts'
import type { LimitCheck } from './limit-check.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'

/** Number of queries whose last pins are remembered. */
const MAX_ENDS = 100

/** The end of a list that was whole. */
interface ListEnd {
  /** Ids of the pins of the oldest instant. */
  readonly ids: ReadonlySet<string>
  /** Time of the newest pin, in nanoseconds. */
  readonly newest: bigint
  /** Number of pins that are older than the newest. */
  readonly older: number
}

/**
 * Finds out whether a short page, newest first, is the end of its list, by a request for what is older than its last pin.
 *
 * The last pins are remembered. A page that ends with the same pins needs no request, since new pins are newer than all others. If a
 * new pin is older than another pin, pins older than the last may have come too. Then a request is needed.
 */
export class EndCheck {
  readonly #account: CheckedAccount
  readonly #limit: LimitCheck
  /** By query. */
  readonly #ends = new Map<string, ListEnd>()

  constructor(account: CheckedAccount, limit: LimitCheck) {
    this.#account = account
    this.#limit = limit
  }

  /**
   * Returns true if nothing follows the pins of the page. False: something does, or nobody knows.
   *
   * @param page shorter than requested, and may have been cut
   */
  async isWhole(query: ListQuery, page: PinPage, ask: AskForPage): Promise<boolean> {
    const { order, timeFilter } = this.#account.capabilities
    const last = page.pins.at(-1)
    if (last === undefined || timeFilter === 'unusable' || order === 'oldest-first') return false
    if (order === null ? !isSurelySorted(page.pins) : order !== 'newest-first') return false
    const key = walkKeyOf(query)
    const ids = idsOf(page.pins.filter(({ created }) => created.ns === last.created.ns))
    const end = this.#ends.get(key)
    if (end && isSubset(end.ids, ids) && countOlder(page, end.newest) <= end.older) return true
    const isProven = this.#account.proofs.isOrderProven(query)
    const isEnd = isProven ? await this.#askBeyond(query, page, last, ask) : await this.#askHalves(query, page, ask)
    const newest = (page.pins[0] ?? last).created.ns
    if (isEnd) this.#remember(key, { ids, newest, older: countOlder(page, newest) })
    return isEnd
  }

  async #askBeyond(query: ListQuery, page: PinPage, { requestId }: Pin, ask: AskForPage): Promise<boolean> {
    const beyond = await ask({ ...query, before: pastLast(page, query, this.#account.capabilities) })
    if (this.#account.capabilities.timeFilter === 'unusable') return false
    if (!beyond.pins.some((pin) => pin.requestId === requestId)) return false
    if (hasNoOthers(page, beyond)) return recordCount(beyond) < recordCount(page)
    await this.#learnCut(query, recordCount(page), ask)
    return false
  }

  /**
   * Requests both halves of the time of a page, since a list that is made of several runs may have been cut after its first one. Then
   * both its newer and its older half may lack pins.
   */
  async #askHalves(query: ListQuery, page: PinPage, ask: AskForPage): Promise<boolean> {
    const { proofs, capabilities } = this.#account
    const middle = floorToSecond((page.pins[page.pins.length >> 1] as Pin).created.ns)
    const { after } = timesOf(query)
    if (!isAfterSent(capabilities) || (after !== null && middle <= after)) return false
    const older = { ...query, before: earlierBefore(query.before, middle + SECOND_NS, capabilities) }
    const newer = { ...query, after: printTime(middle, capabilities) }
    for (const half of [older, newer]) {
      const list = await ask(half)
      if (this.#account.capabilities.timeFilter === 'unusable' || !isAfterSent(this.#account.capabilities)) return false
      const expected = page.pins.filter(({ created: { ns } }) =>
        half === older ? ns < middle + SECOND_NS : ns > middle,
      )
      if (!hasAllPins(list, expected)) return false
      if (!hasNoOthers(page, list)) {
        await this.#learnCut(query, recordCount(page), ask)
        return false
      }
      if (recordCount(list) >= recordCount(page)) return false
    }
    proofs.observeOrder(query)
    return true
  }

  /** Learns the largest page if a list lacked pins. They may have come meanwhile. A list that is still as long is cut to this length. */
  async #learnCut(query: ListQuery, records: number, ask: AskForPage): Promise<void> {
    const { known, proofs } = this.#account
    const again = await ask(query)
    if (recordCount(again) !== records || !proofs.isStatusFilterProven(query)) return
    if (!(await this.#limit.findLongerPage(query, records, ask))) known.observeLargestPage(records)
  }

  #remember(key: string, end: ListEnd): void {
    this.#ends.delete(key)
    this.#ends.set(key, end)
    const [oldest] = this.#ends.keys()
    if (this.#ends.size > MAX_ENDS && oldest !== undefined) this.#ends.delete(oldest)
  }
}

/**
 * Returns a `before` with which all pins of the second of a page's last pin come again, however the service rounds times.
 *
 * @param at time in nanoseconds whose pins have to come again, too. Default: that of the last pin.
 */
export function pastLast(
  { pins }: PinPage,
  query: ListQuery,
  capabilities: Capabilities,
  at = pins.at(-1)?.created.ns,
): string | undefined {
  if (at === undefined) return query.before
  return earlierBefore(query.before, (at / SECOND_NS + 1n) * SECOND_NS, capabilities)
}

/** Returns whether a list has only pins, and records that are no valid pins, that a page has too. */
function hasNoOthers(page: PinPage, list: PinPage): boolean {
  return hasAllPins(page, list.pins) && hasAllOddRecords(page, list)
}

function countOlder({ pins }: PinPage, ns: bigint): number {
  return pins.filter(({ created }) => created.ns < ns).length
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((each) => whole.has(each))
}

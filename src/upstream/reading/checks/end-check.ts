import { SECOND_NS } from '../../../domain/instant.ts'
import type { Pin } from '../../../domain/pin.ts'
import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { hasAllOddRecords, hasAllPins, idsOf } from '../lists/compare-pages.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'
import { earlierBefore } from '../lists/time-unit.ts'
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
    const key = JSON.stringify({ ...query, before: undefined, limit: undefined })
    const ids = idsOf(page.pins.filter(({ created }) => created.ns === last.created.ns))
    const end = this.#ends.get(key)
    if (end && isSubset(end.ids, ids) && countOlder(page, end.newest) <= end.older) return true
    const isEnd = await this.#askBeyond(query, page, last, ask)
    const newest = (page.pins[0] ?? last).created.ns
    if (isEnd) this.#remember(key, { ids, newest, older: countOlder(page, newest) })
    return isEnd
  }

  async #askBeyond(query: ListQuery, page: PinPage, { requestId }: Pin, ask: AskForPage): Promise<boolean> {
    const { known, proofs, capabilities } = this.#account
    const records = recordCount(page)
    const beyond = await ask({ ...query, before: pastLast(page, query, capabilities) })
    if (this.#account.capabilities.timeFilter === 'unusable') return false
    if (!beyond.pins.some((pin) => pin.requestId === requestId)) return false
    if (hasAllPins(page, beyond.pins) && hasAllOddRecords(page, beyond)) return recordCount(beyond) < records
    // Pins may have come meanwhile. A list that is still as long, though it has more pins, is cut to this length.
    const again = await ask(query)
    if (recordCount(again) !== records || !proofs.isStatusFilterProven(query)) return false
    if (!(await this.#limit.findLongerPage(query, records, ask))) known.observeLargestPage(records)
    return false
  }

  #remember(key: string, end: ListEnd): void {
    this.#ends.delete(key)
    this.#ends.set(key, end)
    const [oldest] = this.#ends.keys()
    if (this.#ends.size > MAX_ENDS && oldest !== undefined) this.#ends.delete(oldest)
  }
}

/** Returns a `before` with which all pins of the second of a page's last pin come again, however the service rounds times. */
export function pastLast({ pins }: PinPage, query: ListQuery, capabilities: Capabilities): string | undefined {
  const last = pins.at(-1)
  if (last === undefined) return query.before
  return earlierBefore(query.before, (last.created.ns / SECOND_NS + 1n) * SECOND_NS, capabilities)
}

function countOlder({ pins }: PinPage, ns: bigint): number {
  return pins.filter(({ created }) => created.ns < ns).length
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((each) => whole.has(each))
}

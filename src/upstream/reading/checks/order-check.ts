import { floorToSecond, SECOND_NS } from '../../../domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../domain/pin.ts'
import { createPinFilter, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { hasAllOddRecords, hasAllPins, idsOf } from '../lists/compare-pages.ts'
import { isFull } from '../lists/is-full.ts'
import { isAfterSent, largestLimit } from '../lists/list-plan.ts'
import { timesOf } from '../lists/query-times.ts'
import { printTime, timeUnit } from '../lists/time-unit.ts'
import { walkKeyOf } from '../lists/walk-key.ts'
import { type AskForPage, askForMost, type CheckedAccount } from './page-check.ts'

/** Number of queries whose ranges are remembered. */
const MAX_RANGES = 100
/** Milliseconds after which a range is forgotten: statuses change, and a pin then moves from one run to another. */
const RANGE_MS = 60_000
/** Part of a long list that is compared with its newer part. The rest shows that the newer part was not cut. */
const COMPARED = 0.9

/** Times between which lists of a query have been sorted by time alone. */
interface SortedRange {
  /** Times in nanoseconds. Null: none. */
  readonly before: bigint | null
  readonly after: bigint | null
  /** Clock time when it was found out. */
  readonly at: number
}

/**
 * Finds out whether a page that was cut has all pins that are newer than its last one.
 *
 * Eleven times in a row that descend prove little: a service may list one status after the other, or one CID, or by anything
 * else that is not known, and each of these runs newest first. So the newer part of the list is requested alone. It must be shorter
 * than the page, so that it was not cut, and it must have no pin that the page lacks.
 *
 * Lists that mix statuses, CIDs and names are checked once, see `ListProofs.isOrderProven`. Lists that do not, as those of an account
 * whose pins are all pinned, are checked for each first page. For the pages that follow, a long list is checked once a minute.
 */
export class OrderCheck {
  readonly #account: CheckedAccount
  /** By query. */
  readonly #ranges = new Map<string, SortedRange>()

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /**
   * Returns the time in nanoseconds after which the page is known to have all pins. Null: nothing is known. Undefined: the order of the
   * service's lists is proven.
   *
   * @param page newest first
   */
  async wholeAfter(query: ListQuery, page: PinPage, ask: AskForPage): Promise<bigint | null | undefined> {
    const { proofs } = this.#account
    const last = page.pins.at(-1)
    if (last === undefined || proofs.isOrderProven(query)) return undefined
    if (query.before !== undefined && (await this.#isInSortedRange(query, page, last, ask))) return last.created.ns
    for (const after of boundsBehind(last.created.ns, page)) {
      if (proofs.isOrderProven(query)) return undefined
      if (await this.#isWholeAfter(after, query, page, ask)) return after
    }
    if (proofs.isOrderProven(query)) return undefined
    if (this.#isDisproved || !proofs.areRunsMixed(query)) return null
    // All pins of such a page share a second or two.
    const within = boundWithin(page, this.#account.capabilities)
    if (within !== null && (await this.#isWholeAfter(within, query, page, ask))) return undefined
    if (this.#isDisproved) return null
    // No list is shorter than such a page.
    proofs.observeOrder(query)
    return undefined
  }

  /** Compares a page with its newer part, though the order of lists was proven before. If it lacks pins, the order is disproved. */
  async compare(query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    const last = page.pins.at(-1)
    if (last === undefined) return
    for (const after of boundsBehind(last.created.ns, page))
      if (!this.#isDisproved && (await this.#isWholeAfter(after, query, page, ask))) return
  }

  /** True once a list has shown that it lacked newer pins. */
  get #isDisproved(): boolean {
    return this.#account.capabilities.order === 'none'
  }

  /** Returns whether a page that follows another lies in a range that is known to be sorted. Finds that out if nothing is known. */
  async #isInSortedRange(query: ListQuery, page: PinPage, last: Pin, ask: AskForPage): Promise<boolean> {
    const key = walkKeyOf(query)
    const { before } = timesOf(query)
    const isCovered = (range: SortedRange | undefined): boolean =>
      range !== undefined &&
      this.#account.clock.now() < range.at + RANGE_MS &&
      (range.before === null || (before !== null && before <= range.before)) &&
      (range.after === null || last.created.ns >= range.after)
    const known = this.#ranges.get(key)
    // What has been added since is newer than the pages that follow the first.
    if (isCovered(known) && known?.before !== before) return true
    if (query.limit >= largestLimit(this.#account.capabilities)) return false
    const at = this.#account.clock.now()
    const { sent, page: long } = await askForMost(query, this.#account.capabilities, ask)
    const { capabilities } = this.#account
    const isWhole = !isFull(sent, long, capabilities) && !long.looksCut
    const end = long.pins[Math.floor(long.pins.length * COMPARED)]?.created.ns
    if (capabilities.order !== 'newest-first' || end === undefined) return false
    let after: bigint | null | undefined = isWhole ? null : undefined
    for (const bound of after === undefined ? boundsBehind(end, long) : [])
      if (after === undefined && (await this.#isWholeAfter(bound, sent, long, ask))) after = bound
    if (after === undefined) return false
    const range = { before, after, at }
    this.#remember(key, range)
    const newer = long.pins.filter(({ created }) => created.ns > last.created.ns)
    return isCovered(range) && hasAllPins(page, newer.filter(createPinFilter(query)))
  }

  #remember(key: string, range: SortedRange): void {
    this.#ranges.delete(key)
    this.#ranges.set(key, range)
    const [oldest] = this.#ranges.keys()
    if (this.#ranges.size > MAX_RANGES && oldest !== undefined) this.#ranges.delete(oldest)
  }

  async #isWholeAfter(after: bigint, query: ListQuery, page: PinPage, ask: AskForPage): Promise<boolean> {
    const { known, proofs, capabilities } = this.#account
    const newer = page.pins.filter(({ created }) => created.ns > after)
    if (newer.length === 0 || !isAfterSent(capabilities) || (timesOf(query).after ?? after - 1n) >= after) return false
    // Statuses that are looked at after the cut would hide that the list was cut.
    const statuses = proofs.isStatusFilterProven(query) ? query.statuses : PIN_STATUSES
    const list = await ask({ ...query, statuses, after: printTime(after, capabilities) })
    if (!isAfterSent(this.#account.capabilities)) return false
    const isMatch = createPinFilter(query)
    const ids = idsOf(page.pins)
    const lacking = list.pins.filter((pin) => pin.created.ns > after && isMatch(pin) && !ids.has(pin.requestId))
    // A list that was cut, too, shows pins that the page lacks, but not that there are none. Pins may have come since the page.
    if (lacking.length > 0 && !hasAllPins(await ask(query), lacking)) known.observeUnsorted()
    if (lacking.length > 0 || recordCount(list) >= recordCount(page)) return false
    if (!hasAllPins(list, newer) || !hasAllOddRecords(page, list)) return false
    proofs.observeOrder(query)
    return true
  }
}

/**
 * Returns whole seconds from a time on, since services may round times to seconds, and include their bounds. The first pin that is newer
 * lies right behind them, so that the list shows whether the service misreads `after`.
 *
 * @param page newest first
 */
function boundsBehind(ns: bigint, { pins }: PinPage): readonly [bigint, bigint] {
  const next = ((ns + SECOND_NS - 1n) / SECOND_NS) * SECOND_NS
  const newer = pins.findLast(({ created }) => created.ns > next)?.created.ns ?? next
  const beforeNewer = floorToSecond(newer) - SECOND_NS
  const bound = beforeNewer > next ? beforeNewer : next
  return [bound, bound + SECOND_NS]
}

/**
 * Returns a time within the second of a page's last pin, with most of its pins behind it. Null where the service may round it.
 *
 * @param page newest first
 */
function boundWithin({ pins }: PinPage, capabilities: Capabilities): bigint | null {
  const unit = timeUnit(capabilities)
  const compared = pins[Math.floor(pins.length * COMPARED)]?.created.ns
  const last = pins.at(-1)?.created.ns
  if (unit === SECOND_NS || compared === undefined || last === undefined) return null
  const bound = compared - (compared % unit)
  return bound > last ? bound : null
}

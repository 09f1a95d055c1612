import type { Pin } from '../../../domain/pin.ts'
import { createPinFilter, type ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount, SMALLEST_CUT } from '../../http/pin-page.ts'
import { idsOf } from '../lists/compare-pages.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'
import type { StatusTest } from './plan-status-test.ts'

/** Maximum number of tests for one list. A list that is known to be whole gets one. */
const MOST_RUNS = 3

/** A list of all statuses, and the query for it. */
export interface AllStatuses {
  readonly sent: ListQuery
  readonly page: PinPage
  /** True if the list is known to be whole. */
  readonly isAll: boolean
  /** A list of some statuses, which has all pins of the list that match. */
  readonly part: PinPage
}

/**
 * Runs tests that show whether a service looks at statuses before it cuts a list to `limit`, or only afterwards: lists of one status
 * that a late filter would make shorter.
 */
export class StatusTests {
  readonly #account: CheckedAccount
  /** True once a list has shown that the service keeps to `limit`. */
  #isLimitHonoured = false

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /** Requests the list of a test until it shows something. The chances of its answers are taken together. */
  async run({ status, count, chance }: StatusTest, all: AllStatuses, ask: AskForPage): Promise<void> {
    const { known, proofs } = this.#account
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

/**
 * Returns whether a list has a pin that came after another list, which is whole or sorted, was made. The list may begin with this
 * status only because of that pin.
 */
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

import type { ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'

/**
 * A page with fewer records is never taken for cut: the specification's default `limit` is 10, so a service that cannot list
 * ten pins fails every client.
 */
const SMALLEST_CUT = 10
/** The specification's largest `limit`. A service that lists more has no largest page. */
const LARGEST_CUT = 1000

/**
 * Learns from the lengths of a service's pages whether a short page may have been cut.
 *
 * Some services cut a list to their own largest page without a word. A cut page looks like a whole list. Only a longer page
 * before it shows that it was not cut.
 */
export class LearnedPageSizes {
  #longest = 0
  #largestCount = 0
  #countsBeyondPages = false

  observe(page: PinPage): void {
    const records = recordCount(page)
    this.#longest = Math.max(this.#longest, records)
    this.#largestCount = Math.max(this.#largestCount, page.count ?? 0)
    this.#countsBeyondPages ||= (page.count ?? 0) > records
  }

  /** True once a `count` was larger than its page. So it is more than the length of the page. */
  get countsBeyondPages(): boolean {
    return this.#countsBeyondPages
  }

  /** Returns whether the service may stop counting there, as it may cut lists there: no `count` was larger. */
  mayStopCountingAt(count: number): boolean {
    return count >= SMALLEST_CUT && count >= this.#largestCount
  }

  /** Returns whether a page that is shorter than requested may have been cut, since no page was longer. */
  mayBeCut(query: ListQuery, page: PinPage): boolean {
    const records = recordCount(page)
    const isOneForEach = query.cids !== undefined && records <= query.cids.length
    const isLikeCut = records >= SMALLEST_CUT && records <= LARGEST_CUT && records >= this.#longest
    return isLikeCut && records < query.limit && !isOneForEach
  }
}

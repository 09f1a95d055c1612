import { type PinPage, recordCount, SMALLEST_CUT } from '../http/pin-page.ts'

/** The specification's largest `limit`. A service that lists more has no largest page. */
const LARGEST_CUT = 1000
/** Maximum number of pages that are remembered. A page that is forgotten costs a check, and nothing else. */
const MAX_PAGES = 8

/** The `limit` of a request, and the number of records of its answer. */
interface PageSize {
  readonly limit: number
  readonly records: number
}

/**
 * Learns from the lengths of pages whether a short page may have been cut.
 *
 * Some services cut a list to their own largest page without a word. A cut page looks like a whole list. Only a longer page
 * shows that it was not cut. That page must have been requested with the same `limit` or a larger one, since some services
 * return their default page where `limit` is too large for them.
 */
export class LearnedPageSizes {
  /** The largest `limit` of a list that was answered. 0 before the first. */
  largestLimit = 0
  /** Largest `limit` first. Each page is longer than those before it, so that none of them is superfluous. */
  #longest: readonly PageSize[] = []

  observe(limit: number, page: PinPage): void {
    this.largestLimit = Math.max(this.largestLimit, limit)
    const records = recordCount(page)
    if (records <= SMALLEST_CUT || records <= this.#longestAt(limit)) return
    const others = this.#longest.filter((other) => other.limit > limit || other.records > records)
    this.#longest = [...others, { limit, records }].sort((a, b) => b.limit - a.limit).slice(0, MAX_PAGES)
  }

  /** Returns whether a page that is shorter than requested may have been cut, since no page was longer. */
  looksCut(limit: number, page: PinPage): boolean {
    const records = recordCount(page)
    return records < limit && records >= SMALLEST_CUT && records <= LARGEST_CUT && records >= this.#longestAt(limit)
  }

  /** Returns whether any page with this `limit` may look cut. */
  mayLookCut(limit: number): boolean {
    return limit > SMALLEST_CUT && this.#longestAt(limit) < limit - 1
  }

  /** Number of records of the longest page that was requested with this `limit` or a larger one. */
  #longestAt(limit: number): number {
    return this.#longest.findLast((page) => page.limit >= limit)?.records ?? 0
  }
}

import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount, SMALLEST_CUT } from '../../http/pin-page.ts'

/** The known limits of a service. */
interface LimitLessons {
  readonly isStranger: boolean
  /** Learns that a list with a larger `limit` than this had so few records. */
  observeLargestLimit(limit: number, records: number): void
}

/**
 * Finds out whether a page of few pins, whose `count` claims more, is a default page in place of a list with a `limit` that is too large.
 * A shorter list, which every service honours, is longer then. It is requested once in a walk.
 */
export class DefaultPageCheck {
  readonly #known: LimitLessons
  /** The page in question, while a shorter list is requested. */
  #few: { readonly limit: number; readonly records: number } | null = null
  #hasBegun = false

  constructor(known: LimitLessons) {
    this.#known = known
  }

  /** Returns whether a shorter list may be requested after a page. */
  isOpen(page: PinPage): boolean {
    const records = recordCount(page)
    return !this.#hasBegun && this.#known.isStranger && records > 0 && records < SMALLEST_CUT
  }

  /** To be called when a shorter list is requested after a page. */
  begin({ limit }: ListQuery, page: PinPage): void {
    this.#hasBegun = true
    this.#few = { limit, records: recordCount(page) }
  }

  /** Learns from the shorter list. Returns whether it shows that the page was a default page. False for any other list. */
  observe({ limit }: ListQuery, page: PinPage): boolean {
    const few = this.#few
    this.#few = null
    if (few === null || limit >= few.limit || recordCount(page) <= few.records) return false
    this.#known.observeLargestLimit(limit, few.records)
    return true
  }
}

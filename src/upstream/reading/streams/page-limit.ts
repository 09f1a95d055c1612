import { SECOND_NS } from '../../../domain/instant.ts'
import { SMALLEST_CUT } from '../../http/pin-page.ts'
import { largestLimit } from '../lists/list-plan.ts'
import { timeUnit } from '../lists/time-unit.ts'
import type { PinSource } from '../pin-source.ts'

/**
 * Pins that may share a second with another pin. Enough for 95 % of the pages of an account that adds 20 pins a second: bytes
 * are cheap, requests are not.
 */
const TIES_IN_A_SECOND = 35

/** Minimum page size while the service's order is not known. A shorter page might be sorted by chance. */
const MIN_PAGE_OF_STRANGER = 11

/** The `limit` of a stream's next page. */
export class PageLimit {
  readonly #source: PinSource
  readonly #expected: number
  #limit: number

  /**
   * @param expected number of pins that the caller expects to take
   * @param isFirst true if the next page is the first of the list
   */
  constructor(source: PinSource, expected: number, isFirst: boolean) {
    this.#source = source
    this.#expected = expected
    this.#limit = this.#usual(isFirst)
  }

  get value(): number {
    return this.#limit
  }

  /** Returns to the usual limit, for a page after the first. */
  reset(): void {
    this.#limit = this.#usual(false)
  }

  /** Grows the limit after a page with more records than requested. Returns false when the limit is already the largest. */
  growToLargest(): boolean {
    const largest = largestLimit(this.#source.capabilities)
    if (this.#limit >= largest) return false
    this.#limit = largest
    return true
  }

  /** Lowers the limit to one that every service honours. Returns false when it is not larger. */
  shrink(): boolean {
    if (this.#limit <= SMALLEST_CUT) return false
    this.#limit = SMALLEST_CUT
    return true
  }

  /** Grows the limit after a page with too few pins. Returns false when the limit is already the largest. */
  grow(): boolean {
    const largest = largestLimit(this.#source.capabilities)
    if (this.#limit >= largest) return false
    this.#limit = Math.min(largest, this.#limit * 4)
    return true
  }

  /**
   * Returns a limit with room for the expected pins, for a held-back pin, and for the last pin, which `before` lets come
   * again. Where the clock counts seconds, there is room for the other pins of the same second too.
   */
  #usual(isFirst: boolean): number {
    const { capabilities, known } = this.#source
    // What such a service lists with a small limit shows too little.
    if (known.answers.ignoresLimit) return largestLimit(capabilities)
    const isCoarse = timeUnit(capabilities) === SECOND_NS && capabilities.createdDigits !== null
    const wanted = this.#expected + (isFirst ? 1 : 2) + (isCoarse ? TIES_IN_A_SECOND * (isFirst ? 1 : 2) : 0)
    return Math.min(
      largestLimit(capabilities),
      capabilities.order === null ? Math.max(wanted, MIN_PAGE_OF_STRANGER) : wanted,
    )
  }
}

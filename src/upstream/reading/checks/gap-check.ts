import { MalformedResponseError } from '../../../domain/errors.ts'
import type { ListQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'
import { timesOf } from '../lists/query-times.ts'
import type { OrderCheck } from './order-check.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'

/** Number of walks whose last pages are remembered. */
const MAX_WALKS = 100
/** Number of the last pins of a page whose times are remembered. The next page begins among them. */
const TAIL = 50
/** Number of differences that meant nothing, as where a `count` is late, after which none is looked into. */
const MOST_ERRORS = 3

/** What is remembered of the last page of a walk. */
interface LastPage {
  readonly query: ListQuery
  readonly count: number
  /** Number of its records. */
  readonly records: number
  /** Times of its last pins in nanoseconds. */
  readonly tail: readonly bigint[]
}

/**
 * Notices that pins are missing between two pages of a walk, by the `count`s of both. It costs nothing else.
 *
 * A service may list pins as they came. A block of pins that was imported with older times then lies in front of newer ones. If the first
 * page is in front of the block, nothing shows this but the counts: the rest has fewer pins than the page before left over.
 */
export class GapCheck {
  readonly #account: CheckedAccount
  readonly #order: OrderCheck
  /** By query, without `before` and `limit`. */
  readonly #lastPages = new Map<string, LastPage>()
  #errors = 0

  constructor(account: CheckedAccount, order: OrderCheck) {
    this.#account = account
    this.#order = order
  }

  /**
   * Compares a page with the one before it. Where its `count` is too small, both are looked into with two or three lists.
   *
   * @throws {MalformedResponseError} if the page before lacked pins that are newer than its last one
   */
  async check(query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    const { known, capabilities } = this.#account
    if (!known.isStranger || capabilities.order !== 'newest-first') return
    const last = this.#lastPages.get(keyOf(query))
    if (last !== undefined && this.#errors < MOST_ERRORS && hasGap(last, query, page)) {
      const again = await ask(last.query)
      const now = lastPageOf(last.query, again)
      // Pins may have been removed since.
      if (now !== null && hasGap(now, query, page)) await this.#look(last.query, again, ask)
    }
    this.#remember(query, page)
  }

  async #look(query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    await this.#order.compare(query, page, ask)
    if (this.#account.capabilities.order !== 'none') {
      this.#errors++
      return
    }
    const { service } = this.#account
    const message = `${service} does not list the newest pins first, so pages of this list lacked pins: begin again at the first page`
    throw new MalformedResponseError(message, { service })
  }

  #remember(query: ListQuery, page: PinPage): void {
    const last = lastPageOf(query, page)
    const key = keyOf(query)
    this.#lastPages.delete(key)
    if (last === null) return
    this.#lastPages.set(key, last)
    const [oldest] = this.#lastPages.keys()
    if (this.#lastPages.size > MAX_WALKS && oldest !== undefined) this.#lastPages.delete(oldest)
  }
}

/** Returns null for a page without a `count`, and for one that nothing follows. */
function lastPageOf(query: ListQuery, { count, pins, leftOut = [] }: PinPage): LastPage | null {
  const records = pins.length + leftOut.length
  if (count === null || count <= records) return null
  return { query, count, records, tail: pins.slice(-TAIL).map(({ created }) => created.ns) }
}

/** Returns whether a page that begins among the last pins of another has fewer pins behind it than the other one left over. */
function hasGap(last: LastPage, query: ListQuery, page: PinPage): boolean {
  const { before } = timesOf(query)
  const { before: lastBefore } = timesOf(last.query)
  if (before === null || page.count === null || (lastBefore !== null && lastBefore <= before)) return false
  const again = last.tail.filter((ns) => ns < before).length
  const isAmongLast = again > 0 && again < last.tail.length
  return isAmongLast && page.count < last.count - (last.records - again)
}

function keyOf(query: ListQuery): string {
  return JSON.stringify({ ...query, before: undefined, limit: undefined })
}

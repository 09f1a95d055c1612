import { MalformedResponseError } from '../../../domain/errors.ts'
import { parseInstant } from '../../../domain/instant.ts'
import type { ListQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'
import { timesOf } from '../lists/query-times.ts'
import { walkKeyOf } from '../lists/walk-key.ts'
import type { OrderCheck } from './order-check.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'

/** Number of walks of a token whose last pages are remembered. */
const MAX_WALKS = 10
/** Characters of a query, without its `before`, above which its pages are not remembered. */
const MAX_KEY_LENGTH = 1_000
/** Number of the last pins of a page whose times are remembered. The next page begins among them. */
const TAIL = 50
/** Milliseconds in which one gap of a token is looked into. A `count` that is late shows gaps where there are none. */
const LOOK_EVERY_MS = 60_000

/** The last page of a walk, as far as the next one is compared with it. */
interface LastPage {
  readonly before: string | undefined
  readonly limit: number
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
  /** By {@link walkKeyOf}. */
  readonly #lastPages = new Map<string, LastPage>()
  /** Clock time of the last look into a gap. */
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(account: CheckedAccount, order: OrderCheck) {
    this.#account = account
    this.#order = order
  }

  /**
   * Compares a page with the one before it. Where its `count` is too small, up to five lists look into both.
   *
   * @throws {MalformedResponseError} if the page before lacked pins that are newer than its last one
   */
  async check(query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    const { known, capabilities, clock } = this.#account
    if (!known.isStranger || capabilities.order !== 'newest-first') return
    const key = walkKeyOf(query)
    const last = this.#lastPages.get(key)
    const mayLook = clock.now() >= this.#lookedAt + LOOK_EVERY_MS
    if (mayLook && last !== undefined && hasGap(last, query, page)) {
      this.#lookedAt = clock.now()
      await this.#look(last, query, page, ask)
    }
    this.#remember(key, query, page)
  }

  /** Requests the page before once more, and compares it with its newer part if the gap is still there. */
  async #look(last: LastPage, query: ListQuery, page: PinPage, ask: AskForPage): Promise<void> {
    const sent = { ...query, before: last.before, limit: last.limit }
    const again = await ask(sent)
    const now = lastPageOf(sent, again)
    // Pins may have been removed since.
    if (now === null || !hasGap(now, query, page)) return
    await this.#order.compare(sent, again, ask)
    if (this.#account.capabilities.order !== 'none') return
    const { service } = this.#account
    const message = `${service} does not list the newest pins first, so pages of this list lacked pins: begin again at the first page`
    throw new MalformedResponseError(message, { service })
  }

  #remember(key: string, query: ListQuery, page: PinPage): void {
    const last = lastPageOf(query, page)
    this.#lastPages.delete(key)
    if (last === null || key.length > MAX_KEY_LENGTH) return
    this.#lastPages.set(key, last)
    const [oldest] = this.#lastPages.keys()
    if (this.#lastPages.size > MAX_WALKS && oldest !== undefined) this.#lastPages.delete(oldest)
  }
}

/** Returns null for a page without a `count`, and for one that nothing follows. */
function lastPageOf({ before, limit }: ListQuery, { count, pins, leftOut = [] }: PinPage): LastPage | null {
  const records = pins.length + leftOut.length
  if (count === null || count <= records) return null
  return { before, limit, count, records, tail: pins.slice(-TAIL).map(({ created }) => created.ns) }
}

/** Returns whether a page that begins among the last pins of another has fewer pins behind it than the other one left over. */
function hasGap(last: LastPage, query: ListQuery, page: PinPage): boolean {
  const { before } = timesOf(query)
  const lastBefore = last.before === undefined ? null : parseInstant(last.before).ns
  if (before === null || page.count === null || (lastBefore !== null && lastBefore <= before)) return false
  const again = last.tail.filter((ns) => ns < before).length
  const isAmongLast = again > 0 && again < last.tail.length
  return isAmongLast && page.count < last.count - (last.records - again)
}

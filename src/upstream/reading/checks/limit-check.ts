import type { ListQuery } from '../../http/list-query.ts'
import { recordCount } from '../../http/pin-page.ts'
import { askUnlessRefused } from '../lists/ask-unless-refused.ts'
import { OneAtATime } from './one-at-a-time.ts'
import type { AskForPage, CheckedAccount } from './page-check.ts'
import { tryUsualLimits } from './try-usual-limits.ts'

/**
 * Finds the largest `limit` that a service honours, once a list was shorter than its `limit` and than the account.
 *
 * Some services cut every list to their largest page. Others return their default page where `limit` is too large for them, so
 * that a smaller `limit` has a longer page. `RefusedLists` finds the largest `limit` of services that refuse larger ones.
 */
export class LimitCheck {
  readonly #account: CheckedAccount
  readonly #question = new OneAtATime()
  /** Length of the last page for which no smaller limit had a longer one. */
  #cutAt: number | undefined

  constructor(account: CheckedAccount) {
    this.#account = account
  }

  /**
   * Looks for a smaller limit with a longer page, and records it. It costs up to three requests, once for each length.
   *
   * @returns false if there is none
   */
  async findLongerPage(query: ListQuery, records: number, ask: AskForPage): Promise<boolean> {
    const { maxLimit } = this.#account.capabilities
    const isOpen = (): boolean => this.#cutAt !== records && this.#account.capabilities.maxLimit === maxLimit
    await this.#question.run(isOpen, async () => {
      const longer = await tryUsualLimits(records, query.limit, async (limit) => {
        const page = await askUnlessRefused({ ...query, limit }, ask)
        return page !== null && recordCount(page) > records ? limit : null
      })
      if (longer === null) this.#cutAt = records
      else this.#account.known.observeLargestLimit(longer, records)
    })
    return this.#cutAt !== records
  }
}

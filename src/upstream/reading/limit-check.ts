import { BadRequestError } from '../../domain/errors.ts'
import type { ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import type { AskForPage, CheckedService } from './page-check.ts'

/** Limits that a service may honour if it does not honour a larger one, largest first. */
const SMALLER_LIMITS = [500, 100, 50]

/**
 * Finds the largest `limit` that a service honours, once a list was shorter than its `limit` and than the account.
 *
 * Some services cut every list to their largest page. Others return their default page where `limit` is too large for them. So
 * a smaller `limit` may have a longer page.
 */
export class LimitCheck {
  readonly #service: CheckedService
  /** Length of the last page for which no smaller limit had a longer one. */
  #cutAt: number | undefined

  constructor(service: CheckedService) {
    this.#service = service
  }

  /**
   * Looks for a smaller limit with a longer page, and records it. It costs up to three requests, once for each length.
   *
   * @returns false if there is none
   */
  async findLongerPage(query: ListQuery, records: number, ask: AskForPage): Promise<boolean> {
    if (this.#cutAt === records) return false
    for (const limit of SMALLER_LIMITS) {
      if (limit >= query.limit || limit <= records) continue
      const page = await askUnlessRefused({ ...query, limit }, ask)
      if (page === null || recordCount(page) <= records) continue
      this.#service.known.observeLargestLimit(limit, records)
      return true
    }
    this.#cutAt = records
    return false
  }
}

async function askUnlessRefused(query: ListQuery, ask: AskForPage): Promise<PinPage | null> {
  try {
    return await ask(query)
  } catch (error) {
    if (error instanceof BadRequestError) return null
    throw error
  }
}

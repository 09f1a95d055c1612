import { PIN_STATUSES } from '../../domain/pin.ts'
import type { ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount, SharedPage } from '../http/pin-page.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import { EndCheck } from './end-check.ts'
import type { CheckedService, PageCheck } from './page-check.ts'
import { SeveralStatusesCheck } from './several-statuses-check.ts'
import { StatusFilterCheck } from './status-filter-check.ts'

/**
 * Checks pages of services that nobody knows, before they are believed to be whole.
 *
 * Pages of known providers are not checked. At any other service a check costs requests only while neither the configuration
 * (`count`; for several statuses `multiStatus`) nor an answer has shown how the service lists:
 *
 * - one for a page of ten or more pins that is shorter than requested, and up to three if the service ignores times;
 * - up to two for a page of several statuses, four if the account is empty; empty pages for live status at most once a minute,
 *   unless the account is known to have pins;
 * - two for a short page of some statuses, one for each such page while all pins have the same status, and more only above
 *   1,000 pins. None for live status.
 *
 * `docs/upstream-behaviours.md` says more.
 */
export class StrangerChecks {
  readonly #service: CheckedService
  readonly #severalStatuses: SeveralStatusesCheck
  readonly #statusFilter: StatusFilterCheck
  readonly #end: EndCheck

  /** @param service checks are made for one of its tokens */
  constructor(service: CheckedService) {
    this.#service = service
    this.#severalStatuses = new SeveralStatusesCheck(service)
    this.#end = new EndCheck(service)
    this.#statusFilter = new StatusFilterCheck(service, this.#severalStatuses, this.#end)
  }

  /**
   * Returns the page, with `looksCut` only if it still may have been cut. It may lack pins if the capabilities have changed:
   * then it must be requested again, as they say now.
   */
  async check(query: ListQuery, page: PinPage, check: PageCheck): Promise<PinPage> {
    const { known } = this.#service
    if (isOfSeveral(query, this.#service.capabilities)) await this.#severalStatuses.check(query, page, check)
    if (!known.isStranger) return page
    if (await this.#statusFilter.isWhole(query, page, check)) return withoutDoubt(page)
    const isOfAll = query.statuses.length === PIN_STATUSES.length
    const isByStatus = isOfAll || known.isStatusFilterProven || known.countsBeyondPages(page)
    if (!isByStatus || (!isOfAll && this.#service.capabilities.statusFilter === 'unusable')) return page
    return page.looksCut && (await this.#end.isWhole(query, page, check.ask)) ? withoutDoubt(page) : page
  }
}

/** Returns whether a list is empty, perhaps because the service understands only one status at a time. */
export function isEmptyOfSeveral(query: ListQuery, page: PinPage, capabilities: Capabilities): boolean {
  return recordCount(page) === 0 && isOfSeveral(query, capabilities)
}

function isOfSeveral({ statuses }: ListQuery, { multiStatus }: Capabilities): boolean {
  return statuses.length > 1 && multiStatus === null
}

/** Returns the page without `looksCut`. */
export function withoutDoubt(page: PinPage): PinPage {
  return page.looksCut ? new SharedPage(page.count, [...page.pins], page.leftOut) : page
}

import type { ListQuery } from '../../http/list-query.ts'
import { type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'

/**
 * Returns whether a page has as many records as were requested, or as many as the service lists at most. So pins may follow.
 *
 * Some services list one record more than requested.
 */
export function isFull({ limit }: ListQuery, page: PinPage, { maxLimit }: Pick<Capabilities, 'maxLimit'>): boolean {
  return recordCount(page) >= Math.min(limit, maxLimit)
}

/**
 * Returns whether a page has so many records that it was not cut where `limit` says. Some services ignore `limit`, and some list so
 * many pins of each status. So pins may be missing between those of the page, too.
 */
export function isOverfull({ limit }: ListQuery, page: PinPage): boolean {
  return recordCount(page) > limit + 1
}

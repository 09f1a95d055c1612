import type { ListQuery } from '../http/list-query.ts'
import { type PinPage, recordCount } from '../http/pin-page.ts'
import type { Capabilities } from '../providers/capabilities.ts'

/**
 * Returns whether a page has as many records as were requested, or as many as the service lists at most. So pins may follow.
 *
 * Some services list more records than requested: one more, or a length of their own whatever `limit` says.
 */
export function isFull({ limit }: ListQuery, page: PinPage, { maxLimit }: Pick<Capabilities, 'maxLimit'>): boolean {
  return recordCount(page) >= Math.min(limit, maxLimit)
}

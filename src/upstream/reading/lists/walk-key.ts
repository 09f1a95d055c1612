import type { ListQuery } from '../../http/list-query.ts'

/** Returns a text that is equal for all pages of a walk: for queries that differ in `before` and `limit` only. */
export function walkKeyOf(query: ListQuery): string {
  return JSON.stringify({ ...query, before: undefined, limit: undefined })
}

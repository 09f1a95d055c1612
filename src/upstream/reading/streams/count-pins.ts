import type { PinQuery } from '../../http/list-query.ts'
import type { TenantCallOptions } from '../../service/tenant-call-options.ts'
import { countIn, isCountExact, isUncountable } from '../lists/list-counts.ts'
import { planQuery } from '../lists/list-plan.ts'
import type { PinSource } from '../pin-source.ts'
import { PinStream } from './pin-stream.ts'

/**
 * Returns the number of pins that match a query; null where the service does not reveal it.
 *
 * If the service's own `count` is exact for the query, this costs one list of one pin. Otherwise it costs one list of as
 * many pins as fit, or the whole list where lists come in no useful order. A query with many CIDs costs that much for each
 * part of at most ten. Lists of an unknown service cost more until it is known, see `StrangerChecks`.
 *
 * @throws whatever `listPins` of the source throws, also `signal.reason` when aborted
 */
export async function countPins(
  source: PinSource,
  query: PinQuery,
  options: TenantCallOptions = {},
): Promise<number | null> {
  const counts = await Promise.all(source.splitQuery(query).map((part) => countPart(source, part, options)))
  return sumOfCounts(counts)
}

/** Adds counts up. Null if any of them is not known. */
export function sumOfCounts(counts: readonly (number | null)[]): number | null {
  return counts.reduce<number | null>((sum, count) => (sum === null || count === null ? null : sum + count), 0)
}

async function countPart(source: PinSource, query: PinQuery, options: TenantCallOptions): Promise<number | null> {
  if (!source.known.isStranger && isCountExact(query, source.capabilities)) {
    const sent = { ...planQuery(query, source.capabilities), limit: 1 }
    const page = await source.listPins(sent, options)
    const count = countIn(page, sent, { query, capabilities: source.capabilities })
    if (count !== null || isUncountable(page, query, source.capabilities)) return count
  }
  const stream = new PinStream(source, query, { ...options, expected: 1000, isForCount: true })
  await stream.start()
  return stream.count
}

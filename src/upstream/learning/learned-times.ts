import { compareInstants, floorToSecond, type Instant, parseInstant, SECOND_NS } from '../../domain/instant.ts'
import type { ListQuery } from '../http/list-query.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { Disproof } from './disproof.ts'

/**
 * Returns the largest number of fraction digits that the service is known to give, after a list with these times. Services
 * may trim zeros at the end, so shorter fractions show nothing.
 *
 * @param known the number before the list; null when none is known
 * @returns null if the list has no times and nothing was known before
 */
export function mostDigits(times: readonly Instant[], known: number | null): number | null {
  const digits = times.reduce((most, time) => Math.max(most, time.digits), known ?? -1)
  return digits >= 0 ? digits : null
}

/** Returns what the times of a list show about a time filter that they disprove; null if they do not disprove it. */
export function disproveTimeFilter(
  { before, after }: ListQuery,
  times: readonly Instant[],
  { timeFilter, honoursAfter }: Pick<Capabilities, 'timeFilter' | 'honoursAfter'>,
): Disproof | null {
  if (timeFilter === 'unusable') return null
  const latest = before === undefined ? null : parseInstant(before)
  const earliest = after === undefined ? null : parseInstant(after)
  const outside = times.filter(
    (time) =>
      (latest !== null && compareInstants(time, latest) >= 0) ||
      (earliest !== null && compareInstants(time, earliest) <= 0),
  )
  // Some services round `before` up to the next second, whole seconds too, and `after` down to the whole second.
  const proof = 'a list had pins far from the time asked for'
  if (latest !== null && outside.some(({ ns }) => ns > latest.ns + SECOND_NS))
    return { change: { timeFilter: 'unusable' }, capability: 'timeFilter', proof }
  // Some services ignore `after` only.
  if (earliest !== null && outside.some(({ ns }) => ns < floorToSecond(earliest.ns))) {
    return honoursAfter ? { change: { honoursAfter: false }, capability: 'honoursAfter', proof } : null
  }
  if (timeFilter !== 'exact' || outside.length === 0) return null
  const onBorder = 'a list had pins on the border of the time asked for'
  return { change: { timeFilter: 'loose' }, capability: 'timeFilter', proof: onBorder }
}

import { MalformedResponseError } from '../../domain/errors.ts'
import { parseInstant } from '../../domain/instant.ts'
import type { Pin } from '../../domain/pin.ts'
import type { ListQuery, PinQuery } from '../http/list-query.ts'
import { type LeftOut, recordCount } from '../http/wire.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'
import { claimsMore, largestLimit, printTime, timeUnit } from './list-plan.ts'
import type { PinSource } from './pin-source.ts'

/** Our own largest limit, for services without one. */
const LARGEST_LIMIT = 1_000_000

/**
 * Reads every pin that a query returns, from a service whose lists come in no useful order.
 *
 * A list that was cut is requested again with a larger limit, if the service allows one. Otherwise its time range is split
 * into two halves that overlap at the border. Pins may come twice.
 *
 * @param query planned for the service
 * @throws {MalformedResponseError} when the rest of a cut list cannot be reached, because more pins share one instant than
 *   a list can hold, or because the service does not filter by time
 */
export async function readAllPins(
  source: PinSource,
  query: PinQuery,
  options: TenantCallOptions,
): Promise<{ readonly pins: readonly Pin[]; readonly leftOut: readonly LeftOut[] }> {
  const found: Pin[] = []
  const leftOut: LeftOut[] = []
  const windows: PinQuery[] = [query]
  let limit = largestLimit(source.capabilities)
  for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
    const sent: ListQuery = { ...window, limit }
    const page = await source.listPins(sent, options)
    found.push(...page.pins)
    leftOut.push(...(page.leftOut ?? []))
    const { capabilities, known, service } = source
    const largest = Math.min(capabilities.maxLimit, LARGEST_LIMIT)
    const records = recordCount(page)
    const isFull = records === limit
    if (isFull && limit < largest) {
      limit = Math.min(largest, Math.max(limit * 4, (page.count ?? 0) + 100))
      windows.push(window)
    } else if (isFull || (records > 0 && claimsMore(sent, page, capabilities))) {
      const parts = splitWindow(window, page.pins, capabilities)
      windows.push(...parts)
      // A short page that cannot be split must be complete, whatever its `count` says.
      if (parts.length === 0 && isFull) throw tooMany(service, limit)
      if (parts.length === 0) known.observeWrongCount(sent)
    }
  }
  return { pins: found, leftOut }
}

/** Returns the time ranges that are still to be read after some pins of a range came. Empty if the range cannot be split. */
function splitWindow(window: PinQuery, pins: readonly Pin[], capabilities: Capabilities): PinQuery[] {
  if (capabilities.timeFilter === 'unusable' || pins.length === 0) return []
  const unit = timeUnit(capabilities.createdDigits)
  const units = pins.map((pin) => pin.created.ns / unit).sort((a, b) => (a < b ? -1 : Number(a > b)))
  const print = (at: bigint): string => printTime(at * unit, capabilities)
  if (capabilities.order === 'oldest-first') {
    // The list is sorted, so all pins up to the last one's instant have come.
    const after = print((units.at(-1) as bigint) - 1n)
    return after === window.after ? [] : [{ ...window, after }]
  }
  let border = units[units.length >> 1] as bigint
  if (window.before !== undefined && (border + 1n) * unit >= parseInstant(window.before).ns) border--
  const older = { ...window, before: print(border + 1n) }
  const newer = { ...window, after: print(border) }
  const isNarrower = older.before !== window.before && newer.after !== window.after
  return isNarrower ? [older, newer] : []
}

function tooMany(service: string, count: number): MalformedResponseError {
  return new MalformedResponseError(
    `${service} lists its pins in no order and cuts the list at ${count}: the rest cannot be reached`,
    { service },
  )
}

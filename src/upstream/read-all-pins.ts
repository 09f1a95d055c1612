import { MalformedResponseError } from '../domain/errors.ts'
import { formatInstant, parseInstant } from '../domain/instant.ts'
import type { Pin } from '../domain/pin.ts'
import type { Capabilities } from './capabilities.ts'
import { timeUnit } from './list-plan.ts'
import type { ListQuery, PinQuery } from './list-query.ts'
import type { PinPage } from './wire.ts'

/** A stretch of time that is still to be read. */
interface Window {
  readonly after: string | undefined
  readonly before: string | undefined
}

const FIRST_LIMIT = 1000
/** Where a service names no largest limit, this one is ours. */
const LARGEST_LIMIT = 1_000_000

/**
 * Reads everything that a query returns from a service whose lists come in no useful order, each pin once.
 *
 * A list that was cut is asked for again with a larger limit where the service has no largest one, and otherwise in two
 * halves of its time. Halves overlap by one unit of time, so that pins on the border are in both.
 *
 * @param query planned for the service
 * @throws {MalformedResponseError} when more pins share one instant than a list can hold
 */
export async function readAllPins(
  service: string,
  list: (query: ListQuery) => Promise<PinPage>,
  query: PinQuery,
  capabilities: () => Capabilities,
): Promise<Pin[]> {
  const found = new Map<string, Pin>()
  const windows: Window[] = [{ after: query.after, before: query.before }]
  let limit = FIRST_LIMIT
  for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
    const page = await list({ ...query, ...window, limit })
    for (const pin of page.pins) found.set(pin.requestId, pin)
    const isCut =
      page.pins.length === limit || (page.pins.length > 0 && page.pins.length < limit && hasMore(page, capabilities()))
    if (!isCut) continue
    const largest = Math.min(capabilities().maxLimit, LARGEST_LIMIT)
    if (limit < largest && page.pins.length === limit) {
      limit = Math.min(largest, Math.max(limit * 4, (page.count ?? 0) + 100))
      windows.push(window)
    } else {
      windows.push(...split(service, window, page.pins, capabilities()))
    }
  }
  return [...found.values()]
}

/** A page shorter than asked for, of a service that says there is more and can be believed. */
function hasMore(page: PinPage, { count, timeFilter }: Capabilities): boolean {
  return count === 'matching' && timeFilter !== 'loose' && (page.count ?? 0) > page.pins.length
}

function split(service: string, window: Window, pins: readonly Pin[], capabilities: Capabilities): Window[] {
  const times = pins.map((pin) => parseInstant(pin.created).ns).sort((a, b) => (a < b ? -1 : Number(a > b)))
  const unit = timeUnit(capabilities.createdDigits)
  const print = (ns: bigint): string => formatInstant(ns, Math.min(3, capabilities.createdDigits ?? 3))
  const pivot = capabilities.order === 'oldest-first' ? times.at(-1) : times[times.length >> 1]
  if (pivot === undefined || capabilities.timeFilter !== 'exact') throw tooMany(service, pins.length)
  const floor = (pivot / unit) * unit
  const older = { after: window.after, before: print(floor + unit) }
  const newer = { after: print(floor - unit), before: window.before }
  // Read from the oldest on, everything up to the last pin is known.
  const parts = capabilities.order === 'oldest-first' ? [newer] : [older, newer]
  const isSame = (part: Window): boolean => part.after === window.after && part.before === window.before
  if (parts.some(isSame)) throw tooMany(service, pins.length)
  return parts
}

function tooMany(service: string, count: number): MalformedResponseError {
  return new MalformedResponseError(
    `${service} lists its pins in no order and cuts the list at ${count}: the rest cannot be reached`,
    { service },
  )
}

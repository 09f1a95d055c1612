import { BadRequestError, MalformedResponseError } from '../../domain/errors.ts'
import { parseInstant } from '../../domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import type { ListQuery, PinQuery } from '../http/list-query.ts'
import { type LeftOut, type PinPage, recordCount } from '../http/pin-page.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'
import { isSurelySorted } from './is-surely-sorted.ts'
import { claimsMore, isCutShort, largestLimit, printTime, SECOND_NS, timeUnit } from './list-plan.ts'
import type { PinSource } from './pin-source.ts'

/** Largest limit that pinql requests of services without one. */
const LARGEST_LIMIT = 1_000_000

/** Number of pins that the specification lists without a `limit`. */
const SPECIFIED_PAGE = 10

/** A part of the pins that is still to be read. */
interface Window {
  readonly query: PinQuery
  /** Pins that an earlier list had. The lists of this window must have them too, or the service rounds times. */
  readonly witnesses?: readonly Pin[]
}

/**
 * Reads every pin that a query returns, from a service whose lists come in no useful order.
 *
 * A list that was cut is requested again with a larger limit, if the service allows one. Otherwise its time range is split
 * into two halves that overlap at the border; then it is read one status at a time; and at last with a limit above the
 * specification's. Pins may come twice.
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
  const windows: Window[] = [{ query }]
  let limit = largestLimit(source.capabilities)
  const list = async (sent: ListQuery): Promise<PinPage> => {
    const page = await source.listPins(sent, options)
    found.push(...page.pins)
    leftOut.push(...(page.leftOut ?? []))
    return page
  }
  for (let window = windows.pop(); window !== undefined; window = windows.pop()) {
    const sent: ListQuery = { ...window.query, limit }
    const page = await list(sent)
    const { capabilities, known, service } = source
    const largest = Math.min(capabilities.maxLimit, LARGEST_LIMIT)
    const isFull = recordCount(page) === limit
    const isCut = isFull || isCutShort(sent, page, capabilities)
    if (isRounded(window, page, isCut, capabilities)) {
      // What was split within seconds may lack pins. From now on, all is split at whole seconds.
      known.observeRoundedTime()
      windows.splice(0, windows.length, { query })
      continue
    }
    if (!isCut) continue
    if (isFull && limit < largest) {
      limit = Math.min(largest, Math.max(limit * 4, (page.count ?? 0) + 100))
      windows.push(window)
      continue
    }
    const parts = splitTime(window, page.pins, capabilities) ?? splitStatuses(window.query, capabilities)
    if (parts) windows.push(...parts)
    else if (isFull && (await exceedsLimit(sent, page, list))) {
      known.observeLargerPage(limit)
      windows.push(window)
    } else if (isFull || (page.looksCut && !(await isProvenWhole(source, sent, page, list))))
      throw tooMany(service, page)
    // A short page that cannot be split must be complete, whatever its `count` says.
    else if (claimsMore(sent, page, capabilities)) known.observeWrongCount(sent)
  }
  return { pins: found, leftOut }
}

/** Returns whether a list has more pins when it is asked for more than the specification allows. */
async function exceedsLimit(
  sent: ListQuery,
  { count }: PinPage,
  list: (sent: ListQuery) => Promise<PinPage>,
): Promise<boolean> {
  try {
    return recordCount(await list({ ...sent, limit: Math.max(sent.limit * 5, (count ?? 0) + 100) })) > sent.limit
  } catch (error) {
    if (error instanceof BadRequestError) return false
    throw error
  }
}

/**
 * Returns whether other lists show that a list that is shorter than requested was not cut: a longer list; a list of one pin
 * whose `count` is the length of this one; or a list as long as this one though no limit was asked for, where the
 * specification allows ten pins.
 */
async function isProvenWhole(
  { capabilities: { multiStatus }, known }: PinSource,
  sent: ListQuery,
  page: PinPage,
  list: (sent: ListQuery) => Promise<PinPage>,
): Promise<boolean> {
  const { limit } = sent
  // A service may demand what the specification leaves to choice.
  const tryList = (query: ListQuery): Promise<PinPage | null> =>
    list(query).catch((error: unknown) => {
      if (error instanceof BadRequestError) return null
      throw error
    })
  // Where only one status can be requested, most services list all statuses if none is.
  await tryList({ statuses: multiStatus === false ? [] : PIN_STATUSES, limit })
  if (!known.looksCut(sent, page)) return true
  const records = recordCount(page)
  if (page.count === records) {
    const { count } = await list({ ...sent, limit: 1 })
    if (count === records && known.hasHonestCount(page)) return true
  }
  if (records === SPECIFIED_PAGE) return false
  const unlimited = await tryList({ ...sent, limit: Number.POSITIVE_INFINITY })
  const isUncut = unlimited !== null && recordCount(unlimited) >= records
  if (isUncut) known.observeUncutPage(records)
  return isUncut
}

/** Returns whether a list shows that the service rounds the times of a window that was split within a second. */
function isRounded({ query, witnesses }: Window, { pins }: PinPage, isCut: boolean, { order }: Capabilities): boolean {
  if (!witnesses) return false
  const { before, after } = timesOf(query)
  if (pins.some(({ created: { ns } }) => (before !== null && ns > before) || (after !== null && ns < after)))
    return true
  const ids = new Set(pins.map(({ requestId }) => requestId))
  const missing = witnesses.filter(({ requestId }) => !ids.has(requestId))
  if (!isCut) return missing.length > 0
  // A sorted list that was cut has everything before its last pin. The parts of any other have the same witnesses.
  const last = pins.at(-1)?.created
  return order === 'oldest-first' && missing.some(({ created }) => last !== undefined && created.ns < last.ns)
}

/**
 * Returns the time ranges that are still to be read after some pins of a range came. Null if the range cannot be split.
 *
 * A service may round times to seconds, so ranges are split at whole seconds as long as that helps.
 */
function splitTime({ query, witnesses }: Window, pins: readonly Pin[], capabilities: Capabilities): Window[] | null {
  if (capabilities.timeFilter === 'unusable' || pins.length === 0) return null
  const unit = timeUnit(capabilities)
  const isProven = capabilities.timeDigits !== null || unit === SECOND_NS
  const whole = isProven ? null : splitAt(SECOND_NS, query, pins, capabilities)
  const parts = whole ?? splitAt(unit, query, pins, capabilities)
  if (parts === null || isProven || (whole && !witnesses)) return parts?.map((part) => ({ query: part })) ?? null
  const all = [...(witnesses ?? []), ...pins]
  return parts.map((part) => ({ query: part, witnesses: all.filter(isWithin(part)) }))
}

function splitAt(unit: bigint, query: PinQuery, pins: readonly Pin[], capabilities: Capabilities): PinQuery[] | null {
  const times = pins.map((pin) => pin.created.ns).sort((a, b) => (a < b ? -1 : Number(a > b)))
  const [first, middle, last] = [times[0], times[times.length >> 1], times.at(-1)] as [bigint, bigint, bigint]
  const { before, after } = timesOf(query)
  // Where no time lies between two units, a service that includes its bounds can be asked for one unit alone.
  const isOnGrid = times.every((time) => time % unit === 0n)
  const print = (ns: bigint): string => printTime(ns, capabilities)
  // A list in no order may have come sorted by chance.
  if (capabilities.order === 'oldest-first' && isSurelySorted(pins.toReversed())) {
    // The list is sorted, so all pins before the last one's instant have come.
    let from = ((last - 1n) / unit) * unit
    if (from === after && isOnGrid && first === after && last > first) from += unit
    return after !== null && from <= after ? null : [{ ...query, after: print(from) }]
  }
  const includesBefore = isOnGrid && last === before
  const includesAfter = isOnGrid && first === after
  // Most pins may be of one instant at the border of the range, while others are far from it.
  for (const time of [middle, (first + last) / 2n]) {
    let border = (time / unit) * unit
    if (before !== null && (includesBefore ? border : border + unit) >= before) border -= unit
    const end = includesBefore ? border : border + unit
    const start = includesAfter ? border + unit : border
    const isNarrower = (before === null || end < before) && (after === null || start > after)
    if (isNarrower)
      return [
        { ...query, before: print(end) },
        { ...query, after: print(start) },
      ]
  }
  return null
}

/** Reads one status at a time, in the order in which pins go through them. */
function splitStatuses(query: PinQuery, { statusFilter }: Capabilities): Window[] | null {
  if (statusFilter === 'unusable' || query.statuses.length < 2) return null
  // The last window is read first.
  return PIN_STATUSES.filter((status) => query.statuses.includes(status))
    .map((status) => ({ query: { ...query, statuses: [status] } }))
    .reverse()
}

function isWithin(query: PinQuery): (pin: Pin) => boolean {
  const { before, after } = timesOf(query)
  return ({ created: { ns } }) => (before === null || ns < before) && (after === null || ns > after)
}

function timesOf({ before, after }: PinQuery): { readonly before: bigint | null; readonly after: bigint | null } {
  return {
    before: before === undefined ? null : parseInstant(before).ns,
    after: after === undefined ? null : parseInstant(after).ns,
  }
}

function tooMany(serviceName: string, page: PinPage): MalformedResponseError {
  const count = recordCount(page)
  const isOneInstant = page.pins.every(({ created }) => created.ns === page.pins[0]?.created.ns)
  const message = isOneInstant
    ? `${serviceName} has more than ${count} pins of one instant, or lists the same ones whatever time is asked for`
    : `${serviceName} cuts the list at ${count}: the rest cannot be reached`
  return new MalformedResponseError(message, { service: serviceName })
}

import { BadRequestError, MalformedResponseError } from '../../domain/errors.ts'
import { SECOND_NS } from '../../domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import { hasFilter, type ListQuery, type PinQuery } from '../http/list-query.ts'
import { type LeftOut, type PinPage, recordCount } from '../http/pin-page.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'
import { isFull, isOverfull } from './is-full.ts'
import { isProvenWhole } from './is-proven-whole.ts'
import { isSurelySorted } from './is-surely-sorted.ts'
import { claimsMore, isCutShort } from './list-counts.ts'
import { isAfterSent, largestLimit } from './list-plan.ts'
import type { PinSource } from './pin-source.ts'
import { isWithinSecond, RoundingCheck, timesOf } from './rounding-check.ts'
import { sortedTimes } from './sorted-times.ts'
import { printTime, timeUnit, unitOfDigits } from './time-unit.ts'

/** Largest limit that pinql requests of services without one. */
const LARGEST_LIMIT = 1_000_000

/** A part of the pins that is still to be read. */
interface Window {
  readonly query: PinQuery
  /** True if all pins before the window have come, and one that its list must have again. */
  readonly isContinued?: boolean
}

/** The records of all lists. Pins may come twice. */
interface AllPins {
  readonly pins: readonly Pin[]
  readonly leftOut: readonly LeftOut[]
}

/**
 * Reads every pin that a query returns, from a service whose lists come in no useful order.
 *
 * A list that was cut is requested again with a larger limit, if the service allows one. Otherwise its time range is split
 * into two halves that overlap at the border; then it is read one status at a time; then one CID; and at last with a limit above the
 * specification's. If nothing helps, a list without filters may be longer. The result may have a pin twice, and pins that do not match.
 *
 * @param query planned for the service
 * @throws {MalformedResponseError} when the rest of a cut list cannot be reached, because more pins share one instant than
 *   a list can hold, or because the service does not filter by time
 */
export function readAllPins(source: PinSource, query: PinQuery, options: TenantCallOptions): Promise<AllPins> {
  return new AllPinsReading(source, query, options).run()
}

/** One run of `readAllPins`. */
class AllPinsReading {
  readonly #source: PinSource
  readonly #query: PinQuery
  readonly #options: TenantCallOptions
  readonly #found: Pin[] = []
  readonly #leftOut: LeftOut[] = []
  readonly #windows: Window[]
  readonly #rounding = new RoundingCheck()
  /** True if only whole seconds are requested, since it stayed open whether the service rounds times to them. */
  #isCoarse = false
  #isUnfiltered = false
  #limit: number

  constructor(source: PinSource, query: PinQuery, options: TenantCallOptions) {
    this.#source = source
    this.#query = query
    this.#options = options
    this.#windows = [{ query }]
    this.#limit = largestLimit(source.capabilities)
  }

  async run(): Promise<AllPins> {
    for (let window = this.#next(); window !== undefined; window = this.#next()) await this.#read(window)
    return { pins: this.#found, leftOut: this.#leftOut }
  }

  #next(): Window | undefined {
    if (this.#windows.length === 0 && this.#rounding.isOpen) this.#startOver()
    return this.#windows.pop()
  }

  async #read(window: Window): Promise<void> {
    const sent: ListQuery = { ...window.query, limit: this.#limit }
    const page = await this.#list(sent)
    const { known, capabilities: current } = this.#source
    const capabilities: Capabilities = this.#isCoarse ? { ...current, timeDigits: 0 } : current
    if (this.#readAgain(window, sent, page, capabilities)) return
    const isFullPage = isFull(sent, page, capabilities)
    const parts =
      isFullPage || isCutShort(sent, page, capabilities) ? this.#split(window, sent, page, capabilities) : null
    if (parts !== null) this.#windows.push(...parts)
    else if (isOverfull(sent, page) && this.#limit >= 1000) {
      // A service that lists more than the specification allows has no largest page.
    } else if (isFullPage) {
      if (!(await exceedsLimit(sent, page, this.#list))) return this.#readUnfiltered(page)
      known.observeLargerPage(this.#limit)
      this.#windows.push(window)
      return
    } else if (page.looksCut && !(await isProvenWhole(this.#source, sent, page, this.#list))) {
      return this.#readUnfiltered(page)
    }
    // A short page that cannot be split must be complete, whatever its `count` says.
    else if (claimsMore(sent, page, capabilities)) known.observeWrongCount(sent)
    // A list that continues another must have a pin of it again. A list without pins may lack some.
    const isJoined = window.isContinued === true && page.pins.length > 0
    if (parts === null || parts[0]?.isContinued) this.#rounding.relyOn(sent, isJoined, capabilities)
  }

  #list = async (sent: ListQuery): Promise<PinPage> => {
    const page = await this.#source.listPins(sent, this.#options)
    this.#found.push(...page.pins)
    this.#leftOut.push(...(page.leftOut ?? []))
    return page
  }

  /** Plans to read a window again with another limit, or everything at whole seconds. Returns false if the page can be used. */
  #readAgain(window: Window, sent: ListQuery, page: PinPage, capabilities: Capabilities): boolean {
    const largest = Math.min(capabilities.maxLimit, LARGEST_LIMIT)
    // The answer, or its check, may have shown that a smaller limit has longer lists.
    if (page.looksCut && capabilities.maxLimit < this.#limit && capabilities.maxLimit > recordCount(page)) {
      this.#limit = capabilities.maxLimit
      this.#windows.push(window)
      return true
    }
    const isFullPage = isFull(sent, page, capabilities)
    const { known } = this.#source
    const isCut = isFullPage || isCutShort(sent, page, capabilities)
    // Another list may have shown it since these times were planned. Times in whole seconds were sent where only they are taken.
    const isOutdated = known.answers.timeForm !== 'whole' && capabilities.timeDigits === 0 && isWithinSecond(sent)
    if (isOutdated || this.#rounding.isRounded(sent, page, isCut, capabilities)) {
      known.observeRoundedTime()
      this.#startOver()
      return true
    }
    if (!isFullPage || this.#limit >= largest) return false
    this.#limit = Math.min(largest, Math.max(this.#limit * 4, (page.count ?? 0) + 100))
    this.#windows.push(window)
    return true
  }

  /** Returns the parts of a window whose list was cut. Null if it cannot be split. */
  #split(window: Window, sent: ListQuery, page: PinPage, capabilities: Capabilities): Window[] | null {
    const byTime = splitTime(window, page.pins, capabilities)
    if (byTime !== null || this.#isUnfiltered) return byTime
    const mayLackCids = isFull(sent, page, capabilities) || page.looksCut
    return splitStatuses(window.query, capabilities) ?? (mayLackCids ? splitCids(window.query) : null)
  }

  /**
   * Starts again from the whole query, since ranges that were split within a second may lack pins. From now on, ranges are
   * split at whole seconds.
   */
  #startOver(): void {
    this.#isCoarse = true
    this.#beginWith((this.#isUnfiltered && withoutFilters(this.#query, this.#source)) || this.#query)
  }

  /**
   * Some services cut filtered lists shorter than others. Then everything is read instead, and the caller filters it. Statuses are
   * filters, too, so nothing is read one status at a time from then on.
   */
  #readUnfiltered(page: PinPage): void {
    const wider = withoutFilters(this.#query, this.#source)
    if (wider === null || this.#isUnfiltered) throw tooMany(this.#source.service, page)
    this.#isUnfiltered = true
    this.#beginWith(wider)
  }

  #beginWith(query: PinQuery): void {
    this.#rounding.reset()
    this.#windows.splice(0, this.#windows.length, { query })
  }
}

/** Returns whether a list has more pins when it is asked for more than the specification allows. */
async function exceedsLimit(
  sent: ListQuery,
  page: PinPage,
  list: (sent: ListQuery) => Promise<PinPage>,
): Promise<boolean> {
  try {
    const larger = await list({ ...sent, limit: Math.max(sent.limit * 5, (page.count ?? 0) + 100) })
    return recordCount(larger) > recordCount(page)
  } catch (error) {
    if (error instanceof BadRequestError) return false
    throw error
  }
}

/**
 * Returns the time ranges that are still to be read after some pins of a range came. Null if the range cannot be split.
 *
 * A service may round times to seconds, so ranges are split at whole seconds as long as that helps.
 */
function splitTime({ query }: Window, pins: readonly Pin[], capabilities: Capabilities): Window[] | null {
  // One bound alone does not narrow a range.
  if (!isAfterSent(capabilities) || pins.length === 0) return null
  const unit = timeUnit(capabilities)
  const isProven = capabilities.timeDigits !== null || unit === SECOND_NS
  return (isProven ? null : splitAt(SECOND_NS, query, pins, capabilities)) ?? splitAt(unit, query, pins, capabilities)
}

function splitAt(unit: bigint, query: PinQuery, pins: readonly Pin[], capabilities: Capabilities): Window[] | null {
  const times = sortedTimes(pins)
  const [first, middle, last] = [times[0], times[times.length >> 1], times.at(-1)] as [bigint, bigint, bigint]
  const { before, after } = timesOf(query)
  // Where no time lies between two units, a service that includes its bounds can be asked for one unit alone. If the service may have
  // finer times, pins that a cut list lacks may lie there.
  const isOnGrid = unitOfDigits(capabilities.createdDigits ?? 9) % unit === 0n
  const print = (ns: bigint): string => printTime(ns, capabilities)
  // A list in no order may have come sorted by chance.
  if (capabilities.order === 'oldest-first' && isSurelySorted(pins.toReversed())) {
    // The list is sorted, so all pins before the last one's instant have come.
    let from = ((last - 1n) / unit) * unit
    // A service that rounds times down, or in the first half of a second, lists a pin at `after` too. It may not at the next unit, if
    // that is a whole second or the end of the half.
    const isSameHalf = after === null || after % SECOND_NS === 0n || last % (SECOND_NS / 2n) !== 0n
    const isIncluded = isOnGrid && first === after && (isSameHalf || capabilities.timeDigits !== null)
    if (from === after && isIncluded && last > first) from += unit
    return after !== null && from <= after ? null : [{ query: { ...query, after: print(from) }, isContinued: true }]
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
    if (isNarrower) return [{ query: { ...query, before: print(end) } }, { query: { ...query, after: print(start) } }]
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

/** Reads one CID at a time. */
function splitCids({ cids = [], ...query }: PinQuery): Window[] | null {
  return cids.length < 2 ? null : cids.map((cid) => ({ query: { ...query, cids: [cid] } }))
}

/** Returns a query for all pins in the same time. Null if it would be the same query, or if the provider is known. */
function withoutFilters({ before, after, ...filters }: PinQuery, { known, capabilities }: PinSource): PinQuery | null {
  const statuses = capabilities.multiStatus === false ? filters.statuses : PIN_STATUSES
  const isSame = statuses.length === filters.statuses.length && !hasFilter(filters)
  return !known.isStranger || isSame ? null : { statuses, before, after }
}

function tooMany(serviceName: string, page: PinPage): MalformedResponseError {
  const count = recordCount(page)
  const [first, ...others] = page.pins
  const isOneInstant = first !== undefined && others.every(({ created }) => created.ns === first.created.ns)
  const message = isOneInstant
    ? `${serviceName} has more than ${count} pins of one instant, or lists the same ones whatever time is asked for`
    : `${serviceName} cuts the list at ${count}: the rest cannot be reached`
  return new MalformedResponseError(message, { service: serviceName })
}

import { MalformedResponseError } from '../../../domain/errors.ts'
import { parseInstant } from '../../../domain/instant.ts'
import { PIN_STATUSES } from '../../../domain/pin.ts'
import { hasFilter, type ListQuery, type PinQuery } from '../../http/list-query.ts'
import { type PinPage, type PinRecords, recordCount, SMALLEST_CUT } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { askUnlessRefused } from '../lists/ask-unless-refused.ts'
import { hasAllPins } from '../lists/compare-pages.ts'
import { DefaultPageCheck } from '../lists/default-page-check.ts'
import { isFull, isOverfull } from '../lists/is-full.ts'
import { claimsMore, isCutShort } from '../lists/list-counts.ts'
import { largestLimit } from '../lists/list-plan.ts'
import { isWithinSecond } from '../lists/query-times.ts'
import type { PinSource, ReadOptions } from '../pin-source.ts'
import { CollectedPins } from './collected-pins.ts'
import { isProvenWhole } from './is-proven-whole.ts'
import { RoundingCheck } from './rounding-check.ts'
import { splitCids, splitStatuses, splitTime, type Window } from './split-window.ts'

/** Largest limit that pinql requests of services without one. */
const LARGEST_LIMIT = 1_000_000

/**
 * Reads every pin that a query returns, from a service whose lists come in no useful order.
 *
 * A list that was cut is requested again with a larger limit, if the service allows one. Otherwise its time range is split
 * into two halves that overlap at the border; then it is read one status at a time; then one CID; and at last with a limit above the
 * specification's. If nothing helps, a list without filters may be longer. The result may have a pin twice, and pins that do not match.
 *
 * @param query planned for the service
 * @throws {MalformedResponseError} when the rest of a cut list cannot be reached, because more pins share one instant than
 *   a list can hold, or because the service does not filter by time. Also when there is more than memory for it, or lists bring nothing
 *   new
 */
export async function readAllPins(source: PinSource, query: PinQuery, options: ReadOptions): Promise<PinRecords> {
  using found = new CollectedPins(source)
  await new AllPinsReading(source, query, options, found).run()
  return { pins: found.pins, leftOut: found.leftOut }
}

/** One run of `readAllPins`. */
class AllPinsReading {
  readonly #source: PinSource
  readonly #query: PinQuery
  readonly #options: ReadOptions
  readonly #found: CollectedPins
  readonly #windows: Window[]
  readonly #rounding = new RoundingCheck()
  /** True if only whole seconds are requested, since it stayed open whether the service rounds times to them. */
  #isCoarse = false
  #isUnfiltered = false
  readonly #defaultPage: DefaultPageCheck
  #limit: number

  constructor(source: PinSource, query: PinQuery, options: ReadOptions, found: CollectedPins) {
    this.#source = source
    this.#query = query
    this.#options = options
    this.#found = found
    this.#windows = [{ query }]
    this.#limit = largestLimit(source.capabilities)
    this.#defaultPage = new DefaultPageCheck(source.known)
  }

  async run(): Promise<void> {
    for (let window = this.#next(); window !== undefined; window = this.#next()) await this.#read(window)
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
    if (claimsMore(sent, page, capabilities) && (await this.#findsLonger(sent, page))) {
      this.#windows.push(window)
      return
    }
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

  /** Returns whether a list that every service honours is longer than a page of few pins. That may be a default page. */
  async #findsLonger(sent: ListQuery, page: PinPage): Promise<boolean> {
    if (sent.limit <= SMALLEST_CUT || !this.#defaultPage.isOpen(page)) return false
    this.#defaultPage.begin(sent, page)
    const shorter = { ...sent, limit: SMALLEST_CUT }
    const longer = await askUnlessRefused(shorter, this.#list)
    if (longer === null || !this.#defaultPage.observe(shorter, longer)) return false
    this.#limit = SMALLEST_CUT
    return true
  }

  #list = async (sent: ListQuery): Promise<PinPage> => {
    this.#options.onList?.()
    const page = await this.#source.listPins(sent, this.#options)
    this.#found.add(page)
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
    if (!isCut && this.#lacksItsInstant(sent, page)) {
      known.bounds.areInclusive = false
      this.#startOver()
      return true
    }
    if (!isFullPage || this.#limit >= largest) return false
    this.#limit = Math.min(largest, Math.max(this.#limit * 4, (page.count ?? 0) + 100))
    this.#windows.push(window)
    return true
  }

  /** Returns whether a list of one instant, which bounds are thought to include, lacks pins that were listed with its time. */
  #lacksItsInstant({ before, after }: ListQuery, page: PinPage): boolean {
    if (!this.#source.known.isStranger || before === undefined || before !== after) return false
    const { ns } = parseInstant(before)
    return !hasAllPins(
      page,
      this.#found.pins.filter(({ created }) => created.ns === ns),
    )
  }

  /** Returns the parts of a window whose list was cut. Null if it cannot be split. */
  #split(window: Window, sent: ListQuery, page: PinPage, capabilities: Capabilities): Window[] | null {
    // A cut list that is oldest first may be the first of several runs.
    const isProven = capabilities.order !== 'oldest-first' || this.#source.proofs.areRunsMixed(sent)
    const { includesBounds } = this.#source.known
    const byTime = splitTime(
      window,
      page.pins,
      isProven ? capabilities : { ...capabilities, order: 'none' },
      includesBounds,
    )
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
    if (wider === null || this.#isUnfiltered) throw tooMany(this.#source, page)
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
  const limit = Math.max(sent.limit * 5, (page.count ?? 0) + 100)
  const larger = await askUnlessRefused({ ...sent, limit }, list)
  return larger !== null && recordCount(larger) > recordCount(page)
}

/** Returns a query for all pins in the same time. Null if it would be the same query, or if the provider is known. */
function withoutFilters({ before, after, ...filters }: PinQuery, { known, capabilities }: PinSource): PinQuery | null {
  const statuses = capabilities.multiStatus === false ? filters.statuses : PIN_STATUSES
  const isSame = statuses.length === filters.statuses.length && !hasFilter(filters)
  return !known.isStranger || isSame ? null : { statuses, before, after }
}

function tooMany({ service, known }: PinSource, page: PinPage): MalformedResponseError {
  const count = recordCount(page)
  const [first, ...others] = page.pins
  const isOneInstant = first !== undefined && others.every(({ created }) => created.ns === first.created.ns)
  const advice = known.isStranger
    ? '. Configure `provider`, or `capabilities`, if it is known how the service lists'
    : ''
  const message = isOneInstant
    ? `${service} has more than ${count} pins of one instant, or lists the same ones whatever time is asked for`
    : `${service} cuts the list at ${count}: the rest cannot be reached${advice}`
  return new MalformedResponseError(message, { service })
}

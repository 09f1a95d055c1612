import { compareInstants, type Instant, parseInstant } from '../../../domain/instant.ts'
import type { Pin } from '../../../domain/pin.ts'
import { comparePositions, type PinPosition } from '../../../domain/pin-order.ts'
import { listsTooMany } from '../../../domain/pin-room.ts'
import { createPinFilter, hasAllStatuses, type ListQuery, type PinQuery } from '../../http/list-query.ts'
import { type LeftOut, type PinPage, recordCount } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { DefaultPageCheck } from '../lists/default-page-check.ts'
import { isFull, isOverfull } from '../lists/is-full.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'
import { LeftOutRecords } from '../lists/left-out.ts'
import { claimsMore, countIn, countWithLeftOut, isCutShort, isUncountable } from '../lists/list-counts.ts'
import { isPaged, planQuery } from '../lists/list-plan.ts'
import type { ListOptions, PinSource, ReadOptions } from '../pin-source.ts'
import { readWholeList } from '../whole/read-whole-list.ts'
import { PageLimit } from './page-limit.ts'
import { PageStart } from './page-start.ts'
import { WalkProgress } from './walk-progress.ts'

export interface PinStreamOptions extends ReadOptions {
  /** Position after which the stream starts. Default: before the first pin. */
  readonly after?: PinPosition | null | undefined
  /** Number of pins that the caller expects to take, 1 to 1000. It sets the size of the first request. */
  readonly expected: number
  /** True if only the first page is wanted, for its count. Then nothing is found out about the order of lists. Default: false. */
  readonly isForCount?: boolean
}

/**
 * The pins of one tenant that match a query, newest first. Pages are read as pins are taken, and each pin comes once.
 *
 * Each page is requested with `before` one unit of time past the last pin, and pins that already came are dropped. So it
 * does not matter whether pins share an instant, or whether the service takes `before` as inclusive. The pins at the oldest
 * instant of a full page are held back, since the page may have been cut between them.
 *
 * The stream applies the filters that the service does not apply reliably. If a service's lists are not sorted, or it
 * ignores `before`, the stream reads the whole list. If that shows only on the way, the stream starts again from its last
 * position.
 */
export class PinStream {
  readonly #source: PinSource
  readonly #query: PinQuery
  readonly #options: PinStreamOptions
  readonly #walkOptions: ListOptions
  readonly #matches: (pin: Pin) => boolean
  readonly #leftOut = new LeftOutRecords()
  #ready: Pin[] = []
  readonly #start: PageStart
  readonly #progress: WalkProgress
  readonly #limit: PageLimit
  #hasHeldBack = false
  readonly #defaultPage: DefaultPageCheck
  /** True if pages lead no further, so that the rest is read whole. */
  #isStuck = false
  #isRead: boolean
  /** Undefined until the first answer was used. */
  #count: number | null | undefined
  #isUncountable = false

  /** @param query a part that `source.splitQuery` returned */
  constructor(source: PinSource, query: PinQuery, options: PinStreamOptions) {
    this.#source = source
    this.#query = query
    this.#options = options
    this.#walkOptions = { ...options, isWalk: options.isForCount !== true }
    this.#matches = createPinFilter(query)
    const after = options.after ?? null
    // A list of some CIDs need not have the pin of a cursor.
    const isWitnessed = after?.service === source.service && query.cids === undefined
    this.#start = new PageStart(source, after, isWitnessed)
    this.#progress = new WalkProgress(source.service)
    this.#limit = new PageLimit(source, options.expected, after === null)
    this.#defaultPage = new DefaultPageCheck(source.known)
    this.#isRead = query.statuses.length === 0 || query.cids?.length === 0
    if (this.#isRead) this.#count = 0
  }

  /** The query whose pins the stream has. */
  get query(): PinQuery {
    return this.#query
  }

  /** Number of all matching pins, if the first answer revealed it; otherwise null. */
  get count(): number | null {
    return this.#count ?? null
  }

  /** True if the first answer showed that no request can reveal the number of matching pins. */
  get isUncountable(): boolean {
    return this.#isUncountable
  }

  /** Records that the pages so far contained and that are not valid pins. They may match the query. */
  get leftOut(): readonly LeftOut[] {
    return this.#leftOut.all()
  }

  /** Reads the first page, or the whole list, unless that was done before. Then `count` is as exact as it can be. */
  async start(): Promise<void> {
    while (this.#count === undefined) await this.#read()
  }

  /** Returns the next pin without removing it; null after the last. Sends requests if no pin has been read ahead. */
  async peek(): Promise<Pin | null> {
    while (this.#ready.length === 0 && !this.#isRead) await this.#read()
    return this.#ready[0] ?? null
  }

  /** Removes the pin that `peek` returned. */
  shift(): void {
    this.#ready.shift()
  }

  /**
   * Removes and returns the next pins: `count` of them, or fewer at the end.
   *
   * It sends the same requests as `peek` and `shift` for each pin, but makes no promise per pin.
   */
  async take(count: number): Promise<Pin[]> {
    let taken: Pin[] = []
    while (taken.length < count) {
      if ((await this.peek()) === null) break
      const next = this.#ready.splice(0, count - taken.length)
      taken = taken.length === 0 ? next : taken.concat(next)
    }
    return taken
  }

  /** Returns whether any pin follows. Sends a request only if the pages read so far do not show it. */
  async hasMore(): Promise<boolean> {
    return this.#ready.length > 0 || this.#hasHeldBack || (await this.peek()) !== null
  }

  #read(): Promise<void> {
    this.#progress.readsAt(this.#start.position)
    return !this.#isStuck && isPaged(this.#source.capabilities, this.#query) ? this.#readPage() : this.#readWhole()
  }

  async #readPage(): Promise<void> {
    const sent = this.#nextQuery()
    this.#options.onList?.()
    const page = await this.#source.listPins(sent, this.#walkOptions)
    this.#takePage(sent, page)
    page.release?.()
  }

  #takePage(sent: ListQuery, page: PinPage): void {
    const { capabilities, known } = this.#source
    if (isOutdated(sent, this.#query, capabilities)) return
    this.#defaultPage.observe(sent, page)
    this.#leftOut.add(page.leftOut)
    if (this.#leftOut.areTooMany) throw listsTooMany(this.#source.service, page.pins.length)
    if (this.#askOtherwise(sent, page, capabilities)) return
    const isFullPage = isFull(sent, page, capabilities) || this.#mayLackOne(sent, page)
    this.#isUncountable ||= this.#start.position === null && isUncountable(page, this.#query, capabilities)
    this.#count ??=
      this.#start.position === null
        ? countIn(page, sent, { query: this.#query, capabilities, isStranger: known.isStranger })
        : null

    // Some services return fewer pins than requested. So a short page is the last one only if its `count` does not claim
    // more.
    const isCut = isFullPage || isCutShort(sent, page, capabilities)
    const placed = this.#place(page.pins)
    const edge = isCut ? placed.at(-1)?.created : undefined
    // From the end, since most pins are surely newer.
    const certain = edge === undefined ? placed : placed.slice(0, placed.findLastIndex(isCertain(edge, page)) + 1)
    const isProven = page.wholeAfter === undefined
    if (certain.length === 0 && (isFullPage || page.looksCut || !isProven)) {
      if (isFullPage && this.#limit.grow()) return
      this.#isStuck = !isProven || !this.#start.stepOver(sent, page, edge)
      return
    }
    // A service may always list fewer pins than requested. Then a larger limit brings the others of this instant.
    if (certain.length === 0 && isCut && this.#limit.grow()) return
    // The largest limit makes the page no longer. So it must contain all pins of its instant.
    const taken = certain.length === 0 ? placed : certain
    this.#ready = taken.filter(this.#matches)
    this.#hasHeldBack = placed.slice(taken.length).some(this.#matches)
    this.#start.moveTo(taken.at(-1))
    // If few pins pass the filters here, the next page is larger, so that enough of them come at once.
    const isSparse = this.#ready.length < Math.min(this.#options.expected, taken.length)
    if (isSparse) this.#limit.grow()
    else this.#limit.reset()
    const isAtEnd = !isCut || taken.length === 0
    if (isAtEnd && claimsMore(sent, page, capabilities)) {
      if (this.#tryShortList(sent, page)) return
      known.observeWrongCount(sent)
    }
    this.#isRead = isAtEnd || this.#hasPassed(edge, page)
  }

  /**
   * Plans another request if a page may lack pins between those that it has: a larger `limit`, a later `before`, or a read of the whole
   * rest. Returns true then.
   */
  #askOtherwise(sent: ListQuery, page: PinPage, capabilities: Capabilities): boolean {
    if (isOverfull(sent, page)) {
      this.#isStuck = !this.#limit.growToLargest()
      return true
    }
    const isFullPage = isFull(sent, page, capabilities)
    if (page.wholeAfter === null) {
      // A whole list needs no order.
      this.#isStuck = !(isFullPage && this.#limit.growToLargest())
      return true
    }
    if (isFullPage && capabilities.order === null && this.#limit.grow()) return true
    if ((isFullPage || page.looksCut) && capabilities.order === null && !isSurelySorted(page.pins)) {
      // A list in no order may be newest first by chance. Then newer pins may be missing.
      this.#isStuck = true
      return true
    }
    return this.#start.lacksWitness(sent, page)
  }

  /** Returns whether a page may be cut at one record less than requested, as at services that count wrongly. */
  #mayLackOne({ limit }: ListQuery, page: PinPage): boolean {
    const { isStranger, answers } = this.#source.known
    return isStranger && !answers.fillsLimit && page.pins.length > 0 && recordCount(page) === limit - 1
  }

  /** Plans a shorter list after a page that may be a default page. Returns true then. */
  #tryShortList(sent: ListQuery, page: PinPage): boolean {
    if (!this.#defaultPage.isOpen(page) || !this.#limit.shrink()) return false
    this.#defaultPage.begin(sent, page)
    return true
  }

  /** Returns whether all pins that are not certain are too old for the query. Only sorted lists show that. */
  #hasPassed(edge: Instant | undefined, { wholeAfter }: PinPage): boolean {
    const { after } = this.#query
    const isSorted = this.#source.capabilities.order === 'newest-first'
    if (!isSorted || edge === undefined || after === undefined) return false
    const bound = parseInstant(after)
    return compareInstants(edge, bound) <= 0 && (wholeAfter == null || wholeAfter <= bound.ns)
  }

  async #readWhole(): Promise<void> {
    const source = this.#source
    const query = this.#query
    // What the pages before have shown need not be read again.
    const isRest = this.#isStuck && source.capabilities.timeFilter !== 'unusable'
    const rest = isRest
      ? { ...query, before: this.#start.beforeRest(planQuery(query, source.capabilities).before) }
      : query
    const { pins, leftOut, isValid } = await readWholeList(source, rest, this.#options)
    this.#leftOut.add(leftOut)
    if (!isValid) return
    const matching = new Map(pins.filter(this.#matches).map((pin) => [pin.requestId, pin]))
    const { capabilities } = source
    const counted = { query, capabilities, isStranger: source.known.isStranger }
    const whole = countWithLeftOut(matching.size, this.#leftOut.size, counted)
    // The rest behind a position is not all.
    const isAll = !isRest || this.#start.position === null
    this.#count = isAll ? whole : (this.#count ?? null)
    this.#isUncountable ||= isAll && whole === null
    this.#ready = this.#place(matching.values())
    this.#hasHeldBack = false
    this.#isRead = true
  }

  #nextQuery(): ListQuery {
    const planned = planQuery(this.#query, this.#source.capabilities)
    return { ...planned, before: this.#start.before(planned.before), limit: this.#limit.value }
  }

  /** Sorts pins and drops those that already came. */
  #place(pins: Iterable<Pin>): Pin[] {
    const position = this.#start.position
    const placed = position === null ? [...pins] : [...pins].filter((pin) => comparePositions(pin, position) > 0)
    // Most services already list in this order.
    if (placed.every((pin, index) => index === 0 || isBefore(placed[index - 1] as Pin, pin))) return placed
    return placed.sort(comparePositions).filter((pin, index, all) => pin.requestId !== all[index - 1]?.requestId)
  }
}

/** Returns whether answers have shown since that such a page may lack pins. Then the list is requested in another way. */
function isOutdated(sent: ListQuery, query: PinQuery, capabilities: Capabilities): boolean {
  if (!isPaged(capabilities, query)) return true
  const lacksStatuses = capabilities.statusFilter === 'unusable' && !hasAllStatuses(sent)
  return lacksStatuses || (sent.cids?.length ?? 0) > capabilities.maxCids
}

/**
 * Returns whether a page that was cut is sure to have all pins that are newer than one of its pins, and those of the same instant.
 *
 * @param edge time of the last pin
 */
function isCertain(edge: Instant, { wholeAfter }: PinPage): (pin: Pin) => boolean {
  return ({ created }) => compareInstants(created, edge) > 0 && (wholeAfter == null || created.ns > wholeAfter)
}

/** Returns whether two pins are different and in order. */
function isBefore(a: Pin, b: Pin): boolean {
  return a.requestId !== b.requestId && comparePositions(a, b) < 0
}

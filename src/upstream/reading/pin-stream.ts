import { MalformedResponseError } from '../../domain/errors.ts'
import { compareInstants, parseInstant } from '../../domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../domain/pin.ts'
import { comparePositions, type PinPosition } from '../../domain/pin-order.ts'
import { createPinFilter, type ListQuery, type PinQuery } from '../http/list-query.ts'
import type { PinPage } from '../http/wire.ts'
import type { TenantCallOptions } from '../service/tenant-call-options.ts'
import {
  claimsMore,
  countIn,
  isPaged,
  isUncountable,
  largestLimit,
  planQuery,
  printTime,
  timeUnit,
} from './list-plan.ts'
import type { PinSource } from './pin-source.ts'
import { readAllPins } from './read-all-pins.ts'

export interface PinStreamOptions extends TenantCallOptions {
  /** Only pins that come after this position. */
  readonly after?: PinPosition | null | undefined
  /** How many pins the reader expects to take; sets the size of the first request. 1 to 1000. */
  readonly expected: number
}

/** While a service's order is not known, pages are at least so long that chance hardly sorts them. */
const MIN_PAGE_OF_STRANGER = 11

/**
 * The pins of one tenant that match a query, newest first, read page by page as they are taken, each pin once.
 *
 * Every page is asked for with `before` one unit of time past the last pin, and what came already is dropped: so it does
 * not matter whether pins share an instant, or the service takes `before` as inclusive. The pins of the oldest instant
 * of a full page are held back, since the page may have been cut between them. What the service cannot be trusted to
 * filter is filtered here. A service whose lists are not sorted, or that does not look at `before`, is read whole; where
 * that shows only on the way, the stream starts again from where it stood.
 */
export class PinStream {
  readonly #source: PinSource
  readonly #query: PinQuery
  readonly #options: PinStreamOptions
  readonly #matches: (pin: Pin) => boolean
  #ready: Pin[] = []
  #position: PinPosition | null
  #limit: number
  #hasHeldBack = false
  #isRead: boolean
  /** Undefined until something was read. */
  #count: number | null | undefined
  #isUncountable = false
  /** How many pins a short page had that claimed more; null while all statuses that are wanted are asked for, and no other. */
  #shortBy: number | null = null

  /** @param query one of the parts that `source.splitQuery` makes */
  constructor(source: PinSource, query: PinQuery, options: PinStreamOptions) {
    this.#source = source
    this.#query = query
    this.#options = options
    this.#matches = createPinFilter(query)
    this.#position = options.after ?? null
    this.#limit = this.#usualLimit()
    this.#isRead = query.statuses.length === 0 || query.cids?.length === 0
    if (this.#isRead) this.#count = 0
  }

  /** How many pins match in all, where the first answer told; otherwise null. */
  get count(): number | null {
    return this.#count ?? null
  }

  /** Whether the first answer told that no other could tell more. */
  get isUncountable(): boolean {
    return this.#isUncountable
  }

  /** Reads the first part, unless that has been done, so that `count` says what can be known. */
  async start(): Promise<void> {
    while (this.#count === undefined) await this.#read()
  }

  /** The next pin, which stays; null after the last. Costs requests when nothing is at hand. */
  async peek(): Promise<Pin | null> {
    while (this.#ready.length === 0 && !this.#isRead) await this.#read()
    return this.#ready[0] ?? null
  }

  /** Removes the pin that `peek` showed. */
  shift(): void {
    this.#ready.shift()
  }

  /**
   * Removes the next pins and returns them: `count`, or fewer where no more follow.
   *
   * Costs the same requests as `peek` and `shift` for each pin, but no promise for each.
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

  /** Whether anything follows. Costs a request only when what was read so far does not tell. */
  async hasMore(): Promise<boolean> {
    return this.#ready.length > 0 || this.#hasHeldBack || (await this.peek()) !== null
  }

  #read(): Promise<void> {
    return isPaged(this.#source.capabilities, this.#query) ? this.#readPage() : this.#readWhole()
  }

  async #readPage(): Promise<void> {
    const sent = this.#nextQuery()
    const page = await this.#source.listPins(sent, this.#options)
    this.#takePage(sent, page)
    page.release?.()
  }

  #takePage(sent: ListQuery, page: PinPage): void {
    const { capabilities, known } = this.#source
    // The answer itself may have shown that pages cannot be trusted here.
    if (!isPaged(capabilities, this.#query)) return
    const isFull = page.pins.length === sent.limit
    if (isFull && capabilities.order === null && this.#growLimit()) return
    if (this.#isShortOfStatuses(sent, page)) return
    this.#isUncountable ||= this.#position === null && isUncountable(page, this.#query, capabilities)
    this.#count ??= this.#position === null ? countIn(page, sent, this.#query, capabilities) : null

    // Some services return fewer than asked for, so that a short page is the last only if they do not say otherwise.
    const isCut = isFull || claimsMore(sent, page, capabilities)
    const placed = this.#place(page.pins)
    const edge = isCut ? placed.at(-1)?.created : undefined
    const certain = edge === undefined ? placed : placed.filter(({ created }) => compareInstants(created, edge) > 0)
    if (certain.length === 0 && isFull) {
      if (this.#growLimit()) return
      throw this.#tooManyAtOnce()
    }
    // A larger limit would not bring more of a short page, so what there is must be all of its instant.
    const taken = certain.length === 0 ? placed : certain
    this.#ready = taken.filter(this.#matches)
    this.#hasHeldBack = placed.slice(taken.length).some(this.#matches)
    this.#position = taken.at(-1) ?? this.#position
    // What is filtered here may be rare: pages grow until enough of it comes at once.
    const isSparse = this.#ready.length < Math.min(this.#options.expected, taken.length)
    if (isSparse) this.#growLimit()
    else this.#limit = this.#usualLimit()
    this.#isRead = !isCut || taken.length === 0
    if (this.#isRead && isCut) known.observeWrongCount(sent)
  }

  async #readWhole(): Promise<void> {
    const source = this.#source
    const { order, timeFilter, multiStatus } = source.capabilities
    const query = planQuery(this.#query, source.capabilities)
    // In the order in which pins go through them, so that one that moves on meanwhile is seen at least once.
    const statuses = PIN_STATUSES.filter((status) => query.statuses.includes(status))
    const parts = multiStatus === false ? statuses.map((status) => ({ ...query, statuses: [status] })) : [query]
    const pins: Pin[] = []
    for (const part of parts) pins.push(...(await readAllPins(source, part, this.#options)))
    const now = source.capabilities
    // What was learned on the way may have left gaps.
    if (now.order !== order || now.timeFilter !== timeFilter || now.multiStatus !== multiStatus) return
    const matching = new Map(pins.filter(this.#matches).map((pin) => [pin.requestId, pin]))
    this.#count = matching.size
    this.#ready = this.#place(matching.values())
    this.#hasHeldBack = false
    this.#isRead = true
  }

  #nextQuery(): ListQuery {
    const planned = planQuery(this.#query, this.#source.capabilities)
    const statuses = this.#shortBy === null ? planned.statuses : PIN_STATUSES
    return { ...planned, statuses, before: this.#before(planned.before), limit: this.#limit }
  }

  /**
   * A stranger's short page of some statuses that claims more: the service may look at statuses only after it has cut
   * the list, so that pages say nothing of what follows. All statuses are asked for, and the answer tells.
   */
  #isShortOfStatuses(sent: ListQuery, page: PinPage): boolean {
    const { capabilities, known } = this.#source
    if (capabilities.count !== null || capabilities.statusFilter !== 'exact') return false
    const countMatching = (): number => page.pins.filter(this.#matches).length
    if (this.#shortBy !== null) {
      if (countMatching() > this.#shortBy) known.observeLateStatusFilter()
      return false
    }
    const isShort = page.pins.length < sent.limit && claimsMore(sent, page, capabilities)
    if (!isShort || sent.statuses.length === PIN_STATUSES.length) return false
    this.#shortBy = countMatching()
    return true
  }

  /** In order, without what came already. */
  #place(pins: Iterable<Pin>): Pin[] {
    const position = this.#position
    const placed = position === null ? [...pins] : [...pins].filter((pin) => comparePositions(pin, position) > 0)
    // Most services already list in this order.
    if (placed.every((pin, index) => index === 0 || isBefore(placed[index - 1] as Pin, pin))) return placed
    return placed.sort(comparePositions).filter((pin, index, all) => pin.requestId !== all[index - 1]?.requestId)
  }

  /** Room for the pins to come, for one held back, and for the one that `before` lets come again. */
  #usualLimit(): number {
    const { capabilities } = this.#source
    const wanted = this.#options.expected + (this.#position === null ? 1 : 2)
    return Math.min(
      largestLimit(capabilities),
      capabilities.order === null ? Math.max(wanted, MIN_PAGE_OF_STRANGER) : wanted,
    )
  }

  /** For a page that brings too little. False when it cannot be longer. */
  #growLimit(): boolean {
    const largest = largestLimit(this.#source.capabilities)
    if (this.#limit >= largest) return false
    this.#limit = Math.min(largest, this.#limit * 4)
    return true
  }

  #tooManyAtOnce(): MalformedResponseError {
    const { service } = this.#source
    return new MalformedResponseError(
      `${service} has more than ${this.#limit} pins of one instant, or lists the same ones whatever time is asked for`,
      { service },
    )
  }

  /** One unit past the last pin, so that all of its instant come again. */
  #before(asked: string | undefined): string | undefined {
    if (this.#position === null) return asked
    const { capabilities } = this.#source
    const unit = timeUnit(capabilities.createdDigits)
    const bound = (this.#position.created.ns / unit + 1n) * unit
    return asked !== undefined && parseInstant(asked).ns <= bound ? asked : printTime(bound, capabilities)
  }
}

/** Opens the streams that a query takes together, since a service takes so many CIDs in one list; no pin is in two. */
export function openPinStreams(source: PinSource, query: PinQuery, options: PinStreamOptions): PinStream[] {
  return source.splitQuery(query).map((part) => new PinStream(source, part, options))
}

/** Every pin that a query matches, newest first: one request for up to 999, and for every ten CIDs. */
export async function collectPins(source: PinSource, query: PinQuery, options: TenantCallOptions = {}): Promise<Pin[]> {
  const parts = await Promise.all(
    openPinStreams(source, query, { ...options, expected: 1000 }).map((stream) =>
      stream.take(Number.POSITIVE_INFINITY),
    ),
  )
  return parts.length === 1 ? (parts[0] ?? []) : parts.flat().sort(comparePositions)
}

/** Whether two pins are different ones and in order. */
function isBefore(a: Pin, b: Pin): boolean {
  return a.requestId !== b.requestId && comparePositions(a, b) < 0
}

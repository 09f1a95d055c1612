import { MalformedResponseError } from '../domain/errors.ts'
import { formatInstant, parseInstant } from '../domain/instant.ts'
import type { Pin } from '../domain/pin.ts'
import { comparePositions, type PinPosition, positionOf } from '../domain/pin-order.ts'
import type { Capabilities } from './capabilities.ts'
import { isCountExact, planQuery, timeUnit } from './list-plan.ts'
import { createPinFilter, type ListQuery, type PinQuery } from './list-query.ts'
import { readAllPins } from './read-all-pins.ts'
import type { Tenant, TenantCallOptions } from './tenant.ts'
import type { PinPage } from './wire.ts'

/** A pin and its place in the order of all pins. */
export interface PlacedPin {
  readonly pin: Pin
  readonly position: PinPosition
}

/** What a stream needs of its tenant. */
export type PinSource = Pick<Tenant, 'service' | 'capabilities' | 'listPins' | 'observeWrongCount'>

export interface PinStreamOptions extends TenantCallOptions {
  /** Only pins that come after this position. */
  readonly after?: PinPosition | null | undefined
  /** How many pins the reader expects to take; sets the size of the first request. 1 to 1000. */
  readonly expected: number
}

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
  #ready: PlacedPin[] = []
  #position: PinPosition | null
  #limit: number
  #hasHeldBack = false
  #isRead = false
  #count: number | null = null

  constructor(source: PinSource, query: PinQuery, options: PinStreamOptions) {
    this.#source = source
    this.#query = query
    this.#options = options
    this.#matches = createPinFilter(query)
    this.#position = options.after ?? null
    this.#limit = this.#usualLimit()
  }

  /** How many pins match in all, where the first answer told; otherwise null. */
  get count(): number | null {
    return this.#count
  }

  /** The next pin, which stays; null after the last. Costs requests when nothing is at hand. */
  async peek(): Promise<PlacedPin | null> {
    while (this.#ready.length === 0 && !this.#isRead) {
      const { order, timeFilter } = this.#source.capabilities
      if (order === 'newest-first' && timeFilter === 'exact') await this.#readPage()
      else await this.#readWhole()
    }
    return this.#ready[0] ?? null
  }

  /** Removes the pin that `peek` showed. */
  shift(): void {
    this.#ready.shift()
  }

  /** Whether anything follows. Costs a request only when what was read so far does not tell. */
  async hasMore(): Promise<boolean> {
    return this.#ready.length > 0 || this.#hasHeldBack || (await this.peek()) !== null
  }

  async #readPage(): Promise<void> {
    const query = { ...planQuery(this.#query, this.#source.capabilities), before: this.#before(), limit: this.#limit }
    const page = await this.#source.listPins(query, this.#options)
    if (this.#position === null) this.#observeCount(page)
    const { order, timeFilter } = this.#source.capabilities
    // The answer itself may have shown that pages cannot be trusted here.
    if (order !== 'newest-first' || timeFilter !== 'exact') return

    const isFull = page.pins.length === this.#limit
    // Some services return fewer than asked for, so that a short page is the last only if they do not say otherwise.
    const isCut = isFull || countsMore(page, this.#source.capabilities)
    const placed = this.#place(page.pins)
    const edge = isCut ? placed.at(-1)?.position.ns : undefined
    const certain = edge === undefined ? placed : placed.filter((each) => each.position.ns > edge)
    if (certain.length === 0 && isFull) return this.#growLimit()
    // A larger limit would not bring more of a short page, so what there is must be all of its instant.
    const taken = certain.length === 0 ? placed : certain
    this.#ready = taken.filter((each) => this.#matches(each.pin))
    this.#hasHeldBack = placed.slice(taken.length).some((each) => this.#matches(each.pin))
    this.#position = taken.at(-1)?.position ?? this.#position
    this.#limit = this.#usualLimit()
    this.#isRead = !isCut || taken.length === 0
    if (this.#isRead && isCut) this.#source.observeWrongCount()
  }

  async #readWhole(): Promise<void> {
    const source = this.#source
    const query = planQuery(this.#query, source.capabilities)
    let isFirst = this.#position === null
    const list = async (each: ListQuery): Promise<PinPage> => {
      const page = await source.listPins(each, this.#options)
      if (isFirst) this.#observeCount(page)
      isFirst = false
      return page
    }
    const pins = await readAllPins(source.service, list, query, () => source.capabilities)
    this.#ready = this.#place(pins).filter((each) => this.#matches(each.pin))
    this.#hasHeldBack = false
    this.#isRead = true
  }

  /** In order, without what came already. */
  #place(pins: readonly Pin[]): PlacedPin[] {
    const position = this.#position
    return pins
      .map((pin) => ({ pin, position: positionOf(pin) }))
      .filter((each) => position === null || comparePositions(each.position, position) > 0)
      .sort((a, b) => comparePositions(a.position, b.position))
  }

  #observeCount(page: PinPage): void {
    const { cids, name, match, statuses, meta, before, after } = this.#query
    const query = { cids, name, match, statuses, meta, before, after }
    this.#count = isCountExact(query, this.#source.capabilities) ? page.count : null
  }

  /** Room for the pins to come, for one held back, and for the one that `before` lets come again. */
  #usualLimit(): number {
    return Math.min(this.#maxLimit(), this.#options.expected + (this.#position === null ? 1 : 2))
  }

  #maxLimit(): number {
    return Math.min(1000, this.#source.capabilities.maxLimit)
  }

  /** A full page without anything certain: more pins share one instant than fit. */
  #growLimit(): void {
    if (this.#limit === this.#maxLimit()) {
      const { service } = this.#source
      throw new MalformedResponseError(
        `${service} has more than ${this.#limit} pins of one instant, or lists the same ones whatever time is asked for`,
        { service },
      )
    }
    this.#limit = Math.min(this.#maxLimit(), this.#limit * 4)
  }

  /** One unit past the last pin, so that all of its instant come again. */
  #before(): string | undefined {
    const { createdDigits } = this.#source.capabilities
    const { before } = planQuery(this.#query, this.#source.capabilities)
    if (this.#position === null) return before
    const unit = timeUnit(createdDigits ?? this.#position.digits)
    const bound = (this.#position.ns / unit + 1n) * unit
    if (before !== undefined && parseInstant(before).ns <= bound) return before
    return formatInstant(bound, Math.min(3, createdDigits ?? this.#position.digits))
  }
}

/** Whether a page shorter than its limit claims that there is more. */
function countsMore(page: PinPage, { count }: Capabilities): boolean {
  return count === 'matching' && (page.count ?? 0) > page.pins.length
}

/** Every pin that a query matches, newest first: one request for up to 999. */
export async function collectPins(source: PinSource, query: PinQuery, options: TenantCallOptions = {}): Promise<Pin[]> {
  const stream = new PinStream(source, query, { ...options, expected: 1000 })
  const pins: Pin[] = []
  for (let next = await stream.peek(); next !== null; next = await stream.peek()) {
    pins.push(next.pin)
    stream.shift()
  }
  return pins
}

import { MalformedResponseError } from '../domain/errors.ts'
import { formatInstant, parseInstant } from '../domain/instant.ts'
import type { Pin } from '../domain/pin.ts'
import { comparePositions, type PinPosition, positionOf } from '../domain/pin-order.ts'
import { createPinFilter, type PinQuery } from './list-query.ts'
import type { Tenant, TenantCallOptions } from './tenant.ts'

/** A pin and its place in the order of all pins. */
export interface PlacedPin {
  readonly pin: Pin
  readonly position: PinPosition
}

export interface PinStreamOptions extends TenantCallOptions {
  /** Only pins that come after this position. */
  readonly after?: PinPosition | null | undefined
  /** How many pins the reader expects to take; sets the size of the first request. 1 to 1000. */
  readonly expected: number
}

/** Most pins that one request may ask for. */
const MAX_LIMIT = 1000

/**
 * The pins of one tenant that match a query, newest first, read page by page as they are taken.
 *
 * Every page is asked for with `before` one unit of time past the last pin, and what came already is dropped: this
 * neither loses nor repeats a pin, whether several share an instant or the service takes `before` as inclusive. The pins
 * of the oldest instant of a full page are held back, since the page may have cut between them.
 */
export class PinStream {
  readonly #tenant: Tenant
  readonly #query: PinQuery
  readonly #options: PinStreamOptions
  readonly #matches: (pin: Pin) => boolean
  #ready: PlacedPin[] = []
  #position: PinPosition | null
  #limit: number
  #hasHeldBack = false
  #isRead = false

  constructor(tenant: Tenant, query: PinQuery, options: PinStreamOptions) {
    this.#tenant = tenant
    this.#query = query
    this.#options = options
    this.#matches = createPinFilter(query)
    this.#position = options.after ?? null
    this.#limit = this.#usualLimit()
  }

  /** How many pins the service says there are in all, of the first request; null where it did not say, or was asked from a cursor. */
  count: number | null = null

  /** The next pin, which stays; null after the last. Costs a request when nothing is at hand. */
  async peek(): Promise<PlacedPin | null> {
    while (this.#ready.length === 0 && !this.#isRead) await this.#readPage()
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
    const isFirst = this.#position === null
    const before = this.#before()
    const page = await this.#tenant.listPins({ ...this.#query, before, limit: this.#limit }, this.#options)
    if (isFirst) this.count = page.count

    const position = this.#position
    const placed = page.pins
      .map((pin) => ({ pin, position: positionOf(pin) }))
      .filter((each) => position === null || comparePositions(each.position, position) > 0)
      .sort((a, b) => comparePositions(a.position, b.position))
    const isFull = page.pins.length >= this.#limit
    const edge = isFull ? placed.at(-1)?.position.ns : undefined
    const certain = edge === undefined ? placed : placed.filter((each) => each.position.ns > edge)
    const last = certain.at(-1)

    if (last) {
      this.#position = last.position
      this.#ready = certain.filter((each) => this.#matches(each.pin))
      this.#hasHeldBack = placed.slice(certain.length).some((each) => this.#matches(each.pin))
      this.#limit = this.#usualLimit()
      // A short page ends the list, unless the service says that there is more: some return fewer than asked.
      this.#isRead = !isFull && (page.count ?? 0) <= page.pins.length
    } else if (isFull) {
      this.#growLimit()
    } else {
      this.#hasHeldBack = false
      this.#isRead = true
    }
  }

  /** Room for the pins to come, for one held back, and for the one that `before` lets come again. */
  #usualLimit(): number {
    return Math.min(MAX_LIMIT, this.#options.expected + (this.#position === null ? 1 : 2))
  }

  /** A full page without anything certain: more pins share one instant than fit. */
  #growLimit(): void {
    if (this.#limit === MAX_LIMIT) {
      const { service } = this.#tenant
      throw new MalformedResponseError(
        `${service} repeats the same ${MAX_LIMIT} pins, whatever time they are asked for`,
        { service },
      )
    }
    this.#limit = Math.min(MAX_LIMIT, this.#limit * 4)
  }

  #before(): string | undefined {
    const { before } = this.#query
    if (this.#position === null) return before
    // Milliseconds at the finest: services in JavaScript cannot compare closer, and asking for a little too much is harmless.
    const digits = Math.min(3, this.#position.digits)
    const unit = 10n ** BigInt(9 - digits)
    const bound = (this.#position.ns / unit + 1n) * unit
    return before !== undefined && parseInstant(before).ns <= bound ? before : formatInstant(bound, digits)
  }
}

/** Every pin that a query matches, newest first: one request for up to 999. */
export async function collectPins(tenant: Tenant, query: PinQuery, options: TenantCallOptions = {}): Promise<Pin[]> {
  const stream = new PinStream(tenant, query, { ...options, expected: MAX_LIMIT })
  const pins: Pin[] = []
  for (let next = await stream.peek(); next !== null; next = await stream.peek()) {
    pins.push(next.pin)
    stream.shift()
  }
  return pins
}

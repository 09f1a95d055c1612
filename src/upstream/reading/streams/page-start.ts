import { compareInstants, type Instant, parseInstant, SECOND_NS } from '../../../domain/instant.ts'
import type { Pin } from '../../../domain/pin.ts'
import type { PinPosition } from '../../../domain/pin-order.ts'
import type { ListQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { earlierBefore, timeUnit } from '../lists/time-unit.ts'
import type { PinSource } from '../pin-source.ts'

/**
 * The place where the next page of a stream begins: one unit of time past the last pin, so that all pins of its instant come
 * again. If services round times, or one instant fills whole pages, the place is made coarser or moved on.
 */
export class PageStart {
  readonly #source: PinSource
  #position: PinPosition | null
  /** True if the position is the last pin of a page of this stream. Then the next page must have it again. */
  #isWitnessed: boolean
  /** True while `before` is a whole second, after a page that lacked the pin of the position. */
  #isCoarse = false
  /** Units of time by which `before` was lowered, since the pins of the position's instant fill whole pages. */
  #steps = 0
  /** Oldest instant of the page after which `before` was lowered. The next page must have it again, too. */
  #edge: Instant | null = null

  /** @param isWitnessed true if the next page must have the pin of the position */
  constructor(source: PinSource, position: PinPosition | null, isWitnessed: boolean) {
    this.#source = source
    this.#position = position
    this.#isWitnessed = isWitnessed
  }

  /** Position of the last pin that was taken. Null before the first. */
  get position(): PinPosition | null {
    return this.#position
  }

  /** Moves on behind the last pin that was taken from a page. */
  moveTo(last: Pin | undefined): void {
    if (last === undefined) return
    this.#position = last
    this.#isWitnessed = true
    this.#isCoarse = false
    this.#steps = 0
  }

  /**
   * Returns true if the page has to be requested again, with `before` at a whole second: it lacks the pin of the position,
   * which `before` lets come again. Either the pin is gone, or the service rounds times.
   */
  lacksWitness({ before }: ListQuery, page: PinPage): boolean {
    const position = this.#position
    if (this.#steps > 0) return this.#lacksEdge(before, page)
    if (position === null || before === undefined || !this.#isWitnessed) return false
    const { known, capabilities } = this.#source
    if (page.pins.some(({ requestId }) => requestId === position.requestId)) {
      if (this.#isCoarse) known.observeRoundedTime()
      return false
    }
    const isWhole = parseInstant(before).ns % SECOND_NS === 0n
    if (this.#isCoarse || isWhole || isOfKnownUnit(before, capabilities)) return false
    // Pins of the same instant may have pushed it off the page.
    const oldest = page.pins.at(-1)
    if (oldest !== undefined && compareInstants(oldest.created, position.created) >= 0) return false
    this.#isCoarse = true
    return true
  }

  /** A service that rounds times may pass over more than one unit. */
  #lacksEdge(before: string | undefined, { pins }: PinPage): boolean {
    const edge = this.#edge
    const oldest = pins.at(-1)
    if (edge === null || pins.some(({ created }) => created.ns === edge.ns)) return false
    if (oldest !== undefined && compareInstants(oldest.created, edge) > 0) return false
    if (this.#isCoarse || before === undefined || isOfKnownUnit(before, this.#source.capabilities)) return false
    this.#isCoarse = true
    this.#steps = 0
    return true
  }

  /**
   * Lowers `before` by one unit if that passes over no pin that has not come. Returns false if it might.
   *
   * Needed where a page is full of pins that came before, and of one more instant that it may have cut. A page that ends
   * behind the position's instant has all pins of that instant. So they need not come again, and not those of `before`
   * itself, which some services include.
   *
   * @param edge the instant at which the page may have been cut
   */
  stepOver({ before }: ListQuery, page: PinPage, edge: Instant | undefined): boolean {
    if (this.#position === null || before === undefined || edge === undefined || this.#steps > 1) return false
    const unit = this.#unit()
    const bound = parseInstant(before).ns
    const { ns } = this.#position.created
    // A pin at `before` shows that the service includes its bounds, with two exceptions. A service that also lists later pins rounds
    // `before` up. And if `before` is finer than the unit that the service is known by now to take, a later `before` was sent instead.
    // Times that are printed in whole seconds may be rounded, so that only some pins of `before` have come.
    const isInclusive =
      this.#source.known.includesBounds &&
      bound % unit === 0n &&
      page.pins.some(({ created }) => created.ns === bound) &&
      page.pins.every(({ created }) => created.ns <= bound)
    const floor = (ns / unit) * unit
    const isComplete = edge.ns < floor
    // Within a second, a pin at `before` may also come from a service that rounds up.
    const isCompleteWithFloor = isInclusive && (ns === floor || (unit === SECOND_NS && edge.ns <= floor))
    if (this.#steps === 0 ? !isComplete && !isCompleteWithFloor : !isComplete || !isInclusive) return false
    // Between two units there must be no time that the service can keep.
    if (this.#steps === 1 && page.pins.some(({ created }) => created.ns % unit !== 0n)) return false
    this.#steps++
    this.#edge = edge
    return true
  }

  #unit(): bigint {
    const { capabilities } = this.#source
    // Without a witness, nothing shows whether an unknown service rounds times.
    const isUnproven = capabilities.timeDigits === null && !this.#isWitnessed
    return this.#isCoarse || isUnproven ? SECOND_NS : timeUnit(capabilities)
  }

  /** Returns the `before` of what follows the position, at a whole second. */
  beforeRest(asked: string | undefined): string | undefined {
    this.#isCoarse = true
    this.#steps = 0
    return this.before(asked)
  }

  /** Returns a `before` one unit past the last pin, so that all pins of its instant come again. */
  before(asked: string | undefined): string | undefined {
    if (this.#position === null) return asked
    const unit = this.#unit()
    const bound = (this.#position.created.ns / unit + 1n - BigInt(this.#steps)) * unit
    return earlierBefore(asked, bound, this.#source.capabilities)
  }
}

/**
 * Returns whether the unit in which the service compares times is known, and a time is a whole number of units. If another list has
 * shown a coarser unit since the time was sent, it is not: the service has rounded it.
 */
function isOfKnownUnit(time: string, capabilities: Capabilities): boolean {
  return capabilities.timeDigits !== null && parseInstant(time).ns % timeUnit(capabilities) === 0n
}

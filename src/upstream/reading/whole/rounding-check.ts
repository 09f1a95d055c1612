import { floorToSecond, SECOND_NS } from '../../../domain/instant.ts'
import type { Pin, PinStatus } from '../../../domain/pin.ts'
import type { PinQuery } from '../../http/list-query.ts'
import type { PinPage } from '../../http/pin-page.ts'
import type { Capabilities } from '../../providers/capabilities.ts'
import { idsOf } from '../lists/compare-pages.ts'
import { type Times, timesOf, withinSecond } from '../lists/query-times.ts'

/**
 * Finds out whether a service rounds `before` and `after` to whole seconds, from lists with times within a second.
 *
 * A list that lacks no known pin proves little: a service that rounds `after` up to the next second hides the pins between, and
 * they may be pins that no other list has shown. So a bound within a second is trusted only after a list has had a pin
 * between such a bound and the whole second to which it would be rounded. Services may round down in the first half of a
 * second and up in the second, so each half needs its own proof.
 */
export class RoundingCheck {
  /** By request id: the pins of all lists, each with the statuses for which it was listed last. */
  readonly #seen = new Map<string, { readonly pin: Pin; readonly statuses: readonly PinStatus[] }>()
  /** Kinds of bounds that are known not to hide pins, by `kindOf`. */
  readonly #proven = new Set<string>()
  /** Kinds of bounds of the lists that were relied on. */
  readonly #open = new Set<string>()

  /** True if a list was relied on that may lack pins, since the service may round its bounds. */
  get isOpen(): boolean {
    return [...this.#open].some((kind) => !this.#proven.has(kind))
  }

  /** Forgets what was open, since all is read again at whole seconds. */
  reset(): void {
    this.#open.clear()
  }

  /**
   * Learns from a list. All lists must have the same filters, except for times and statuses.
   *
   * @returns true if the list shows that the service rounds times. Always false where the unit of times is known.
   */
  isRounded(query: PinQuery, { pins }: PinPage, isCut: boolean, { order, timeDigits }: Capabilities): boolean {
    if (timeDigits !== null) return false
    const times = timesOf(query)
    const [before, after] = [withinSecond(times.before), withinSecond(times.after)]
    // Only a sorted list shows something by what it lacks if it was cut: it has everything before its last pin.
    const end = isCut ? (order === 'oldest-first' ? pins.at(-1)?.created.ns : undefined) : null
    const lacksPins =
      (before !== null || after !== null) &&
      (hasOthers(pins, times) || (end !== undefined && this.#lacksSeen(query, pins, end)))
    for (const pin of pins) this.#seen.set(pin.requestId, { pin, statuses: query.statuses })
    if (lacksPins) return true
    const hasBetween = (from: bigint, to: bigint): boolean => pins.some(({ created: { ns } }) => ns > from && ns < to)
    if (before !== null && hasBetween(floorToSecond(before), before)) this.#proven.add(kindOf('before', before))
    if (after !== null && hasBetween(after, floorToSecond(after) + SECOND_NS)) this.#proven.add(kindOf('after', after))
    return false
  }

  /**
   * Notes that a list is taken to have all pins between its bounds, or between `after` and its last pin.
   *
   * @param isContinued true if all pins up to one that the list must have again are known. Then its `after` hides nothing.
   */
  relyOn(query: PinQuery, isContinued: boolean, { timeDigits }: Capabilities): void {
    if (timeDigits !== null) return
    const times = timesOf(query)
    const [before, after] = [withinSecond(times.before), withinSecond(times.after)]
    if (before !== null) this.#open.add(kindOf('before', before))
    if (after !== null && !isContinued) this.#open.add(kindOf('after', after))
  }

  /**
   * Returns whether a list lacks a pin that another list has shown.
   *
   * @param end time before which the list is whole. Null: all of it is.
   */
  #lacksSeen(query: PinQuery, pins: readonly Pin[], end: bigint | null): boolean {
    const { statuses } = query
    const { before, after } = timesOf(query)
    const ids = idsOf(pins)
    // Some services list other statuses too if several are asked for.
    const isListed = (pin: Pin, listedFor: readonly PinStatus[]): boolean =>
      statuses.includes(pin.status) || listedFor.join() === statuses.join()
    return [...this.#seen.values()].some(
      ({ pin, statuses: listedFor }) =>
        (before === null || pin.created.ns < before) &&
        (after === null || pin.created.ns > after) &&
        (end === null || pin.created.ns < end) &&
        isListed(pin, listedFor) &&
        !ids.has(pin.requestId),
    )
  }
}

/** Returns whether some pins lie outside of bounds. */
function hasOthers(pins: readonly Pin[], { before, after }: Times): boolean {
  return pins.some(({ created: { ns } }) => (before !== null && ns > before) || (after !== null && ns < after))
}

function kindOf(bound: 'before' | 'after', ns: bigint): string {
  return `${bound} ${ns % SECOND_NS < SECOND_NS / 2n ? 'early' : 'late'}`
}

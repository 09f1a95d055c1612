import { parseInstant, SECOND_NS } from '../../domain/instant.ts'
import type { Pin } from '../../domain/pin.ts'
import type { PinQuery } from '../http/list-query.ts'

const MINUTE_NS = 60n * SECOND_NS

/** The bounds of a list in nanoseconds. Null: none. */
interface Bounds {
  readonly before: bigint | null
  readonly after: bigint | null
}

/** A way to misread bounds, by more than a second, that hides pins. Each returns the bound that is compared in place of the right one. */
interface Misreading {
  before?(ns: bigint): bigint
  after?(ns: bigint): bigint
}

/** Any shift by a minute or more, such as that of a mistaken time zone, and all ways to round to the minute. */
const MISREADINGS: readonly Misreading[] = [
  { before: (ns) => ns - MINUTE_NS },
  { after: (ns) => ns + MINUTE_NS },
  { before: floorToMinute },
  { after: (ns) => floorToMinute(ns + MINUTE_NS - 1n) },
  { before: nearestMinute, after: nearestMinute },
]

/**
 * Learns from lists whether a service compares `before` and `after` with the times that it lists.
 *
 * Some services round bounds to the minute, read them in another time zone, or compare them as text with times of another offset. Pins
 * that such a bound hides look as if they did not exist. But a list that has a pin right behind a bound shows that it is not hidden.
 */
export class LearnedBounds {
  readonly #open = new Set(MISREADINGS)
  /**
   * True if a list with a pin at a bound has all pins of its time. False if it may have some of them only, as at services that print times
   * rounded to the nearest second and compare them exactly. Null: not known.
   */
  areInclusive: boolean | null = null

  /** Learns from a list. */
  observe({ before, after }: PinQuery, pins: readonly Pin[]): void {
    if (this.#open.size === 0 || (before === undefined && after === undefined)) return
    const ns = (text: string | undefined): bigint | null => (text === undefined ? null : parseInstant(text).ns)
    const bounds = { before: ns(before), after: ns(after) }
    for (const misreading of this.#open)
      if (pins.some(({ created }) => isHidden(created.ns, misreading, bounds))) this.#open.delete(misreading)
  }

  /** True if no bounds need any more proof. */
  get areAllTrusted(): boolean {
    return this.#open.size === 0
  }

  /** Returns whether bounds are known to hide no pins that lie between them. */
  areTrusted(bounds: Bounds): boolean {
    return ![...this.#open].some((misreading) => hidesAny(misreading, bounds))
  }

  /** Returns whether a list that has a pin of this time between these bounds would show that they are not misread. */
  wouldTrust(ns: bigint, bounds: Bounds): boolean {
    return [...this.#open].every((misreading) => isHidden(ns, misreading, bounds))
  }
}

/** Returns whether a pin that lies between bounds is not listed if they are misread. */
function isHidden(ns: bigint, misreading: Misreading, { before, after }: Bounds): boolean {
  if ((before !== null && ns >= before) || (after !== null && ns <= after)) return false
  const isLate = before !== null && misreading.before !== undefined && ns > misreading.before(before)
  const isEarly = after !== null && misreading.after !== undefined && ns < misreading.after(after)
  return isLate || isEarly
}

function hidesAny(misreading: Misreading, { before, after }: Bounds): boolean {
  const hidesLate = before !== null && (misreading.before?.(before) ?? before) < before
  const hidesEarly = after !== null && (misreading.after?.(after) ?? after) > after
  return hidesLate || hidesEarly
}

function floorToMinute(ns: bigint): bigint {
  return (ns / MINUTE_NS) * MINUTE_NS
}

function nearestMinute(ns: bigint): bigint {
  return floorToMinute(ns + MINUTE_NS / 2n)
}

import { PIN_STATUSES, type Pin, type PinStatus } from '../../../domain/pin.ts'
import type { PinPage } from '../../http/pin-page.ts'
import { isSurelySorted } from '../lists/is-surely-sorted.ts'

/** A list of one status whose length shows whether statuses are looked at before the list is cut. */
export interface StatusTest {
  readonly status: PinStatus
  /** Number of pins of this status that are known to match. It is the `limit` of the list. */
  readonly count: number
  /** Chance that a list that is cut first has so many, if its pins come in any order. 0: it never has. */
  readonly chance: number
}

/**
 * Plans the test that a late filter passes with the least chance.
 *
 * @param page a list of all statuses
 * @returns null if all pins have the same status, or nobody knows which
 */
export function planStatusTest({ pins, leftOut }: PinPage): StatusTest | null {
  const [newest] = pins
  if (newest === undefined || leftOut !== undefined) return null
  const isSorted = isSurelySorted(pins)
  const newestOnes = newestStatuses(pins)
  const tests = PIN_STATUSES.map((status): StatusTest => {
    const count = pins.filter((pin) => pin.status === status).length
    // A list of one pin that is cut first has one of the newest pins.
    if (isSorted && count > 0 && !newestOnes.has(status)) return { status, count: 1, chance: 0 }
    const isFirst = pins.slice(0, count + 1).filter((pin) => pin.status === status).length >= count
    return {
      status,
      count,
      chance: isFirst ? 1 : Math.max(chanceOf(count, pins.length), chanceInTies(pins, status, count)),
    }
  })
  const best = tests.filter(({ chance }) => chance < 1).sort((a, b) => a.chance - b.chance)
  return best[0] ?? null
}

/**
 * Returns the statuses that a list of one pin may have, if pins are newest first. Some services list one pin more than requested, and
 * pins of one instant may come in any order.
 */
export function newestStatuses(pins: readonly Pin[]): ReadonlySet<PinStatus> {
  const second = pins[1] ?? pins[0]
  if (second === undefined) return new Set()
  return new Set(pins.filter(({ created }) => created.ns >= second.created.ns).map(({ status }) => status))
}

/**
 * Returns the largest chance that pins in any order begin with all `count` pins of a status, if one pin of another status may be among
 * them.
 */
function chanceOf(count: number, total: number): number {
  return Math.min(1, (count + 1) * (count / total) ** count)
}

/**
 * Returns the same chance if pins come in the order of their times, and only those of the instant at which the list is cut come in any
 * order. 0 if these pins came in no such order, or if a list in this order never begins with `count` pins of the status.
 */
function chanceInTies(pins: readonly Pin[], status: PinStatus, count: number): number {
  const edge = pins[count]?.created.ns
  if (edge === undefined || !isInOrder(pins)) return 0
  const isWanted = (pin: Pin): boolean => pin.status === status
  const before = pins.slice(
    0,
    pins.findIndex(({ created }) => created.ns === edge),
  )
  const ties = pins.filter(({ created }) => created.ns === edge)
  const missing = count - before.filter(isWanted).length
  return ties.filter(isWanted).length < missing ? 0 : chanceOf(missing, ties.length)
}

/** Returns whether pins are newest first, or oldest first. */
function isInOrder(pins: readonly Pin[]): boolean {
  const steps = pins.slice(1).map(({ created }, index) => created.ns - (pins[index] as Pin).created.ns)
  return steps.every((step) => step <= 0n) || steps.every((step) => step >= 0n)
}

import type { Pin } from '../../../domain/pin.ts'
import type { PinPage } from '../../http/pin-page.ts'

/** Returns the request ids of pins. */
export function idsOf(pins: readonly Pin[]): ReadonlySet<string> {
  return new Set(pins.map(({ requestId }) => requestId))
}

/** Returns whether a page has all of these pins. */
export function hasAllPins(page: PinPage, pins: readonly Pin[]): boolean {
  const ids = idsOf(page.pins)
  return pins.every(({ requestId }) => ids.has(requestId))
}

/** Returns whether a page has all records of another page that are no valid pins. */
export function hasAllOddRecords(page: PinPage, other: PinPage): boolean {
  const keys = oddKeysOf(page)
  return [...oddKeysOf(other)].every((key) => keys.has(key))
}

/** Returns whether a page has records that are no valid pins, and another page has none of them. */
export function hasOtherOddRecords(page: PinPage, other: PinPage): boolean {
  const keys = oddKeysOf(page)
  return keys.size > 0 && ![...oddKeysOf(other)].some((key) => keys.has(key))
}

/** Returns the number of records of a page. Unlike in `recordCount`, a record that the service lists twice counts once. */
export function differentRecords(page: PinPage): number {
  return idsOf(page.pins).size + oddKeysOf(page).size
}

function oddKeysOf({ leftOut = [] }: PinPage): ReadonlySet<string> {
  return new Set(leftOut.map(({ key }) => key))
}

import { compareInstants } from './instant.ts'
import type { Pin } from './pin.ts'

/** Place of a pin among the pins of all services. No two pins have the same place. */
export type PinPosition = Pick<Pin, 'created' | 'service' | 'requestId'>

/**
 * Compares two pins: newer pins come first. Pins of the same instant are in the order of their service names, then of their
 * request ids.
 *
 * @returns a negative number when `a` comes first; 0 only for the same pin
 */
export function comparePositions(a: PinPosition, b: PinPosition): number {
  return (
    compareInstants(b.created, a.created) || compareText(a.service, b.service) || compareText(a.requestId, b.requestId)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

import type { Pin } from '../../../domain/pin.ts'

/** Returns the times of pins in nanoseconds, oldest first. */
export function sortedTimes(pins: readonly Pin[]): bigint[] {
  return pins.map(({ created }) => created.ns).sort((a, b) => (a < b ? -1 : Number(a > b)))
}

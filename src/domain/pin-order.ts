import { parseInstant } from './instant.ts'
import type { Pin } from './pin.ts'

/** A pin's place among the pins of all services: newest first, then by service and request id, so that no two are equal. */
export interface PinPosition {
  /** Nanoseconds since 1970. */
  readonly ns: bigint
  /** Fraction digits of the service's timestamp. */
  readonly digits: number
  readonly service: string
  readonly requestId: string
}

/** Where a pin stands. */
export function positionOf(pin: Pin): PinPosition {
  return { ...parseInstant(pin.created), service: pin.service, requestId: pin.requestId }
}

/** Negative when `a` comes first: the newer one, then the lesser service name, then the lesser request id. */
export function comparePositions(a: PinPosition, b: PinPosition): number {
  if (a.ns !== b.ns) return a.ns > b.ns ? -1 : 1
  return compareText(a.service, b.service) || compareText(a.requestId, b.requestId)
}

/** The pins in order, in a new array. */
export function sortPins(pins: readonly Pin[]): Pin[] {
  return pins
    .map((pin) => ({ pin, position: positionOf(pin) }))
    .sort((a, b) => comparePositions(a.position, b.position))
    .map(({ pin }) => pin)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

import { compareInstants } from './instant.ts'
import type { Pin } from './pin.ts'

/** A pin's place among the pins of all services. Every pin is its own. */
export type PinPosition = Pick<Pin, 'created' | 'service' | 'requestId'>

/** Negative when `a` comes first: the newer one, then the lesser service name, then the lesser request id. No two pins are equal. */
export function comparePositions(a: PinPosition, b: PinPosition): number {
  return (
    compareInstants(b.created, a.created) || compareText(a.service, b.service) || compareText(a.requestId, b.requestId)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

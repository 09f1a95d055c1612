import { parseInstant, SECOND_NS } from '../../../domain/instant.ts'
import type { PinQuery } from '../../http/list-query.ts'

/** The bounds of a list in nanoseconds. Null: none. */
export interface Times {
  readonly before: bigint | null
  readonly after: bigint | null
}

/** Returns the times of a query. */
export function timesOf({ before, after }: PinQuery): Times {
  return {
    before: before === undefined ? null : parseInstant(before).ns,
    after: after === undefined ? null : parseInstant(after).ns,
  }
}

/** Returns whether a list has a bound within a second. */
export function isWithinSecond(query: PinQuery): boolean {
  const { before, after } = timesOf(query)
  return withinSecond(before) !== null || withinSecond(after) !== null
}

/** Returns a bound that lies within a second. Null for a whole second, and without a bound. */
export function withinSecond(bound: bigint | null): bigint | null {
  return bound !== null && bound % SECOND_NS !== 0n ? bound : null
}

import { formatInstant } from '../../../src/domain/instant.ts'
import { SECOND } from '../providers/created-text.ts'

/**
 * A way to read `before` and `after` wrongly, by more than a second. `hour early`: as an hour earlier. `text ahead`: `created` is printed
 * in a time zone ahead of UTC, and the texts are compared.
 */
export type Misreading =
  | 'none'
  | 'minute down'
  | 'minute up'
  | 'minute nearest'
  | 'hour early'
  | 'hour late'
  | 'text ahead'
  | 'text behind'

/** The rules of a service that reads or prints times wrongly. */
export interface MisreadTimes {
  readonly misreading: Misreading
  /** `nearest second`: rounded to it. Bounds are compared with the exact time. */
  readonly printed: 'exactly' | 'nearest second'
}

export const READ_RIGHT: MisreadTimes = { misreading: 'none', printed: 'exactly' }

/** All of them. */
export const MISREADINGS: readonly Misreading[] = [
  'minute down',
  'minute up',
  'minute nearest',
  'hour early',
  'hour late',
  'text ahead',
  'text behind',
]
const OFFSETS = { 'text ahead': 2, 'text behind': -5 } as const
const HOUR = 3_600n * SECOND
const MINUTE = 60n * SECOND

/** The rules of a service that reads times wrongly, or prints them so once in three times. Those have whole seconds. */
export function misreadByChance(
  any: <Value>(values: readonly Value[]) => Value,
): Partial<MisreadTimes> & { digits?: 0 } {
  if (any([true, false, false])) return { misreading: 'none', printed: 'nearest second', digits: 0 }
  return { misreading: any(MISREADINGS), printed: 'exactly' }
}

/** Returns the bound that a service compares in place of the one that it was sent. */
export function misread(ns: bigint, misreading: Misreading): bigint {
  switch (misreading) {
    case 'minute down':
      return (ns / MINUTE) * MINUTE
    case 'minute up':
      return ((ns + MINUTE - 1n) / MINUTE) * MINUTE
    case 'minute nearest':
      return ((ns + MINUTE / 2n) / MINUTE) * MINUTE
    case 'hour early':
      return ns - HOUR
    case 'hour late':
      return ns + HOUR
    default:
      return ns
  }
}

/** Returns whether a service compares the texts of times. */
export function comparesTexts(misreading: Misreading): misreading is keyof typeof OFFSETS {
  return misreading in OFFSETS
}

/** Prints `created` as a service does. */
export function printCreated(ns: bigint, digits: number, { misreading }: MisreadTimes): string {
  if (!comparesTexts(misreading)) return formatInstant(ns, digits)
  const hours = OFFSETS[misreading]
  const offset = `${hours < 0 ? '-' : '+'}0${Math.abs(hours)}:00`
  return formatInstant(ns + BigInt(hours) * HOUR, digits).replace('Z', offset)
}

/** Rounds a time to the nearest second. */
export function nearestSecond(ns: bigint): bigint {
  return ((ns + SECOND / 2n) / SECOND) * SECOND
}

import { formatInstant, parseInstant, SECOND_NS } from '../../../domain/instant.ts'
import type { Capabilities } from '../../providers/capabilities.ts'

/** The capabilities that decide the unit in which a service compares times. */
type KnownDigits = Pick<Capabilities, 'createdDigits' | 'timeDigits'>

/**
 * Returns the unit in which a service compares times, in nanoseconds.
 *
 * The finest unit is a millisecond, JavaScript's own. While no time of the service was seen, the
 * unit is a second.
 */
export function timeUnit(capabilities: KnownDigits): bigint {
  return unitOfDigits(timeDigits(capabilities))
}

/** Returns the unit of times with so many fraction digits, in nanoseconds. */
export function unitOfDigits(digits: number): bigint {
  return 10n ** BigInt(9 - digits)
}

/** Prints an instant in the service's unit. */
export function printTime(ns: bigint, capabilities: KnownDigits): string {
  return formatInstant(ns, timeDigits(capabilities))
}

/**
 * Widens a query's own time bound to the unit in which the service compares times.
 *
 * @param direction `up` for `before`, `down` for `after`
 */
export function widen(
  text: string | undefined,
  capabilities: KnownDigits,
  direction: 'up' | 'down',
): string | undefined {
  if (text === undefined) return undefined
  const { ns } = parseInstant(text)
  const unit = boundUnit(capabilities)
  const down = ns - (((ns % unit) + unit) % unit)
  return printTime(direction === 'down' || down === ns ? down : down + unit, capabilities)
}

/** Returns the `before` of a query's next list: the query's own if that is earlier than the bound, and otherwise the bound. */
export function earlierBefore(asked: string | undefined, bound: bigint, capabilities: KnownDigits): string {
  return asked !== undefined && parseInstant(asked).ns < bound ? asked : printTime(bound, capabilities)
}

/** Returns whether a query's own time bound is sent as it is, since it is a whole number of the service's units. */
export function isUnwidened(text: string | undefined, capabilities: KnownDigits): boolean {
  return text === undefined || parseInstant(text).ns % boundUnit(capabilities) === 0n
}

/** The unit to which a query's own times are widened. Nothing in an answer shows that an unknown service has rounded them. */
function boundUnit(capabilities: KnownDigits): bigint {
  return capabilities.timeDigits === null ? SECOND_NS : timeUnit(capabilities)
}

function timeDigits({ createdDigits, timeDigits }: KnownDigits): number {
  return Math.min(3, createdDigits ?? 0, timeDigits ?? 3)
}

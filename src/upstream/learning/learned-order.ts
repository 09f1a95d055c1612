import { compareInstants, type Instant } from '../../domain/instant.ts'
import type { Capabilities } from '../providers/capabilities.ts'
import type { Disproof } from './disproof.ts'

/** Number of different instants in one list that prove its order. Only one shuffled list in 3,628,800 is sorted by chance. */
const INSTANTS_THAT_PROVE_ORDER = 10

/** Returns whether the times of a list prove that the service lists the newest pins first. */
export function isProvenNewestFirst(times: readonly Instant[]): boolean {
  const steps = stepsOf(times)
  return steps.every((step) => step <= 0) && 1 + steps.filter((step) => step !== 0).length >= INSTANTS_THAT_PROVE_ORDER
}

/** Returns what the times of a list show about an order that they disprove; null if they do not disprove it. */
export function disproveOrder(times: readonly Instant[], order: Capabilities['order']): Disproof | null {
  if (order === 'none') return null
  const steps = stepsOf(times)
  const ascends = steps.every((step) => step >= 0)
  const fits = order === 'oldest-first' ? ascends : steps.every((step) => step <= 0)
  if (fits) return null
  return ascends
    ? { change: { order: 'oldest-first' }, capability: 'order', proof: 'a list came oldest first' }
    : { change: { order: 'none' }, capability: 'order', proof: 'a list came unsorted' }
}

/** Compares each time with the one before it: negative for an earlier time, 0 for the same instant. */
function stepsOf(times: readonly Instant[]): number[] {
  return times.slice(1).map((time, index) => compareInstants(time, times[index] as Instant))
}

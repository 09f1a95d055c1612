import type { Pin } from '../../../domain/pin.ts'

/** A page counts as sorted if pins in any order would be sorted less often than this. */
const CHANCE_OF_ORDER = 1e-4

/** Returns whether pins are newest first, and hardly by chance. */
export function isSurelySorted(pins: readonly Pin[]): boolean {
  let chance = 1
  let same = 1
  for (let index = 1; index < pins.length; index++) {
    const [newer, older] = [pins[index - 1]?.created.ns, pins[index]?.created.ns] as [bigint, bigint]
    if (newer < older) return false
    same = newer === older ? same + 1 : 1
    chance *= same / (index + 1)
  }
  return chance < CHANCE_OF_ORDER
}

import { compareInstants } from '../../domain/instant.ts'
import type { Pin } from '../../domain/pin.ts'
import type { PinQuery } from '../http/list-query.ts'

/** Number of different instants in a list that show that it is sorted. Only one shuffled list in 3,628,800 is sorted by chance. */
const LEAST_INSTANTS = 10
/** Number of runs of one pin or more that are in the order of their times by chance once in 40,320 lists. */
const MANY_RUNS = 8

/** By the parts of a pin by which services may list: the text of the part. */
const PARTS = {
  status: ({ status }: Pin): string => status,
  cid: ({ cid }: Pin): string => cid.key,
  name: ({ name }: Pin): string => name ?? '',
} as const

/**
 * Learns from lists that are sorted by time whether the service lists by status, CID or name first. Such a list is made of
 * runs: one for each status, say, and each sorted by time. If it is cut after its first run, it looks newest first, but
 * lacks newer pins of other runs.
 *
 * A sorted list that mixes the statuses is not made of runs by status. A list with pins of one status only shows nothing.
 */
export class MixedRuns {
  readonly #open = new Set(Object.keys(PARTS) as (keyof typeof PARTS)[])

  /** Learns from a list. */
  observe(pins: readonly Pin[]): void {
    if (this.#open.size === 0 || !isSorted(pins)) return
    for (const part of this.#open) if (isMixed(pins.map(PARTS[part]))) this.#open.delete(part)
  }

  /** Returns whether a list for a query is known not to be made of runs. */
  areMixed({ statuses, cids, name, match = 'exact' }: PinQuery): boolean {
    const isOne = {
      status: statuses.length === 1,
      cid: cids?.length === 1,
      name: name !== undefined && match === 'exact',
    }
    return [...this.#open].every((part) => isOne[part])
  }
}

/** Returns whether pins are newest first or oldest first, and not by chance. */
function isSorted(pins: readonly Pin[]): boolean {
  const steps = pins.slice(1).map(({ created }, index) => compareInstants(created, (pins[index] as Pin).created))
  const others = steps.filter((step) => step !== 0)
  if (1 + others.length < LEAST_INSTANTS) return false
  return others.every((step) => step < 0) || others.every((step) => step > 0)
}

/** Returns whether a sorted list with these texts is not made of one run for each text. */
function isMixed(texts: readonly string[]): boolean {
  const runs = texts.filter((text, index) => text !== texts[index - 1])
  if (new Set(runs).size < runs.length) return true
  // Runs in the order of their texts may grow with time, as names with a date do.
  return runs.length >= MANY_RUNS && !isByText(runs) && !isByText(runs.toReversed())
}

function isByText(texts: readonly string[]): boolean {
  return texts.every((text, index) => index === 0 || (texts[index - 1] as string) < text)
}

import { queryObjects } from 'node:v8'

/**
 * Counts the objects of a class that something still holds, after a garbage collection. It takes some tens of milliseconds.
 *
 * Other tests in the same process may have left some, so compare with a count from before.
 */
export function countInHeap(type: new (...args: never[]) => unknown): number {
  return queryObjects(type, { format: 'count' })
}

/** Returns how `util.inspect` shows the objects of a class that something still holds, after a garbage collection. */
export function summariesInHeap(type: new (...args: never[]) => unknown): readonly string[] {
  return queryObjects(type, { format: 'summary' })
}

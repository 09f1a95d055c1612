import { queryObjects } from 'node:v8'

/**
 * Counts the objects of a class that something still holds, after a garbage collection. It takes some tens of milliseconds.
 *
 * Other tests in the same process may have left some, so compare with a count from before.
 */
export function countInHeap(type: new (...args: never[]) => unknown): number {
  return queryObjects(type, { format: 'count' })
}

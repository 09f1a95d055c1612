import { getHeapStatistics } from 'node:v8'

/**
 * Returns the bytes that each thing may take of which others decide how much there is: the pins of long reads, those that are watched,
 * answers in the making, and long requests.
 */
export function quarterOfHeap(): number {
  return getHeapStatistics().heap_size_limit / 4
}

import type { Connection } from './connection-parts.ts'

/** Minimum connections per second, so that a few of them do not take the whole span. */
const LEAST_PER_SECOND = 100
const SLICE_MS = 100

/** Returns the milliseconds over which `count` connections are closed: 10 for each, and `spanMs` at most. */
export function drainTimeMs(count: number, spanMs: number): number {
  return Math.min(spanMs, (count * 1000) / LEAST_PER_SECOND)
}

/**
 * Closes connections, evenly spread over `drainTimeMs`, so that their clients do not all connect again at the same moment.
 *
 * @param spanMs maximum milliseconds, for any number of connections
 */
export async function drainInSlices(connections: Iterable<Connection>, spanMs: number): Promise<void> {
  const waiting = [...connections]
  const totalMs = drainTimeMs(waiting.length, spanMs)
  for (let left = Math.max(1, Math.ceil(totalMs / SLICE_MS)); waiting.length > 0; left--) {
    for (const connection of waiting.splice(0, Math.ceil(waiting.length / left))) connection.goAway()
    if (waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, SLICE_MS))
  }
}

import type { Connection } from './connection-parts.ts'

/** No slower than this: who is alone need not wait. */
const LEAST_PER_SECOND = 50
const SLICE_MS = 100

/** Milliseconds over which so many connections are sent away: at most `spanMs`, and 20 for each where that is less. */
export function drainTimeMs(count: number, spanMs: number): number {
  return Math.min(spanMs, (count * 1000) / LEAST_PER_SECOND)
}

/**
 * Sends connections away, evenly spread over a while, so that their clients do not all come back at the same moment.
 *
 * @param spanMs for any number of them; a few take less, 20 milliseconds each
 */
export async function drainInSlices(connections: Iterable<Connection>, spanMs: number): Promise<void> {
  const waiting = [...connections]
  const totalMs = drainTimeMs(waiting.length, spanMs)
  for (let left = Math.max(1, Math.ceil(totalMs / SLICE_MS)); waiting.length > 0; left--) {
    for (const connection of waiting.splice(0, Math.ceil(waiting.length / left))) connection.goAway()
    if (waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, SLICE_MS))
  }
}

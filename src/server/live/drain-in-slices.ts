import type { LiveConnection } from './live-parts.ts'

/** No slower than this: who is alone need not wait. */
const LEAST_PER_SECOND = 50
const SLICE_MS = 100

/**
 * Sends connections away, evenly spread over a while, so that their clients do not all come back at the same moment.
 *
 * @param spanMs for any number of them; a few take less, 20 milliseconds each
 */
export async function drainInSlices(connections: Iterable<LiveConnection>, spanMs: number): Promise<void> {
  const waiting = [...connections]
  const totalMs = Math.min(spanMs, (waiting.length * 1000) / LEAST_PER_SECOND)
  for (let left = Math.max(1, Math.ceil(totalMs / SLICE_MS)); waiting.length > 0; left--) {
    for (const connection of waiting.splice(0, Math.ceil(waiting.length / left))) connection.goAway()
    if (waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, SLICE_MS))
  }
}

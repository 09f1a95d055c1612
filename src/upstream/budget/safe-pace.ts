/** The parts of a limit, and a pace that never exceeds it. */
export interface SafePace {
  /** Milliseconds for which a call counts: the window, and what the network may squeeze. */
  readonly spanMs: number
  /** Milliseconds from one call to the next in the long run. */
  readonly intervalMs: number
  /** Number of interactive calls in a window that may leave at once. */
  readonly burst: number
  /**
   * Milliseconds from one poll to the next, so that polls leave room for a burst. 0 for a window of less than two seconds, in
   * which the room that polls have used comes back soon.
   */
  readonly pollIntervalMs: number
  /** Number of calls in a window that only mutations may use. */
  readonly reserve: number
}

/** The reserve for mutations, as a part of the limit, and the smallest limit that has one. */
const RESERVE = 0.02
const SMALLEST_WITH_RESERVE = 13
/** Largest difference in milliseconds between the travel times of two calls to a service. */
export const JITTER_MS = 50
/** In a shorter window, the room that polls have used comes back within two seconds. A person who waits for it hardly notices. */
const SHORTEST_LONG_WINDOW_MS = 2000
/** Instants are rounded by less than this. Without it, calls exactly a span apart would meet in one window. */
const ROUNDING_MS = 1e-3

/**
 * Returns the parts of a limit.
 *
 * The network can squeeze the calls of a window and 50 ms more into one window at the service. So a call counts for that
 * long. Mutations have a reserve of 2 % of the limit, and of one call from 13 on. All others together use the rest: 96.6 % of 30
 * per minute, and 93.3 % of 100 per second. Half of the limit may be used by interactive calls that leave at once. If the
 * window is longer than two seconds, polls leave this half to them.
 */
export function safePace({ limit, windowMs }: { readonly limit: number; readonly windowMs: number }): SafePace {
  const spanMs = windowMs + JITTER_MS + ROUNDING_MS
  const reserve = limit < SMALLEST_WITH_RESERVE ? 0 : Math.max(1, Math.floor(RESERVE * limit))
  const intervalMs = spanMs / (limit - reserve)
  const burst = Math.ceil(limit / 2)
  const isLong = windowMs >= SHORTEST_LONG_WINDOW_MS
  const pollIntervalMs = isLong ? spanMs / Math.max(1, limit - reserve - burst) : 0
  return { spanMs, intervalMs, burst, pollIntervalMs, reserve }
}

const FIRST_MS = 500
const LAST_MS = 30_000

/** Milliseconds to wait after the nth failure in a row, counted from 0: each time twice as long, 30 s at most. */
export function retryDelayMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** failures, LAST_MS)
}

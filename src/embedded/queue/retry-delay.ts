const FIRST_MS = 500
const LAST_MS = 30_000

/** Returns the milliseconds to wait after `failures + 1` failures in a row: 500, doubled each time, 30,000 at most. */
export function retryDelayMs(failures: number): number {
  return Math.min(FIRST_MS * 2 ** failures, LAST_MS)
}

/** The time of the gateway. It can be replaced, so that tests run ten minutes in a second, and always at the same date. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  now(): number
  /** Unix milliseconds, a whole number. It may go back, so no wait is measured by it. */
  wallNow(): number
  /**
   * Runs `callback` once, `delayMs` from now or a little later, and never in the same turn of the event loop.
   *
   * @param options.keepsAlive true if the timer keeps the process alive. Default: false.
   */
  setTimeout(callback: () => void, delayMs: number, options?: { keepsAlive?: boolean }): ClockTimer
}

export interface ClockTimer {
  /** Cancels the timer. Does nothing once it has fired. */
  cancel(): void
}

/** Node fires a longer timer at once. Code that needs more must set the timer again when it fires early. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * The machine's monotonic clock, and beside it the wall clock, whose changes move no deadline and free no budget.
 *
 * Delays above 24 days are cut to 24 days.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimeout(callback, delayMs, { keepsAlive = false } = {}) {
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs), LONGEST_TIMEOUT_MS))
    if (!keepsAlive) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

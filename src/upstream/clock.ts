/** Time as the rate budget and the schedulers see it, so that tests can run ten minutes in a second. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  now(): number
  /**
   * Runs `callback` once, `delayMs` from now or a little later, never in the same turn.
   *
   * @param options.keepsAlive whether the process waits for it. Default false.
   */
  setTimeout(callback: () => void, delayMs: number, options?: { keepsAlive?: boolean }): ClockTimer
}

export interface ClockTimer {
  /** Harmless once the timer has run. */
  cancel(): void
}

/** Node fires a longer timer at once; whoever needs more sets the timer again when it fires early. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * The machine's monotonic clock: a change of the wall clock moves no deadline and frees no budget.
 *
 * Delays above 24 days are cut to 24 days.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout(callback, delayMs, { keepsAlive = false } = {}) {
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs), LONGEST_TIMEOUT_MS))
    if (!keepsAlive) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

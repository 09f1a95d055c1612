/** Time as the rate budget and the schedulers see it, so that tests can run ten minutes in a second. */
export interface Clock {
  /** Milliseconds since an arbitrary start; never goes back. */
  now(): number
  /** Runs `callback` once, `delayMs` from now or a little later, never in the same turn. */
  setTimeout(callback: () => void, delayMs: number): ClockTimer
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
 * Its timers do not keep the process alive; delays above 24 days are cut to 24 days.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.ceil(delayMs), LONGEST_TIMEOUT_MS)).unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

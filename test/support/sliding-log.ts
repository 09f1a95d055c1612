/** One moment at which more happened within a window than was allowed. */
export interface Violation {
  /** Milliseconds; the end of the window. */
  readonly at: number
  /** Events in the window that ends here. */
  readonly count: number
}

/**
 * Counts events in sliding windows exactly, by keeping every one of them: what a service does that enforces a limit.
 *
 * A window of W milliseconds that ends at t holds the events in (t − W, t]: two events exactly W apart never share one.
 * Times are milliseconds on any one clock, fractions included; they may be recorded out of order.
 */
export class SlidingLog {
  readonly #times: number[] = []

  constructor(times: Iterable<number> = []) {
    for (const at of times) this.record(at)
  }

  record(at: number): void {
    this.#times.splice(this.#firstAfter(at), 0, at)
  }

  /** Counts the events in the window of `windowMs` that ends at `at`. */
  countIn(windowMs: number, at: number): number {
    return this.#firstAfter(at) - this.#firstAfter(at - windowMs)
  }

  /** The most events that any window of `windowMs` holds. */
  maxInWindow(windowMs: number): number {
    return this.#countsAtEvents(windowMs).reduce((max, { count }) => Math.max(max, count), 0)
  }

  /** Every event at which more than `limit` lie in the window of `windowMs` that it ends. */
  violations(limit: number, windowMs: number): Violation[] {
    return this.#countsAtEvents(windowMs).filter(({ count }) => count > limit)
  }

  /** Milliseconds from `at` until one more event keeps within `limit` per `windowMs`; 0 when it does already. */
  waitMs(limit: number, windowMs: number, at: number): number {
    const surplus = this.countIn(windowMs, at) - limit
    if (surplus < 0) return 0
    const lastThatMustLeave = this.#times[this.#firstAfter(at - windowMs) + surplus] ?? at
    return lastThatMustLeave + windowMs - at
  }

  // The count of a sliding window grows at events only, so these are all the maxima there are.
  #countsAtEvents(windowMs: number): Violation[] {
    let first = 0
    return this.#times.map((at, index) => {
      while ((this.#times[first] ?? at) <= at - windowMs) first++
      return { at, count: index - first + 1 }
    })
  }

  /** The index of the first event later than `at`. */
  #firstAfter(at: number): number {
    const times = this.#times
    if ((times.at(-1) ?? Number.NEGATIVE_INFINITY) <= at) return times.length
    let low = 0
    let high = times.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((times[middle] as number) <= at) low = middle + 1
      else high = middle
    }
    return low
  }
}

/**
 * The most calls that any window of `windowMs` holds, wherever it starts.
 *
 * Exact: both ends count, so two calls exactly `windowMs` apart are in one window. A service that counts otherwise
 * counts less.
 *
 * @param times of the calls in milliseconds, in any order
 */
export function mostInAnyWindow(times: readonly number[], windowMs: number): number {
  const sorted = Float64Array.from(times).sort()
  let most = 0
  let first = 0
  sorted.forEach((time, last) => {
    while ((sorted[first] ?? time) < time - windowMs) first += 1
    most = Math.max(most, last - first + 1)
  })
  return most
}

/** Jain's index of how equal shares are: 1 for all equal, 1/n for one that has everything. */
export function jainFairness(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0)
  const squares = shares.reduce((total, share) => total + share * share, 0)
  return squares === 0 ? 1 : (sum * sum) / (shares.length * squares)
}

/** The value that `fraction` of all values do not pass; 0 of none. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? 0
}

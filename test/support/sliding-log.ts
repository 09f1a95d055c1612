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

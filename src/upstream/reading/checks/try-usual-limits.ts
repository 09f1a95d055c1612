/** Limits from 11 to 999 that services are known to honour at most. */
const USUAL_LIMITS: readonly number[] = [25, 50, 100, 200, 500]

/**
 * Looks for the largest usual `limit` that works, by halves, in at most three attempts. Every limit below one that works must
 * work, too.
 *
 * @param above,below the limits between which to look, both exclusive
 * @param attempt returns null if the limit does not work
 * @returns the result of the last attempt that worked; null if none did
 */
export async function tryUsualLimits<Found>(
  above: number,
  below: number,
  attempt: (limit: number) => Promise<Found | null>,
): Promise<Found | null> {
  let best: Found | null = null
  let open = USUAL_LIMITS.filter((usual) => usual > above && usual < below)
  while (open.length > 0) {
    // The lower one of two, since three failures in a row would make the service look down.
    const middle = open[(open.length - 1) >> 1] as number
    const found = await attempt(middle)
    if (found !== null) best = found
    open = open.filter((usual) => (found === null ? usual < middle : usual > middle))
  }
  return best
}

/** The largest lag of a service's clock behind the gateway's that pinql allows for. */
const CLOCK_SKEW_MS = 5 * 60 * 1000

/**
 * Returns the earliest `created` that a service may give to the pin of a write, in Unix nanoseconds. An older pin is not the pin
 * of this write.
 *
 * @param startedAt start of the write in Unix milliseconds
 */
export function earliestCreatedNs(startedAt: number): bigint {
  return BigInt(startedAt - CLOCK_SKEW_MS) * 1_000_000n
}

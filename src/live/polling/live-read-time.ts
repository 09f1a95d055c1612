import { ServiceUnavailableError } from '../../domain/errors.ts'
import type { Clock } from '../../upstream/waiting/clock.ts'

/** Longest time of one read for subscribers: 100 lists of 1,000 pins, one every 18 s. */
const LONGEST_READ_MS = 1_800_000

/**
 * Begins the time of a read for subscribers, which no request of a client limits.
 *
 * @returns a function to be called before each list of the read. It throws `ServiceUnavailableError` after half an hour.
 */
export function startReadTime(clock: Clock, serviceName: string): () => void {
  const endsAt = clock.now() + LONGEST_READ_MS
  return () => {
    if (clock.now() < endsAt) return
    const message = `${serviceName} has not come to the end of its list for ${LONGEST_READ_MS / 60_000} minutes`
    throw new ServiceUnavailableError(message, { service: serviceName })
  }
}

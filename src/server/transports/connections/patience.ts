/**
 * The part of the stall timeout that the other side gets to show that it reads: a little less than a ping interval, where
 * the timeout is 2.5 of them. The question comes as late as an interval after it has stopped, the verdict another one later.
 */
const PATIENCE = 0.39
/** More than that is on its way to a WebSocket only in one large answer, which may be read as slowly as this. */
const USUAL_BYTES = 128 * 1024
const SLOWEST_BYTES_PER_MS = 16

/**
 * Milliseconds within which the other side has to show that it reads.
 *
 * @param unreadBytes that it has to read before it can
 */
export function patienceMs(stallTimeoutMs: number, unreadBytes: number): number {
  return stallTimeoutMs * PATIENCE + Math.max(0, unreadBytes - USUAL_BYTES) / SLOWEST_BYTES_PER_MS
}

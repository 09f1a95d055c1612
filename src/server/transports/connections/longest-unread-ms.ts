/**
 * Part of the stall timeout within which the client has to answer a ping. It is a little less than one ping interval, if the
 * timeout is 2.5 intervals: the ping leaves up to one interval after the client has stopped reading, and the answer is missed
 * one interval later.
 */
const PATIENCE = 0.39
/** Only one large answer makes more bytes than this unread. A client may read it at the slowest rate. */
const USUAL_BYTES = 128 * 1024
const SLOWEST_BYTES_PER_MS = 16

/**
 * Returns the milliseconds within which a client has to show that it reads.
 *
 * @param unreadBytes bytes that the client has to read before it can answer
 */
export function longestUnreadMs(stallTimeoutMs: number, unreadBytes: number): number {
  return stallTimeoutMs * PATIENCE + Math.max(0, unreadBytes - USUAL_BYTES) / SLOWEST_BYTES_PER_MS
}

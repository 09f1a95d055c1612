import { giveWay, giveWayIfMany } from '../../upstream/waiting/give-way.ts'

/** Bytes above which it takes long to read a request. */
const LONG = 4_096
/** Milliseconds for each byte, about: 50 KB of names that are almost right take 10 ms to validate. */
const MS_PER_BYTE = 0.0002
/** Milliseconds for each byte of a short request, about: 3 KB of fields that begin a subscription take 3 ms. */
const MS_PER_SHORT_BYTE = 0.001
/** Bytes above which a request takes no longer, since a document is refused that is so long, and other JSON is quickly parsed. */
const LONGEST = 65_536

/**
 * Waits for a turn of the event loop in which to parse and validate a request, so that other clients need not wait for a hundred
 * long requests that come together, or for hundreds of short ones. A single short request does not wait, even while long ones do.
 *
 * @returns undefined in the usual case: the request is short, or may be read in this turn
 */
export function giveWayToRead(bytes: number): Promise<void> | undefined {
  return bytes > LONG ? giveWay(Math.min(bytes, LONGEST) * MS_PER_BYTE) : giveWayIfMany(bytes * MS_PER_SHORT_BYTE)
}

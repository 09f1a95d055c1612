/** First bytes of whole frames: the final one of its message, and its kind. RFC 6455, section 5.2. */
const TEXT = 0x81
const PING = 0x89

/**
 * Makes a text message of a server, in one frame and one piece of memory.
 *
 * @param text in UTF-8
 * @see RFC 6455, section 5.2
 */
export function textFrame(text: Buffer): Buffer {
  const frame = openTextFrame(text.length)
  text.copy(frame, frame.length - text.length)
  return frame
}

/** Makes a text frame whose last `length` bytes are still to be filled in. */
export function openTextFrame(length: number): Buffer {
  const headLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headLength + length)
  frame[0] = TEXT
  if (headLength === 2) {
    frame[1] = length
  } else if (headLength === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  return frame
}

/** A ping without a payload. */
export const EMPTY_PING = Buffer.of(PING, 0)

/**
 * Makes a ping of four bytes, which its pong repeats.
 *
 * @param payload a whole number below 2^32
 */
export function pingFrame(payload: number): Buffer {
  const frame = Buffer.allocUnsafe(6)
  frame[0] = PING
  frame[1] = 4
  frame.writeUInt32BE(payload, 2)
  return frame
}

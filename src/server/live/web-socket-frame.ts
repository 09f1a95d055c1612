/** First bytes of whole frames, RFC 6455 section 5.2: the last of its message, and its kind. */
const TEXT = 0x81
const PING = 0x89

/**
 * A text message as a server sends it, in one frame and one piece of memory.
 *
 * @param parts what the message is made of, one after the other
 * @see RFC 6455, section 5.2
 */
export function textFrame(...parts: readonly Buffer[]): Buffer {
  return frameOf(TEXT, parts)
}

/**
 * A ping, whose answer repeats the payload.
 *
 * @param payload at most 125 bytes
 */
export function pingFrame(payload: Buffer): Buffer {
  return frameOf(PING, [payload])
}

function frameOf(kind: number, parts: readonly Buffer[]): Buffer {
  let length = 0
  for (const part of parts) length += part.length
  const headLength = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(headLength + length)
  frame[0] = kind
  if (headLength === 2) {
    frame[1] = length
  } else if (headLength === 4) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  let at = headLength
  for (const part of parts) at += part.copy(frame, at)
  return frame
}

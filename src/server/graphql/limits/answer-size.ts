/** Bytes of a key with its quotes, colon and comma; keys are counted as short ones. */
const KEY_BYTES = 12

/**
 * Returns whether a result has more bytes as JSON than a limit. It is found out before the text is made, since the text could take
 * more memory than there is.
 *
 * Each text counts with one byte a character, so an answer of other letters than Latin may have three times as many.
 */
export function isLonger(value: unknown, mostBytes: number): boolean {
  return bytesLeft(value, mostBytes) < 0
}

/** Returns what is left of a number of bytes behind a value. Negative as soon as nothing is left. */
function bytesLeft(value: unknown, bytes: number): number {
  if (typeof value === 'string') return bytes - value.length - 2
  if (typeof value !== 'object' || value === null) return bytes - 5
  let left = bytes - 2
  if (Array.isArray(value)) {
    for (const each of value) {
      if (left < 0) return left
      left = bytesLeft(each, left)
    }
    return left
  }
  for (const key in value) {
    if (left < 0) return left
    left = bytesLeft((value as Record<string, unknown>)[key], left - KEY_BYTES)
  }
  return left
}

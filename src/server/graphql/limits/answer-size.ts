/** Bytes around a key: its quotes, colon and comma. */
const AROUND_KEY = 4

/**
 * Returns whether a result has more bytes as JSON than a limit. It is found out before the text is made, since the text could take
 * more memory than there is.
 *
 * Each text counts with one byte a character, so an answer of other letters than Latin may have three times as many. Keys count as well:
 * they are as long as a client likes, and each element of a list repeats them.
 */
export function isLonger(value: unknown, mostBytes: number): boolean {
  let left = mostBytes
  /** Arrays and objects that are still to be looked at. */
  const rest: unknown[] = [[value]]
  while (rest.length > 0 && left >= 0) {
    const next = rest.pop()
    left -= 2
    if (Array.isArray(next)) {
      for (const each of next) left -= bytesOf(each, rest)
    } else {
      for (const key in next as object)
        left -= key.length + AROUND_KEY + bytesOf((next as Record<string, unknown>)[key], rest)
    }
  }
  return left < 0
}

/** Returns the bytes of a text or another leaf. Puts arrays and objects aside, and returns 0. */
function bytesOf(value: unknown, rest: unknown[]): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 5
  rest.push(value)
  return 0
}

import { readVarint, varint } from './varint.ts'

const LONGEST_LENGTH = 8

/** Prefixes a message with its length, as streams of bitswap and CAR files have it. */
export function frame(message: Uint8Array): Uint8Array {
  return Buffer.concat([varint(message.length), message])
}

/**
 * Splits a stream into its messages, each of which follows its length.
 *
 * @param maxBytes largest length of a message. No more is ever held in memory.
 * @throws {RangeError} for a longer message, as soon as its length is read
 */
export async function* readFrames(
  chunks: AsyncIterable<{ subarray(): Uint8Array }>,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  let gathered = 0
  let needed: { start: number; end: number } | null = null
  for await (const chunk of chunks) {
    const bytes = chunk.subarray()
    parts.push(bytes)
    gathered += bytes.length
    for (;;) {
      if (!needed) {
        const head = joined(parts)
        const length = readVarint(head, 0)
        if (!length) {
          if (head.length >= LONGEST_LENGTH) throw new RangeError('The length of a message is too long')
          parts = [head]
          break
        }
        if (length.value > maxBytes) throw new RangeError(`A message has ${length.value} bytes, more than ${maxBytes}`)
        parts = [head]
        needed = { start: length.end, end: length.end + length.value }
      }
      if (gathered < needed.end) break
      const all = joined(parts)
      yield all.subarray(needed.start, needed.end)
      parts = all.length > needed.end ? [all.subarray(needed.end)] : []
      gathered -= needed.end
      needed = null
      if (gathered === 0) break
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)
}

import { GatheredBytes } from './gathered-bytes.ts'
import { readVarint, varint } from './varint.ts'

const LONGEST_LENGTH = 8

/** Prefixes a message with its length, as streams of bitswap and CAR files have it. */
export function frame(message: Uint8Array): Uint8Array {
  return Buffer.concat([varint(message.length), message])
}

/**
 * Splits a stream into its messages, each of which follows its length.
 *
 * @param maxBytes largest length of a message
 * @param onHeld called with the bytes of memory that an unfinished message takes, whenever they change. It may throw.
 * @param onLong called with the length of a longer message, which is then skipped. It may throw. Default: throws.
 * @throws {RangeError} for a longer message, as soon as its length is read
 */
export async function* readFrames(
  chunks: AsyncIterable<{ subarray(): Uint8Array }>,
  maxBytes: number,
  onHeld: (bytes: number) => void = () => {},
  onLong: (bytes: number) => void = (bytes) => {
    throw new RangeError(`A message has ${bytes} bytes, more than ${maxBytes}`)
  },
): AsyncGenerator<Uint8Array> {
  const gathered = new GatheredBytes()
  /** Bytes of a long message that are still to come. */
  let skipped = 0
  for await (const chunk of chunks) {
    const bytes = gathered.add(chunk.subarray())
    let offset = Math.min(skipped, bytes.length)
    skipped -= offset
    let needed: number | undefined
    while (offset < bytes.length) {
      const length = readVarint(bytes, offset)
      if (!length) {
        if (bytes.length - offset >= LONGEST_LENGTH) throw new RangeError('The length of a message is too long')
        break
      }
      const end = length.end + length.value
      if (length.value > maxBytes) {
        onLong(length.value)
        offset = Math.min(end, bytes.length)
        skipped = end - offset
        continue
      }
      if (end > bytes.length) {
        needed = end - offset
        break
      }
      yield bytes.subarray(length.end, end)
      offset = end
    }
    gathered.keep(bytes, offset, needed)
    onHeld(gathered.heldBytes)
  }
}

import { DagError } from './dag-error.ts'
import { readVarint } from './varint.ts'

// A field's key is its number times 8 plus its wire type.
const DATA_OR_HASH = 1 * 8 + 2
const LINKS_OR_NAME = 2 * 8 + 2
const TSIZE = 3 * 8 + 0

/**
 * Calls `take` with each link of a dag-pb block: the bytes of its CID, and the size that it claims, 0 for none.
 *
 * Makes no object of the links that nobody asked for: a block of two megabytes may have a quarter of a million.
 *
 * @throws {DagError} for bytes that are no dag-pb
 * @see https://ipld.io/specs/codecs/dag-pb/spec/
 */
export function pbLinks(bytes: Uint8Array, take: (cidBytes: Uint8Array, claimedBytes: number) => void): void {
  let offset = 0
  while (offset < bytes.length) {
    const key = numberAt(bytes, offset, bytes.length)
    if (key.value !== DATA_OR_HASH && key.value !== LINKS_OR_NAME) throw unknownField(key.value)
    const length = numberAt(bytes, key.end, bytes.length)
    offset = length.end + length.value
    if (offset > bytes.length) throw new DagError('it ends within a field')
    if (key.value === LINKS_OR_NAME) takeLink(bytes, length.end, offset, take)
  }
}

function takeLink(
  bytes: Uint8Array,
  start: number,
  end: number,
  take: (cidBytes: Uint8Array, claimedBytes: number) => void,
): void {
  let hash: Uint8Array | null = null
  let claimedBytes = 0
  for (let offset = start; offset < end; ) {
    const key = numberAt(bytes, offset, end)
    const value = numberAt(bytes, key.end, end)
    offset = value.end
    if (key.value === TSIZE) {
      claimedBytes = value.value
      continue
    }
    if (key.value !== DATA_OR_HASH && key.value !== LINKS_OR_NAME) throw unknownField(key.value)
    offset += value.value
    if (offset > end) throw new DagError('it ends within a link')
    if (key.value === DATA_OR_HASH) hash = bytes.subarray(value.end, offset)
  }
  if (hash === null) throw new DagError('it has a link without a CID')
  take(hash, claimedBytes)
}

function numberAt(bytes: Uint8Array, offset: number, end: number): { value: number; end: number } {
  const read = readVarint(bytes, offset)
  if (!read || read.end > end) throw new DagError('it ends within a number')
  return read
}

function unknownField(key: number): DagError {
  return new DagError(`it has an unknown field of key ${key}`)
}

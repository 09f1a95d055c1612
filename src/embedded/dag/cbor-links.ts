import { DagError } from './dag-error.ts'

/** Deeper nesting has no use. Each level takes a few bytes of memory. */
const MAX_DEPTH = 1_000
/** Tag of a CID. It stands before a byte string whose first byte is 0. */
const CID_TAG = 42

const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5
const TAG = 6
const SIMPLE = 7

/**
 * Calls `take` with the bytes of each CID in a dag-cbor block.
 *
 * Makes no value of the block: two megabytes may be two million empty lists.
 *
 * @throws {DagError} for bytes that are not CBOR, or not of one value
 * @see https://ipld.io/specs/codecs/dag-cbor/spec/
 */
export function cborLinks(bytes: Uint8Array, take: (cidBytes: Uint8Array) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let offset = 0
  /** Numbers of the values that still follow in the lists and maps around the present one. */
  const outer: number[] = []
  let following = 1
  let isAfterTag = false
  while (following > 0 || outer.length > 0) {
    if (following === 0) {
      following = outer.pop() ?? 0
      continue
    }
    following--
    const head = bytes[offset++]
    if (head === undefined) throw new DagError('it ends within a value')
    const major = head >> 5
    const minor = head & 31
    const extra = minor < 24 ? 0 : 2 ** (minor - 24)
    if (extra > 8) throw new DagError('it has a value without a length')
    if (offset + extra > bytes.length) throw new DagError('it ends within a number')
    const value = extra === 0 ? minor : numberAt(view, offset, extra)
    offset += extra
    if (isAfterTag && major !== BYTES) throw new DagError('it has a tag without a CID')
    if (major === BYTES || major === TEXT) {
      if (value > bytes.length - offset) throw new DagError('it ends within a text')
      if (isAfterTag) {
        if (bytes[offset] !== 0) throw new DagError('it has a CID with another prefix than 0')
        take(bytes.subarray(offset + 1, offset + value))
        isAfterTag = false
      }
      offset += value
    } else if (major === ARRAY || major === MAP) {
      outer.push(following)
      if (outer.length > MAX_DEPTH) throw new DagError(`it is nested deeper than ${MAX_DEPTH}`)
      following = major === MAP ? 2 * value : value
    } else if (major === TAG) {
      if (value !== CID_TAG) throw new DagError(`it has the unknown tag ${value}`)
      isAfterTag = true
      following++
    } else if (major === SIMPLE && (minor < 20 || minor === 23 || minor === 24)) {
      throw new DagError(`it has the unknown value ${value}`)
    }
  }
  if (offset < bytes.length) throw new DagError('it has bytes behind its value')
}

function numberAt(view: DataView, offset: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(offset)
  if (bytes === 2) return view.getUint16(offset)
  if (bytes === 4) return view.getUint32(offset)
  return Number(view.getBigUint64(offset))
}

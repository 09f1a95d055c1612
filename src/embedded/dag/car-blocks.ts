import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import type { CarBlock } from './car.ts'
import { readFrames } from './frames.ts'
import { inlineBlock } from './verify-block.ts'

/** The first bytes of a CARv2 file: a header as in CARv1, of version 2 and without roots. */
const V2_PRAGMA = Buffer.from('0aa16776657273696f6e02', 'hex')
/** Pragma, 16 bytes of characteristics, and offset, size and offset of the index as 64-bit numbers. */
const V2_HEADER_BYTES = V2_PRAGMA.length + 40
/** No CID that can be verified is longer. */
const MAX_CID_BYTES = 1024

/**
 * Reads the blocks of a CAR file that a stranger sends, whatever its roots are. Verifies no block.
 *
 * One odd section does not end the file: sections that are too long, have no CID, or are empty are passed over. So is a block whose CID contains
 * it. A file that ends within a section ends with the last whole one.
 *
 * @param options.onOdd called with the bytes of each section that is passed over. It may throw, which ends the reading.
 * @throws {Error} for anything but a CARv1 or CARv2 file
 * @see https://ipld.io/specs/transport/car/carv2/
 */
export async function* readCarBlocks(
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly maxBlockBytes: number; readonly onOdd: (bytes: number) => void },
): AsyncGenerator<CarBlock> {
  const { maxBlockBytes, onOdd } = options
  let isHeader = true
  const onLong = (bytes: number): void => {
    if (isHeader) throw new Error('it sent no CAR')
    onOdd(bytes)
  }
  for await (const section of readFrames(carV1Of(chunks), maxBlockBytes + MAX_CID_BYTES, () => {}, onLong)) {
    if (isHeader) {
      if (!isCarHeader(section)) throw new Error('it sent no CAR')
      isHeader = false
      continue
    }
    const block = blockOf(section)
    if (!block || inlineBlock(block.cid) || block.bytes.length > maxBlockBytes) onOdd(section.length)
    else yield block
  }
  if (isHeader) throw new Error('it sent no CAR')
}

function isCarHeader(bytes: Uint8Array): boolean {
  try {
    return dagCbor.decode<{ version?: unknown } | null>(bytes)?.version === 1
  } catch {
    return false
  }
}

function blockOf(section: Uint8Array): CarBlock | null {
  try {
    const [cid, bytes] = CID.decodeFirst(section)
    return { cid, bytes }
  } catch {
    return null
  }
}

/** Yields the CARv1 file within a CARv2 file, without its index. Yields every other stream as it is. */
async function* carV1Of(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let start: Buffer | null = Buffer.alloc(0)
  /** Places in the stream between which the CARv1 file is. */
  let from = 0
  let to = Number.POSITIVE_INFINITY
  let place = 0
  for await (const chunk of chunks) {
    let bytes = chunk
    if (start) {
      start = Buffer.concat([start, chunk])
      if (start.length < V2_HEADER_BYTES && isV2(start)) continue
      bytes = start
      if (isV2(start)) {
        from = Number(start.readBigUInt64LE(V2_PRAGMA.length + 16))
        // A writer that did not know the size left 0.
        to = from + (Number(start.readBigUInt64LE(V2_PRAGMA.length + 24)) || Number.POSITIVE_INFINITY)
      }
      start = null
    }
    const wanted = bytes.subarray(Math.max(0, from - place), Math.max(0, to - place))
    place += bytes.length
    if (wanted.length > 0) yield wanted
    if (place >= to) return
  }
  if (start && start.length > 0) yield start
}

/** True as long as the bytes are, or can become, the start of a CARv2 file. */
function isV2(start: Buffer): boolean {
  const length = Math.min(start.length, V2_PRAGMA.length)
  return start.subarray(0, length).equals(V2_PRAGMA.subarray(0, length))
}

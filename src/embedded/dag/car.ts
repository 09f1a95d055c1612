import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { frame, readFrames } from './frames.ts'

/**
 * Encodes the start of a CARv1 file.
 *
 * @see https://ipld.io/specs/transport/car/carv1/
 */
export function carHeader(root: CID): Uint8Array {
  return frame(dagCbor.encode({ roots: [root], version: 1 }))
}

/** Encodes one block of a CARv1 file. */
export function carSection(cid: CID, bytes: Uint8Array): Uint8Array {
  return frame(Buffer.concat([cid.bytes, bytes]))
}

/** A header with one root is shorter. */
const MAX_HEADER_BYTES = 1_024

export interface CarBlock {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/**
 * Reads a CARv1 file: first its root, then block by block. Verifies no block.
 *
 * @param maxSectionBytes largest size of a block together with its CID
 * @throws {Error} for anything but a CARv1 file with one root
 */
export async function* readCar(
  chunks: AsyncIterable<Uint8Array>,
  maxSectionBytes: number,
): AsyncGenerator<CID | CarBlock> {
  let isHeader = true
  for await (const section of readFrames(chunks, maxSectionBytes)) {
    if (isHeader) {
      if (section.length > MAX_HEADER_BYTES) throw new Error('Expected a CARv1 file with one root')
      const header = dagCbor.decode<{ version?: unknown; roots?: unknown }>(section)
      const roots: unknown[] = Array.isArray(header.roots) ? header.roots : []
      const root = CID.asCID(roots[0])
      if (header.version !== 1 || roots.length !== 1 || !root) throw new Error('Expected a CARv1 file with one root')
      isHeader = false
      yield root
    } else {
      const [cid, bytes] = CID.decodeFirst(section)
      yield { cid, bytes }
    }
  }
}

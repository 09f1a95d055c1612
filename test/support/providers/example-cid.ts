import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'

const DAG_PB = 0x70
const SHA2_256 = 0x12

/** The n-th real CID, version 1, always the same. */
export function exampleCid(n: number): string {
  return CID.createV1(DAG_PB, digest(n)).toString()
}

/** The version 0 text of the same content as `exampleCid(n)`. */
export function exampleCidV0(n: number): string {
  return CID.createV0(digest(n)).toString()
}

function digest(n: number) {
  return create(SHA2_256, createHash('sha256').update(`example ${n}`).digest())
}

import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { expect, it } from 'vitest'
import { unverifiable } from '../../../../src/embedded/dag/verify-block.ts'
import { walkDag } from '../../../../src/embedded/dag/walk-dag.ts'

let count = 0
function nextCid(): CID {
  const digest = Buffer.alloc(32)
  digest.writeUInt32BE(count++)
  return CID.createV1(dagCbor.code, createDigest(0x12, digest))
}

it('ends when more blocks are linked to than a DAG may have, long before it has visited as many', async () => {
  let visited = 0
  const walk = walkDag(nextCid(), {
    concurrency: 1,
    maxBlocks: 1_000,
    signal: new AbortController().signal,
    visit: async () => {
      visited++
      return dagCbor.encode(Array.from({ length: 400 }, nextCid))
    },
  })
  await expect(walk).rejects.toThrow('The DAG has more than 1000 blocks')
  expect(visited).toBe(3)
})

it('visits a DAG of as many blocks as there may be', async () => {
  const leaves = Array.from({ length: 9 }, nextCid)
  const root = nextCid()
  const seen: string[] = []
  await walkDag(root, {
    concurrency: 4,
    maxBlocks: 10,
    signal: new AbortController().signal,
    visit: async (cid) => {
      seen.push(cid.toString())
      return cid.equals(root) ? dagCbor.encode([...leaves, ...leaves]) : dagCbor.encode('leaf')
    },
  })
  expect(seen.toSorted()).toEqual([root, ...leaves].map(String).toSorted())
})

it('takes no CID that holds a block in itself, but for short ones', () => {
  const identity = (size: number): CID => CID.createV1(0x55, createDigest(0x00, new Uint8Array(size)))
  expect([unverifiable(identity(128)), unverifiable(identity(129))]).toEqual([
    null,
    'it holds 129 bytes in itself, of 128 bytes at most',
  ])
})

import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, it } from 'vitest'
import { type Peer, startPeer } from '../../../src/embedded/bitswap/start-peer.ts'
import { blockKey } from '../../../src/embedded/dag/block-key.ts'
import { startAttackedService } from '../../support/embedded/start-attacked-service.ts'

const MIB = 1024 ** 2
const LINKS = 65_000

/** A peer that has the blocks that are added. */
async function startOrigin(): Promise<Peer & { add(code: number, bytes: Uint8Array): Promise<CID> }> {
  const blocks = new Map<string, Uint8Array>()
  const peer = await startPeer({
    blocks: { get: (multihash) => blocks.get(blockKey(multihash)) ?? null },
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
  return {
    ...peer,
    add: async (code, bytes) => {
      const cid = CID.createV1(code, await sha256.digest(bytes))
      blocks.set(blockKey(cid.multihash.bytes), bytes)
      return cid
    },
  }
}

/** The bytes of a node of 65,000 links to blocks that are in their CIDs, and so cost the attacker nothing. */
function manyLinks(number: number): Uint8Array {
  const bytes = Buffer.alloc(LINKS * 12)
  for (let i = 0; i < LINKS; i++) {
    Buffer.of(0x12, 10, 0x0a, 8, 0x01, 0x55, 0x00, 0x04, number, i >> 16, (i >> 8) & 255, i & 255).copy(bytes, i * 12)
  }
  return bytes
}

/** A list of two million empty lists in dag-cbor. */
function manyLists(number: number): Uint8Array {
  const bytes = Buffer.alloc(2 * MIB - 100, 0x80)
  Buffer.of(0x82, number, 0x9a).copy(bytes)
  bytes.writeUInt32BE(bytes.length - 7, 3)
  return bytes
}

function nodeOf(origin: Awaited<ReturnType<typeof startOrigin>>, name: string, links: readonly CID[]): Promise<CID> {
  const Links = links.map((Hash) => ({ Hash, Name: '', Tsize: 1 }))
  return origin.add(dagPb.code, dagPb.encode(dagPb.prepare({ Data: Buffer.from(name), Links })))
}

it('DAGs of a million links and of blocks that decode to millions of objects leave time and memory for lists', async () => {
  await using origin = await startOrigin()
  await using service = await startAttackedService()
  const nodes: CID[] = []
  for (let i = 0; i < 15; i++) nodes.push(await origin.add(dagPb.code, manyLinks(i)))
  for (let i = 0; i < 8; i++) nodes.push(await origin.add(0x71, manyLists(i)))
  const before = await service.state()
  const after = await service.stateAfter(async () => {
    const added = []
    for (let i = 0; i < 2; i++) {
      const cid = await nodeOf(origin, `${i}`, nodes)
      added.push(await service.client.add({ cid: cid.toString(), origins: origin.addresses }))
    }
    for (const { requestid } of added) {
      const { status, info } = await service.client.settled(requestid)
      expect({ status, info }).toMatchObject({ status: 'pinned', info: { dag_blocks: `${nodes.length + 1}` } })
    }
  })
  expect(after.longestBlockMs).toBeLessThan(1_000)
  expect(after.usedBytes - before.usedBytes).toBeLessThan(64 * MIB)
  expect(after.maxRssBytes).toBeLessThan(1024 * MIB)
  expect(service.errors).toEqual([])
})

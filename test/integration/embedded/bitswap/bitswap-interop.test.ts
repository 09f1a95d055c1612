import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { identity } from 'multiformats/hashes/identity'
import { sha256, sha512 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keyOf, startHeliaPeer } from '../../../support/embedded/start-helia-peer.ts'
import { startTestEmbedded, type TestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

/** A DAG of all codecs: dag-cbor over dag-json over dag-pb v0 and v1, raw blocks of two hash functions, and identity. */
async function mixedDag(name: string): Promise<{ root: CID; blocks: { cid: CID; bytes: Uint8Array }[] }> {
  const blocks: { cid: CID; bytes: Uint8Array }[] = []
  const add = (cid: CID, bytes: Uint8Array): CID => {
    blocks.push({ cid, bytes })
    return cid
  }
  const leaf = Buffer.from(`a leaf of ${name}`)
  const sha256Leaf = add(CID.createV1(raw.code, await sha256.digest(leaf)), leaf)
  const sha512Leaf = add(CID.createV1(raw.code, await sha512.digest(leaf)), leaf)
  const inline = CID.createV1(dagCbor.code, await identity.digest(dagCbor.encode({ link: sha512Leaf })))
  const nodeOf = (Hash: CID) => dagPb.encode(dagPb.prepare({ Links: [{ Hash, Name: 'leaf', Tsize: leaf.length }] }))
  const v0 = add(CID.createV0(await sha256.digest(nodeOf(sha256Leaf))), nodeOf(sha256Leaf))
  const v1 = add(CID.createV1(dagPb.code, await sha256.digest(nodeOf(v0))), nodeOf(v0))
  const json = dagJson.encode({ list: [v1, { deeper: inline }] })
  const jsonCid = add(CID.createV1(dagJson.code, await sha256.digest(json)), json)
  const root = dagCbor.encode({ json: jsonCid, twice: [sha256Leaf, sha256Leaf] })
  return { root: add(CID.createV1(dagCbor.code, await sha256.digest(root)), root), blocks }
}

let service: TestEmbedded
beforeAll(async () => {
  service = await startTestEmbedded()
})
afterAll(async () => {
  await service[Symbol.asyncDispose]()
})

it('pins from Helia, and Helia reads it back, with every codec and CID version', async ({ signal }) => {
  await using origin = await startHeliaPeer()
  const { root, blocks } = await mixedDag('read back')
  for (const { cid, bytes } of blocks) origin.blocks.set(keyOf(cid), bytes)

  const { requestid } = await service.client.add({ cid: root.toString(), origins: origin.addresses })
  const { status, info } = await service.client.settled(requestid)
  expect({ status, blocks: info.dag_blocks }).toEqual({ status: 'pinned', blocks: `${blocks.length}` })

  await using reader = await startHeliaPeer()
  await reader.dial(service.addresses[0] ?? '')
  for (const { cid, bytes } of blocks) {
    expect(Buffer.from(await reader.want(cid, { signal }))).toEqual(Buffer.from(bytes))
  }
  expect(service.errors).toEqual([])
})

it('pins removed content again, from the same origin and over the same connection', async () => {
  await using origin = await startHeliaPeer()
  const { root, blocks } = await mixedDag('again')
  for (const { cid, bytes } of blocks) origin.blocks.set(keyOf(cid), bytes)
  for (let round = 0; round < 3; round++) {
    const { requestid } = await service.client.add({ cid: root.toString(), origins: origin.addresses })
    const { status, info } = await service.client.settled(requestid)
    expect({ status, fetched: info.dag_blocks }).toEqual({ status: 'pinned', fetched: `${blocks.length}` })
    await service.client.remove(requestid)
  }
})

it('receives blocks from a client that dials a delegate, if the pin names no origins', async () => {
  await using owner = await startHeliaPeer()
  const { root, blocks } = await mixedDag('delegate')
  for (const { cid, bytes } of blocks) owner.blocks.set(keyOf(cid), bytes)
  const { requestid, delegates } = await service.client.add({ cid: root.toString() })
  await owner.dial(delegates[0] ?? '')
  expect((await service.client.settled(requestid)).status).toBe('pinned')
})

import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { expect, it } from 'vitest'
import { startPeer } from '../../../../src/embedded/bitswap/start-peer.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

const RAW = 0x55
const DAG_JSON = 0x0129

it('pins a DAG that has the same bytes under two codecs', async () => {
  const bytes = Buffer.from('[]')
  const digest = await sha256.digest(bytes)
  const links = [RAW, DAG_JSON].map((codec) => ({ Hash: CID.createV1(codec, digest), Name: `${codec}`, Tsize: 2 }))
  const root = dagPb.encode(dagPb.prepare({ Links: links }))
  const cid = CID.createV1(dagPb.code, await sha256.digest(root))
  const blocks = [root, bytes]
  const keys = [cid.multihash.bytes, digest.bytes].map((key) => Buffer.from(key).toString('hex'))
  await using origin = await startPeer({
    blocks: { get: (multihash) => blocks[keys.indexOf(Buffer.from(multihash).toString('hex'))] ?? null },
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
  await using service = await startTestEmbedded({ limits: { stallTimeoutMs: 3_000 } })
  const { requestid } = await service.client.add({ cid: `${cid}`, origins: [...origin.addresses] })
  expect(await service.client.settled(requestid)).toMatchObject({ status: 'pinned' })
})

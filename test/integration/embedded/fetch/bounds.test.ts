import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Pin } from '../../../../src/domain/pin.ts'
import { progressOf } from '../../../../src/domain/pin-info.ts'
import { type Peer, startPeer } from '../../../../src/embedded/bitswap/start-peer.ts'
import { blockKey } from '../../../../src/embedded/dag/block-key.ts'
import type { Limits } from '../../../../src/embedded/limits.ts'
import { PsaClient } from '../../../support/embedded/psa-client.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const blocks = new Map<string, Uint8Array>()
const wanted: string[] = []
let origin: Peer
let onWanted: ((key: string) => Promise<void>) | null = null
beforeAll(async () => {
  origin = await startPeer({
    blocks: {
      get: async (multihash) => {
        const key = blockKey(multihash)
        wanted.push(key)
        await onWanted?.(key)
        return blocks.get(key) ?? null
      },
    },
    listen: ['/ip4/127.0.0.1/tcp/0'],
  })
})
afterAll(() => origin[Symbol.asyncDispose]())

async function add(code: number, bytes: Uint8Array): Promise<CID> {
  const cid = CID.createV1(code, await sha256.digest(bytes))
  blocks.set(blockKey(cid.multihash.bytes), bytes)
  return cid
}

const node = (name: string, links: readonly CID[]): Promise<CID> =>
  add(
    dagPb.code,
    dagPb.encode(
      dagPb.prepare({
        Data: Buffer.from(name),
        Links: links.map((Hash, i) => ({ Hash, Name: `${i}`.padStart(4, '0'), Tsize: 1_000 })),
      }),
    ),
  )

/** A node over ten leaves of a thousand bytes each. */
async function wideDag(name: string): Promise<CID> {
  const leaves: CID[] = []
  for (let i = 0; i < 10; i++) leaves.push(await add(0x55, Buffer.alloc(1_000, `${name} ${i} `)))
  return node(name, leaves)
}

async function outcome(limits: Partial<Limits>, cid: CID, onAnswer?: () => void) {
  await using service = await startTestEmbedded({ limits })
  const { requestid } = await service.client.add({ cid: cid.toString(), origins: origin.addresses })
  const { status, info } = await service.client.settled(requestid, onAnswer)
  expect(service.errors).toEqual([])
  return { status, details: info.status_details }
}

describe('a pin fails with the reason when its DAG', () => {
  it('has too many blocks', async () => {
    const details = 'The DAG has more than 5 blocks'
    expect(await outcome({ maxDagBlocks: 5 }, await wideDag('blocks'))).toEqual({ status: 'failed', details })
  })

  it('has too many bytes', async () => {
    const details = 'The DAG has more than 3000 bytes'
    expect(await outcome({ maxDagBytes: 3_000 }, await wideDag('bytes'))).toEqual({ status: 'failed', details })
  })

  it('is too deep', async () => {
    let cid = await node('bottom', [])
    for (let i = 0; i < 10; i++) cid = await node(`level ${i}`, [cid])
    const details = 'The DAG is deeper than 5 links'
    expect(await outcome({ maxDagDepth: 5 }, cid)).toEqual({ status: 'failed', details })
  })

  it('is not complete in time, although blocks still arrive', async () => {
    let cid = await node('slow bottom', [])
    for (let i = 0; i < 50; i++) cid = await node(`slow ${i}`, [cid])
    // One block each time that the client asks how the pin is, which is every 20 ms at most: 50 of them take a second.
    let held: (() => void)[] = []
    const letGo = (): void => {
      for (const go of held) go()
      held = []
    }
    onWanted = () => new Promise((resolve) => void held.push(resolve))
    const { status, details } = await outcome({ totalTimeoutMs: 600 }, cid, letGo)
    onWanted = null
    letGo()
    expect({ status, details }).toEqual({
      status: 'failed',
      details: expect.stringMatching(/^The pin was not complete after 0.6 s; /),
    })
  })

  it('has a block with an unknown codec', async () => {
    const cid = await add(0x78, Buffer.from('a git object'))
    const details = `Block ${cid} cannot be pinned: its codec 0x78 is not supported`
    expect(await outcome({}, cid)).toEqual({ status: 'failed', details })
  })
})

it('takes no further pin when the bytes of a token are used up, and says so', async () => {
  await using service = await startTestEmbedded({ limits: { maxBytesPerToken: 5_000 } })
  const { requestid } = await service.client.add({
    cid: (await wideDag('quota')).toString(),
    origins: origin.addresses,
  })
  await service.client.settled(requestid)
  const refused = await service.client.request('POST', '/pins', { cid: 'bafkqaaa' })
  expect(refused).toMatchObject({
    status: 409,
    body: { error: { details: expect.stringMatching(/^This token's pins hold \d+ bytes, of 5000 at most$/) } },
  })
  await service.client.remove(requestid)
  expect((await service.client.request('POST', '/pins', { cid: 'bafkqaaa' })).status).toBe(202)
})

it('takes turns between tokens, however many pins one of them has queued', async () => {
  await using service = await startTestEmbedded({ limits: { activePins: 2, activePinsPerToken: 1 } })
  const other = new PsaClient(service.endpoint, 'token-b')
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  onWanted = () => released
  const mine: string[] = []
  for (let i = 0; i < 10; i++) {
    mine.push(
      (await service.client.add({ cid: (await wideDag(`mine ${i}`)).toString(), origins: origin.addresses })).requestid,
    )
  }
  const theirs = await other.add({ cid: (await wideDag('theirs')).toString(), origins: origin.addresses })
  expect((await other.get(theirs.requestid)).body.status).toBe('pinning')
  expect((await service.client.list({ status: 'pinning' })).body.count).toBe(1)
  expect((await service.client.list({ status: 'queued' })).body.count).toBe(9)
  onWanted = null
  release()
  await other.settled(theirs.requestid)
  for (const requestid of mine) expect((await service.client.settled(requestid)).status).toBe('pinned')
})

it('shows the progress of a transfer while it runs, and its final size', async () => {
  await using service = await startTestEmbedded()
  const root = await wideDag('progress')
  let release: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const rootKey = blockKey(root.multihash.bytes)
  onWanted = (key) => (key === rootKey ? Promise.resolve() : released)
  const { requestid } = await service.client.add({ cid: root.toString(), origins: origin.addresses })
  const size = blocks.get(rootKey)?.length ?? 0
  const pin = async () => (await service.client.get(requestid)).body as Pick<Pin, 'status' | 'info'>
  const info = async () => (await pin()).info
  const progress = async () => progressOf((await pin()) as Pin)
  await expect.poll(info).toEqual({
    status_details: 'Fetching blocks',
    blocks_fetched: '1',
    bytes_fetched: `${size}`,
    bytes_expected: `${size + 10_000}`,
  })
  const percent = Math.round((1000 * size) / (size + 10_000)) / 10
  expect(await progress()).toEqual({ blocks: 1, bytes: size, totalBlocks: null, totalBytes: null, percent })
  onWanted = null
  release()
  await service.client.settled(requestid)
  expect(await info()).toEqual({
    status_details: 'All blocks are stored',
    dag_size: `${size + 10_000}`,
    dag_blocks: '11',
  })
  const bytes = size + 10_000
  expect(await progress()).toEqual({ blocks: 11, bytes, totalBlocks: 11, totalBytes: bytes, percent: 100 })
})

it('resumes an unfinished pin after a restart, and fetches only missing blocks', async () => {
  const root = await wideDag('restart')
  const rootKey = blockKey(root.multihash.bytes)
  await using folder = await temporaryFolder()
  let requestid: string
  let hungUp: Promise<void>
  {
    await using service = await startTestEmbedded({ dataDir: folder.path })
    hungUp = new Promise((resolve) => {
      origin.onDisconnect((peerId) => {
        if (peerId.toString() === service.peerId) resolve()
      })
    })
    onWanted = (key) => (key === rootKey ? Promise.resolve() : new Promise(() => {}))
    requestid = (await service.client.add({ cid: root.toString(), origins: origin.addresses })).requestid
    const fetched = async () => (await service.client.get(requestid)).body.info.blocks_fetched
    await expect.poll(fetched).toBe('1')
  }
  // From here on the origin heeds none of the first service's wishes, also where it has yet to read them.
  await hungUp
  onWanted = null
  wanted.length = 0
  await using service = await startTestEmbedded({ dataDir: folder.path })
  const { status, info } = await service.client.settled(requestid)
  expect({ status, blocks: info.dag_blocks }).toEqual({ status: 'pinned', blocks: '11' })
  const leaves = dagPb
    .decode(blocks.get(rootKey) ?? new Uint8Array())
    .Links.map(({ Hash }) => blockKey(Hash.multihash.bytes))
  expect(wanted.filter((key) => leaves.includes(key)).sort()).toEqual([...leaves].sort())
  expect(wanted).not.toContain(rootKey)
})

import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startOriginNode } from '../../../../src/embedded/bitswap/start-origin-node.ts'
import { deferred } from '../../../support/deferred.ts'
import { startRudeOrigin } from '../../../support/embedded/start-rude-origin.ts'
import { startTestEmbedded, type TestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { expectInTime } from '../../../support/expect-in-time.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const SHA256_PREFIX = (cid: CID): number[] => [1, cid.code, 0x12, 32]
const IDENTITY_PREFIX = [1, 0x55, 0x00, 32]
const STALL_MS = 700
/** Loading two nodes and dialling takes its time beside what the service allows itself. */
const GRACE_MS = 10_000

/** Gives up soon. */
let service: TestEmbedded
/** Waits for the next origin, as long as it does by default. */
let patient: TestEmbedded
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let leaf: CID
beforeAll(async () => {
  patient = await startTestEmbedded()
  service = await startTestEmbedded({ limits: { stallTimeoutMs: STALL_MS, maxBlockBytes: 100_000 } })
  folder = await temporaryFolder()
  leaf = CID.createV1(0x55, await sha256.digest(Buffer.from('a leaf that nobody sends')))
})
afterAll(async () => {
  await service[Symbol.asyncDispose]()
  await patient[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

/** A root that links to the leaf, different for each test so that no test finds the block of another one. */
async function rootOf(name: string): Promise<{ cid: CID; bytes: Uint8Array }> {
  const bytes = dagPb.encode(dagPb.prepare({ Data: Buffer.from(name), Links: [{ Hash: leaf, Name: name, Tsize: 1 }] }))
  return { cid: CID.createV1(dagPb.code, await sha256.digest(bytes)), bytes }
}

/** Pins from an origin, and returns how that ended, which must be in time. */
async function outcome(cid: CID, origins: readonly string[]) {
  const pinned = async () => {
    const { requestid } = await service.client.add({ cid: cid.toString(), origins })
    return service.client.settled(requestid)
  }
  const { requestid, status, info } = await expectInTime({ stallTimeoutMs: STALL_MS }, pinned, { graceMs: GRACE_MS })
  await service.client.remove(requestid)
  return { status, details: info.status_details }
}

describe('a pin ends in time, with a reason, when its origin', () => {
  it('forges a block by the identity function, whose digest is the data itself', async () => {
    const { cid } = await rootOf('forged')
    await using origin = await startRudeOrigin(({ send }) =>
      send([{ prefix: IDENTITY_PREFIX, data: cid.multihash.digest }]),
    )
    const { status, details } = await outcome(cid, origin.origins)
    expect({ status, details }).toEqual({
      status: 'failed',
      details: `No block arrived for ${STALL_MS / 1_000} s; ${origin.origins[0]}: connected, but silent`,
    })
    expect(origin.messages()).toBeGreaterThan(0)
  })

  it('sends other bytes than those it was asked for', async () => {
    const { cid, bytes } = await rootOf('lies')
    await using origin = await startRudeOrigin(({ send }) =>
      send([{ prefix: SHA256_PREFIX(cid), data: bytes.subarray(1) }]),
    )
    const { status } = await outcome(cid, origin.origins)
    expect(status).toBe('failed')
    expect(origin.messages()).toBeGreaterThan(0)
  })

  it('sends a block that is larger than allowed', async () => {
    const bytes = Buffer.alloc(100_001, 'x')
    const cid = CID.createV1(0x55, await sha256.digest(bytes))
    await using origin = await startRudeOrigin(({ send }) => send([{ prefix: SHA256_PREFIX(cid), data: bytes }]))
    expect(await outcome(cid, origin.origins)).toMatchObject({
      status: 'failed',
      details: `Block ${cid} has 100001 bytes, more than 100000`,
    })
  })

  it('sends the root and then nothing', async () => {
    const { cid, bytes } = await rootOf('stalls')
    await using origin = await startRudeOrigin(({ send }) => send([{ prefix: SHA256_PREFIX(cid), data: bytes }]))
    const { requestid } = await service.client.add({ cid: cid.toString(), origins: origin.origins })
    const { status, info } = await service.client.settled(requestid)
    expect({ status, fetched: info.blocks_fetched }).toEqual({ status: 'failed', fetched: '1' })
    await service.client.remove(requestid)
  })

  it('hangs up whenever it is asked', async () => {
    const { cid } = await rootOf('hangs up')
    await using origin = await startRudeOrigin(({ hangUp }) => hangUp())
    const { status, details } = await outcome(cid, origin.origins)
    expect({ status, details }).toEqual({
      status: 'failed',
      details: `No block arrived for ${STALL_MS / 1_000} s; ${origin.origins[0]}: it hung up`,
    })
    expect(origin.connections()).toBeGreaterThan(1)
  })

  it('accepts connections and never says a word', async () => {
    const { cid } = await rootOf('silent')
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const origin = `/ip4/127.0.0.1/tcp/${port}/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN`
    const { status, details } = await outcome(cid, [origin])
    server.close()
    expect({ status, details }).toEqual({
      status: 'failed',
      details: `No block arrived for ${STALL_MS / 1_000} s; ${origin}: not connected`,
    })
  })

  it('sends bytes of the right hash that are not of the codec', async () => {
    const bytes = Buffer.from('this is no dag-pb')
    const cid = CID.createV1(dagPb.code, await sha256.digest(bytes))
    await using origin = await startRudeOrigin(({ send }) => send([{ prefix: SHA256_PREFIX(cid), data: bytes }]))
    const { status, details } = await outcome(cid, origin.origins)
    expect({ status, details }).toEqual({
      status: 'failed',
      details: expect.stringContaining(`Block ${cid} is not what its codec`),
    })
  })
})

it.each(['forges', 'lies', 'is silent', 'hangs up'])(
  'takes the content from an honest origin when another %s',
  async (how) => {
    const path = join(folder.path, how)
    await mkdir(path)
    await writeFile(join(path, 'file'), `content that only this test pins: ${how}`)
    await using honest = await startOriginNode({ path })
    const cid = CID.parse(honest.cid)
    await using rude = await startRudeOrigin(async ({ send, hangUp }) => {
      if (how === 'forges') await send([{ prefix: IDENTITY_PREFIX, data: cid.multihash.digest }])
      if (how === 'lies') await send([{ prefix: SHA256_PREFIX(cid), data: Buffer.from('something else') }])
      if (how === 'hangs up') await hangUp()
    })
    const { requestid } = await patient.client.add({ cid: honest.cid, origins: [...rude.origins, ...honest.origins] })
    expect((await patient.client.settled(requestid)).status).toBe('pinned')
  },
)

it('fetches from an honest origin while another sends blocks that nobody requested', async () => {
  const path = join(folder.path, 'busy')
  await mkdir(path)
  for (let i = 0; i < 20; i++) await writeFile(join(path, `${i}`), `content that only this test pins: busy ${i}`)
  await using honest = await startOriginNode({ path })
  const junk = { prefix: SHA256_PREFIX(leaf), data: Buffer.from('junk') }
  let next = deferred()
  await using busy = await startRudeOrigin(async ({ send, hangUp }) => {
    // Until the pin is complete: an origin that has sent something may be asked again, one that is gone may not.
    for (let isOpen = true; isOpen; ) {
      isOpen = await send([junk]).then(
        () => true,
        () => false,
      )
      await next.promise
    }
    await hangUp()
  })
  await using service = await startTestEmbedded()
  const { requestid } = await service.client.add({ cid: honest.cid, origins: [...busy.origins, ...honest.origins] })
  // It sends again whenever the client asks how the pin is.
  const settled = await service.client.settled(requestid, () => {
    next.resolve()
    next = deferred()
  })
  expect(settled).toMatchObject({ status: 'pinned', info: { dag_blocks: '21' } })
})

it('has reported no error of its own in these tests', () => {
  expect([...service.errors, ...patient.errors]).toEqual([])
})

import { gzipSync } from 'node:zlib'
import * as dagCbor from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { beforeAll, expect, it } from 'vitest'
import { type CarBlock, carHeader, carSection } from '../../../../src/embedded/dag/car.ts'
import { frame } from '../../../../src/embedded/dag/frames.ts'
import { dagOf, rawBlock, startTestGateway } from '../../../support/embedded/start-gateway.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

const LEAVES = 20
let root: CarBlock
let blocks: readonly CarBlock[]
let others: readonly CarBlock[]
beforeAll(async () => {
  const leaves = await Promise.all(
    Array.from({ length: LEAVES }, (_, i) => rawBlock(Buffer.alloc(1_000, `leaf ${i} `))),
  )
  ;[root] = blocks = await dagOf(leaves)
  others = await Promise.all(Array.from({ length: 9 }, (_, i) => rawBlock(Buffer.alloc(1_000_000, `other ${i} `))))
})

const header = (fields: object): Uint8Array => frame(dagCbor.encode(fields))
const sections = (list = blocks): Uint8Array => Buffer.concat(list.map(({ cid, bytes }) => carSection(cid, bytes)))
const car = (...between: Uint8Array[]): Uint8Array =>
  Buffer.concat([carHeader(root.cid), sections(blocks.slice(0, 1)), ...between, sections(blocks.slice(1))])

/** A CARv2 file with padding before its data, and an index behind it. */
function carV2(data: Uint8Array, { hasSize }: { hasSize: boolean }): Uint8Array {
  const numbers = Buffer.alloc(40)
  numbers.writeBigUInt64LE(64n, 16)
  numbers.writeBigUInt64LE(BigInt(hasSize ? data.length : 0), 24)
  const index = hasSize ? Buffer.alloc(500, 0xff) : Buffer.alloc(0)
  return Buffer.concat([Buffer.from('0aa16776657273696f6e02', 'hex'), numbers, Buffer.alloc(13), data, index])
}

const identity = (): CID => CID.createV1(0x55, createDigest(0, Buffer.from('inline')))
const blake3 = (): CID => CID.createV1(0x55, createDigest(0x1e, Buffer.alloc(32)))

it.each<[string, () => Uint8Array]>([
  ['has no root', () => Buffer.concat([header({ roots: [], version: 1 }), sections()])],
  ['has no list of roots', () => Buffer.concat([header({ version: 1 }), sections()])],
  ['has two roots', () => Buffer.concat([header({ roots: [root.cid, others[0]?.cid], version: 1 }), sections()])],
  ['has a block that is its own CID', () => car(carSection(identity(), Buffer.from('inline')))],
  ['has a block of other bytes', () => car(carSection(others[0]?.cid ?? root.cid, Buffer.from('a lie')))],
  ['has a block of an unknown hash', () => car(carSection(blake3(), Buffer.from('a block')))],
  ['has a block that is too large', () => car(carSection(blake3(), Buffer.alloc(3_000_000)))],
  ['has a section without a CID', () => car(frame(Buffer.alloc(50, 0xff)))],
  ['has empty sections', () => car(Buffer.alloc(10))],
  ['has lengths with padding', () => car(Buffer.of(0x85, 0x80, 0x00, 1, 2, 3, 4, 5))],
  ['has blocks twice', () => car(sections(), sections())],
  ['has more blocks of other DAGs than there is memory for', () => car(sections(others))],
  ['is of version 2', () => carV2(car(), { hasSize: true })],
  ['is of version 2, and was written without its size', () => carV2(car(), { hasSize: false })],
  ['is followed by the start of another section', () => Buffer.concat([car(), Buffer.of(0x80, 0x10, 1, 2, 3)])],
])('uses a CAR that %s', async (_, make) => {
  await using gateway = await startTestGateway(({ format }, response) => {
    if (format === 'car') response.end(make())
    // The root may be requested alone on a slow machine.
    else response.writeHead(404).end()
  })
  await using service = await startTestEmbedded({ gateways: [gateway.url] })
  const { requestid } = await service.client.add({ cid: root.cid.toString() })
  expect((await service.client.settled(requestid)).status).toBe('pinned')
  expect(service.errors).toEqual([])
})

it('uses a CAR in gzip, which nobody asked for', async () => {
  await using gateway = await startTestGateway(({ format }, response) => {
    if (format === 'car') response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(car()))
    else response.writeHead(404).end()
  })
  await using service = await startTestEmbedded({ gateways: [gateway.url] })
  const { requestid } = await service.client.add({ cid: root.cid.toString() })
  expect((await service.client.settled(requestid)).status).toBe('pinned')
})

it('takes the rest of a CAR that is cut short as single blocks', async () => {
  const whole = car()
  await using gateway = await startTestGateway(({ format, path }, response) => {
    const block = blocks.find(({ cid }) => path.startsWith(`/ipfs/${cid}?`))
    response.end(format === 'car' ? whole.subarray(0, whole.length - 500) : block?.bytes)
  })
  await using service = await startTestEmbedded({ gateways: [gateway.url] })
  const { requestid } = await service.client.add({ cid: root.cid.toString() })
  expect((await service.client.settled(requestid)).status).toBe('pinned')
  const alone = gateway.requests.flatMap(({ format, path }) => (format === 'raw' ? [path] : []))
  expect(alone).toContain(`/ipfs/${blocks.at(-1)?.cid}?format=raw`)
})

it.each(['car', 'raw'])('uses a gateway that answers each request with its form of %s', async (form) => {
  const type = `Application/vnd.ipld.${form}; version=1`
  await using gateway = await startTestGateway(({ path }, response) => {
    const block = blocks.find(({ cid }) => path.startsWith(`/ipfs/${cid}?`)) ?? root
    response.writeHead(200, { 'content-type': type })
    response.end(form === 'raw' ? block.bytes : Buffer.concat([carHeader(block.cid), sections([block])]))
  })
  await using service = await startTestEmbedded({ gateways: [gateway.url] })
  const { requestid } = await service.client.add({ cid: root.cid.toString() })
  expect((await service.client.settled(requestid)).status).toBe('pinned')
})

it('asks the next gateway for a CAR after one whose answer has no block of the DAG', async () => {
  await using empty = await startTestGateway((_, response) => response.end(carHeader(root.cid)))
  await using page = await startTestGateway((_, response) => response.end('<!DOCTYPE html><title>Welcome</title>'))
  await using full = await startTestGateway(({ format }, response) =>
    format === 'car' ? response.end(car()) : response.writeHead(404).end(),
  )
  await using service = await startTestEmbedded({ gateways: [empty.url, page.url, full.url] })
  const { requestid } = await service.client.add({ cid: root.cid.toString() })
  expect((await service.client.settled(requestid)).status).toBe('pinned')
})

it('reads no further in a CAR of odd blocks without an end', { timeout: 90_000 }, async () => {
  const chunk = Buffer.concat(Array.from({ length: 200 }, () => carSection(blake3(), Buffer.from('odd'))))
  let isClosed = false
  await using gateway = await startTestGateway(({ format }, response) => {
    if (format !== 'car') {
      response.writeHead(404).end()
      return
    }
    response.once('close', () => {
      isClosed = true
    })
    response.write(carHeader(root.cid))
    const more = (): void => {
      while (!isClosed && response.write(chunk));
      if (!isClosed) response.once('drain', more)
    }
    more()
  })
  await using service = await startTestEmbedded({ gateways: [gateway.url], limits: { stallTimeoutMs: 600_000 } })
  await service.client.add({ cid: root.cid.toString() })
  await expect.poll(() => isClosed, { timeout: 80_000 }).toBe(true)
})

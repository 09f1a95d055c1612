import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as dagPb from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { beforeAll, describe, expect, it } from 'vitest'
import { carHeader, carSection } from '../../../../src/embedded/dag/car.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

const LEAVES = 120
const blocks: { cid: CID; bytes: Uint8Array }[] = []
let root: CID
beforeAll(async () => {
  const leaves: CID[] = []
  for (let i = 0; i < LEAVES; i++) {
    const bytes = Buffer.from(`leaf ${i} `.repeat(200))
    const cid = CID.createV1(0x55, await sha256.digest(bytes))
    blocks.push({ cid, bytes })
    leaves.push(cid)
  }
  const Links = leaves.map((Hash, i) => ({ Hash, Name: `${i}`.padStart(4, '0'), Tsize: 1 }))
  const bytes = dagPb.encode(dagPb.prepare({ Links }))
  root = CID.createV1(dagPb.code, await sha256.digest(bytes))
  blocks.unshift({ cid: root, bytes })
})

/** A trustless gateway that serves the blocks, as one CAR of the first `carBlocks` and one by one. */
async function startGateway(options: { carBlocks: number; change?: (bytes: Uint8Array) => Uint8Array }) {
  const requests: string[] = []
  const change = options.change ?? ((bytes: Uint8Array) => bytes)
  const server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '', 'http://gateway')
    requests.push(url.searchParams.get('format') ?? '')
    if (url.searchParams.get('format') === 'car') {
      if (options.carBlocks === 0) return response.writeHead(501).end()
      response.write(carHeader(root))
      for (const { cid, bytes } of blocks.slice(0, options.carBlocks)) response.write(carSection(cid, change(bytes)))
      return response.end()
    }
    const block = blocks.find(({ cid }) => url.pathname === `/ipfs/${cid}`)
    return block ? response.end(change(block.bytes)) : response.writeHead(404).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('a trustless gateway', () => {
  it('gives the whole DAG as one CAR', async () => {
    await using gateway = await startGateway({ carBlocks: LEAVES + 1 })
    await using service = await startTestEmbedded({ gateways: [gateway.url] })
    const { requestid } = await service.client.add({ cid: root.toString() })
    const { status, info } = await service.client.settled(requestid)
    expect({ status, blocks: info.dag_blocks }).toEqual({ status: 'pinned', blocks: `${LEAVES + 1}` })
    expect(gateway.requests).toEqual(['car'])
    expect(service.errors).toEqual([])
  })

  it('serves the blocks that its CAR lacked one by one', async () => {
    await using gateway = await startGateway({ carBlocks: 50 })
    await using service = await startTestEmbedded({ gateways: [gateway.url] })
    const { requestid } = await service.client.add({ cid: root.toString() })
    expect((await service.client.settled(requestid)).status).toBe('pinned')
    expect(gateway.requests.filter((format) => format === 'raw')).toHaveLength(LEAVES + 1 - 50)
  })

  it('is skipped if another gateway has the content', async () => {
    await using poor = await startGateway({ carBlocks: 0, change: () => Buffer.from('a lie') })
    await using rich = await startGateway({ carBlocks: 0 })
    await using service = await startTestEmbedded({ gateways: [poor.url, rich.url] })
    const { requestid } = await service.client.add({ cid: root.toString() })
    expect((await service.client.settled(requestid)).status).toBe('pinned')
  })

  it('cannot pass other bytes off as a block, in a CAR or alone', async () => {
    await using gateway = await startGateway({
      carBlocks: LEAVES + 1,
      change: (bytes) => Buffer.concat([bytes, Buffer.of(0)]),
    })
    await using service = await startTestEmbedded({ gateways: [gateway.url], limits: { stallTimeoutMs: 2_000 } })
    const { requestid } = await service.client.add({ cid: root.toString() })
    const { status, info } = await service.client.settled(requestid)
    expect(status).toBe('failed')
    expect(info.status_details).toContain(`${gateway.url}: it sent other bytes for block ${root}`)
    expect(info.blocks_fetched).toBe('0')
  })

  it('is not asked unless it is configured', async () => {
    await using gateway = await startGateway({ carBlocks: LEAVES + 1 })
    await using service = await startTestEmbedded({ limits: { stallTimeoutMs: 300 } })
    const { requestid } = await service.client.add({ cid: root.toString() })
    expect((await service.client.settled(requestid)).status).toBe('failed')
    expect(gateway.requests).toEqual([])
  })
})

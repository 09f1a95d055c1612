import type { ExecutionResult } from 'graphql'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestEmbedded, type TestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { startTestGateway, type TestGateway } from '../../../support/start-test-gateway.ts'

const PAGE_BYTES = 40_000
const PINS = 150
const ALL = 'queued,pinning,pinned,failed'

interface Page {
  readonly totalCount: number
  readonly nodes: readonly { readonly requestId: string }[]
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string }
  readonly warnings: readonly unknown[]
}

interface Added {
  readonly requestId: string
  readonly isOdd: boolean
}

function cidOf(i: number): string {
  const digest = Buffer.alloc(8)
  digest.writeUInt32BE(i)
  return CID.createV1(0x55, createDigest(0x00, digest)).toString()
}

describe('pages that are cut by their bytes', () => {
  let service: TestEmbedded
  let gateway: TestGateway
  const added: Added[] = []
  beforeAll(async () => {
    service = await startTestEmbedded({ limits: { maxPageBytes: PAGE_BYTES } })
    gateway = await startTestGateway({
      services: { test: { endpoint: service.endpoint, token: 'token-a', provider: 'pinql' } },
    })
    const random = seededRandom(15)
    for (let i = 0; i < PINS; i++) {
      // Some pins have half of a page, runs of them included; most have next to nothing.
      const bytes = random() < 0.3 ? Math.floor(random() * 20_000) : 0
      const meta = { odd: `${i % 2}`, filler: 'x'.repeat(bytes) }
      const { requestid } = await service.client.add({ cid: cidOf(i % 40), name: i % 3 ? 'a' : 'b', meta })
      added.unshift({ requestId: requestid, isOdd: i % 2 === 1 })
    }
  })
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]()
    await service[Symbol.asyncDispose]()
  })

  it('end early, with at least ten pins and a count that says that more follow', async () => {
    const { body } = await service.client.list({ limit: '1000', status: ALL })
    const bytes = Buffer.byteLength(JSON.stringify(body))
    expect(body.results.map(({ requestid }) => requestid)).toEqual(
      added.slice(0, body.results.length).map(({ requestId }) => requestId),
    )
    expect(body.results.length).toBeGreaterThanOrEqual(10)
    expect(body.results.length).toBeLessThan(PINS)
    expect(body.count).toBe(PINS)
    expect(bytes).toBeLessThan(10 * 20_000 + 2 * PAGE_BYTES)
  })

  it('lead on by `before` to every pin', async () => {
    const seen: string[] = []
    let before: string | undefined
    for (;;) {
      const { body } = await service.client.list({ limit: '1000', status: ALL, ...(before && { before }) })
      seen.push(...body.results.map(({ requestid }) => requestid))
      if (body.results.length === body.count) break
      before = body.results.at(-1)?.created
    }
    expect(seen).toEqual(added.map(({ requestId }) => requestId))
  })

  it.each([
    ['all pins', 'null', () => true],
    ['pins with metadata', '{ meta: { odd: "1" } }', (pin: Added) => pin.isOdd],
    ['pins of all CIDs', `{ cid: ${JSON.stringify(Array.from({ length: 40 }, (_, i) => cidOf(i)))} }`, () => true],
  ])('lose nothing for the gateway: %s', async (_, filter, isWanted) => {
    const wanted = added.filter(isWanted).map(({ requestId }) => requestId)
    for (const first of [7, 64, 1000]) {
      const seen: string[] = []
      let after: string | null = null
      let total: unknown
      for (;;) {
        const { data, errors }: ExecutionResult<{ pins: Page }> = await gateway.query(
          `query ($after: Cursor) { pins(first: ${first}, after: $after, filter: ${filter}) {
            totalCount nodes { requestId } pageInfo { hasNextPage endCursor } warnings { message } } }`,
          { after },
        )
        expect(errors).toBeUndefined()
        expect(data?.pins.warnings).toEqual([])
        seen.push(...(data?.pins.nodes ?? []).map(({ requestId }) => requestId))
        total = data?.pins.totalCount
        if (!data?.pins.pageInfo.hasNextPage) break
        after = data.pins.pageInfo.endCursor
      }
      expect([first, seen]).toEqual([first, wanted])
      expect(total).toBe(wanted.length)
    }
  })
})

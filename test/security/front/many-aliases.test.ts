import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { base58btc } from 'multiformats/bases/base58'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

const CAPABILITIES = { count: 'matching', multiStatus: true, maxCids: 10 } as const
const LIMITS = [{ limit: 100_000, windowMs: 1_000 }]
const ITEMS = Array.from({ length: 1_000 }, (_, index) => index)
const CIDS = ITEMS.map((n) => exampleCid(n))
/** The longest CIDs that take the longest to decode: in base58, with 145 bytes of content of their own. */
const SLOW_CIDS = ITEMS.map((n) => {
  const content = Uint8Array.from({ length: 145 }, (_, index) => (n * 31 + index * 17) % 256)
  return base58btc.encode(Uint8Array.from([1, 0x55, 0, 0x91, 1, ...content]))
})
const IDS = SLOW_CIDS.map((cid, n) => Buffer.from(`Pin:one:${cid}:r${n}`).toString('base64url'))

let service: ReturnType<typeof createServer>
let gateway: TestGateway

beforeAll(async () => {
  service = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"count":0,"results":[]}')
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  gateway = await startTestGateway({
    services: { one: { endpoint, token: 'token-of-one', capabilities: CAPABILITIES, limits: LIMITS } },
  })
})

afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  service.closeAllConnections()
  await new Promise((resolve) => service.close(resolve))
})

/** Number of fields that an operation is answered of which too many elements fail. */
const TOO_COSTLY = 0

const aliases = (count: number, field: string) =>
  Array.from({ length: count }, (_, index) => `a${index}: ${field}`).join('\n')
const contents = (count: number, fields: string) =>
  `query ($items: [CID!]!) { ${aliases(count, `contents(cids: $items) { ${fields} }`)} }`

/**
 * Sends an operation, and measures the most processor time that the process took without a turn for anybody else. The time on the clock
 * would be that of all processes of a busy machine.
 */
async function blockedBy(query: string, items: readonly string[]) {
  let longestMs = 0
  let last = process.cpuUsage()
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(last)
    last = process.cpuUsage()
    longestMs = Math.max(longestMs, (user + system) / 1_000)
  }, 1)
  const answer = gateway.query(query, { items })
  const health = await fetch(new URL('/health', gateway.url))
  expect(health.status).toBe(200)
  const { data, errors = [] } = await answer
  clearInterval(timer)
  return { longestMs, answered: Object.keys(data ?? {}).length, errors }
}

describe('an operation with the most aliases that are allowed leaves room for others within a second:', () => {
  it.each([
    ['contents of 1,000 CIDs at their services', contents(25, 'cid services { error { code } }'), CIDS, 25],
    ['contents of CIDs that take long to decode', contents(25, 'pins { id }'), SLOW_CIDS, 25],
    ['CIDs that take long to decode, and nothing of them', contents(120, '__typename'), SLOW_CIDS, 120],
    ['texts that are no CIDs', contents(100, 'cid'), CIDS.map((cid) => `${cid}!`), TOO_COSTLY],
    ['nodes', `query ($items: [ID!]!) { ${aliases(25, 'nodes(ids: $items) { id }')} }`, IDS, TOO_COSTLY],
    [
      'pages of a filter for 100 CIDs',
      `query ($items: [CID!]!) { ${aliases(130, 'pins(filter: { cid: $items }) { pageInfo { hasNextPage } }')} }`,
      SLOW_CIDS.slice(0, 100),
      130,
    ],
  ])('%s', async (_what, query, items, count) => {
    // At first by graphql-js, and then compiled.
    for (const _run of ['first', 'compiled']) {
      const { longestMs, answered } = await blockedBy(query, items)
      expect(answered).toBe(count)
      expect(longestMs).toBeLessThan(1_000)
    }
  })
})

it('refuses contents of 1,000 CIDs under 30 aliases before anything is sent', async () => {
  const { errors, answered } = await blockedBy(contents(30, 'services { error { code } }'), CIDS)

  expect(answered).toBe(0)
  expect(errors).toMatchObject([{ extensions: { code: 'OPERATION_TOO_COSTLY', what: 'requests', limit: 2_500 } }])
})

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { base58btc } from 'multiformats/bases/base58'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AttackedGateway, KNOWN, startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

const ITEMS = Array.from({ length: 1_000 }, (_, index) => index)
const CIDS = ITEMS.map((n) => exampleCid(n))
/** The longest CIDs that take the longest to decode: in base58, with 145 bytes of content of their own. */
const SLOW_CIDS = ITEMS.map((n) => {
  const content = Uint8Array.from({ length: 145 }, (_, index) => (n * 31 + index * 17) % 256)
  return base58btc.encode(Uint8Array.from([1, 0x55, 0, 0x91, 1, ...content]))
})
const IDS = SLOW_CIDS.map((cid, n) => Buffer.from(`Pin:one:${cid}:r${n}`).toString('base64url'))

let service: Server
let gateway: AttackedGateway

beforeAll(async () => {
  service = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"count":0,"results":[]}')
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  gateway = await startAttackedGateway({ services: { one: { endpoint, token: 'token-of-one', ...KNOWN } } })
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

interface Answer {
  readonly data?: Record<string, unknown> | null
  readonly errors?: unknown
}

async function ask(query: string, items: readonly string[]): Promise<Answer> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ query, variables: { items } })
  return (await fetch(gateway.url, { method: 'POST', headers, body })).json() as Promise<Answer>
}

describe('an operation with the most aliases that are allowed harms nobody:', () => {
  it.each([
    ['contents of 1,000 CIDs at their services', contents(12, 'cid services { error { code } }'), CIDS, 12],
    ['contents of CIDs that take long to decode', contents(12, 'pins { id }'), SLOW_CIDS, 12],
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
    const answered: number[] = []
    const broken = await gateway.brokenPromises(async () => {
      // At first by graphql-js, and then compiled.
      for (const _run of ['first', 'compiled']) {
        const { data } = await ask(query, items)
        answered.push(Object.keys(data ?? {}).length)
      }
    })
    expect(broken).toEqual([])
    expect(answered).toEqual([count, count])
  })
})

it('refuses contents of 1,000 CIDs under 30 aliases before anything is sent', async () => {
  const { data, errors } = await ask(contents(30, 'services { error { code } }'), CIDS)

  expect(data ?? null).toBeNull()
  expect(errors).toMatchObject([{ extensions: { code: 'OPERATION_TOO_COSTLY', what: 'requests', limit: 2_500 } }])
})

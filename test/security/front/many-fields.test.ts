import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { many } from '../../support/attacked/costly-operations.ts'
import { type AttackedGateway, KNOWN, startAttackedGateway } from '../../support/attacked/start-attacked-gateway.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'

// Operations that are allowed, and have as many fields as an operation may have: a hundred at once, and answers of a service that make
// more of them than anybody could count before.

const PINS = 900
/** Aliases of one field, so that a page has a few fields less than an operation may have. */
const ALIASES = 270

let service: Server
let endpoint: string
/** Delegates of each pin. */
let delegates: number
/** Lists of pins named `slow` that were asked for. They are never answered. */
let unanswered: number
beforeAll(async () => {
  service = createServer(({ url = '' }, response) => {
    const { searchParams } = new URL(url, 'http://localhost')
    if (searchParams.get('name') === 'slow') {
      unanswered++
      return
    }
    const limit = Math.min(PINS, Number(searchParams.get('limit')))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ count: PINS, results: many(limit, recordOf) }))
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
})
afterAll(() => {
  service.closeAllConnections()
  service.close()
})

let gateway: AttackedGateway
beforeEach(async () => {
  delegates = 1
  unanswered = 0
  gateway = await startAttackedGateway({ services: { one: { endpoint, token: 'token-of-one', ...KNOWN } } })
})
afterEach(() => gateway[Symbol.asyncDispose]())

const recordOf = (n: number) => ({
  requestid: `r${n}`,
  status: 'pinned',
  created: new Date(Date.UTC(2026, 0, 1) - n * 1_000).toISOString(),
  delegates: many(delegates, (port) => `/ip4/203.0.113.1/tcp/${port}`),
  pin: { cid: exampleCid(n), name: `pin ${n}` },
})
const aliases = (count: number, field: string) => many(count, (n) => `a${n}: ${field}`).join(' ')
const page = (count: number, field: string) => `pins(first: ${PINS}) { nodes { ${aliases(count, field)} } }`

async function ask(query: string, signal?: AbortSignal): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ query })
  return (await fetch(gateway.url, { method: 'POST', headers, body, ...(signal && { signal }) })).text()
}

/** Returns the beginnings of all answers, each once. */
const beginnings = (answers: readonly string[]) => [...new Set(answers.map((answer) => answer.slice(0, 30)))]

const DATA = /^\{"data":\{/
const OF_SCHEMA = `p: __schema { types { ...T } }} fragment T on __Type { ${aliases(25, 'fields { name args { name type { name } } type { name ofType { name } } }')} `

it.each([
  ['each another', (n: number) => `query Q${n} { ${page(ALIASES, 'status')} }`],
  ['all the same', () => `{ ${page(ALIASES, 'status')} }`],
  ['of long texts', (n: number) => `query Q${n} { ${page(100, 'id')} }`],
  ['of many lists', (n: number) => `query Q${n} { ${many(20, (p) => `p${p}: ${page(7, 'id')}`).join(' ')} }`],
  ['of the schema', (n: number) => `query Q${n} { ${OF_SCHEMA} }`],
])('sixty operations of 200,000 fields at once harm nobody: %s', async (_what, queryOf) => {
  let answers: string[] = []
  const broken = await gateway.brokenPromises(
    async () => {
      answers = await Promise.all(many(60, (n) => ask(queryOf(n))))
    },
    // Compiled documents are kept.
    { maxKeptBytes: 70 * 1024 ** 2 },
  )
  expect(broken).toEqual([])
  expect(answers.some((answer) => DATA.test(answer))).toBe(true)
})

it('answers that wait for a slow service are bounded together: those that have the most are refused', async () => {
  const answers: string[] = []
  const leave = new AbortController()
  const broken = await gateway.brokenPromises(async () => {
    const asked = many(40, (n) =>
      ask(
        `query Q${n} { ${page(ALIASES, 'id')} slow: pins(filter: { name: "slow" }) { totalCount } }`,
        leave.signal,
      ).then(
        (answer) => answers.push(answer),
        () => {},
      ),
    )
    await expect.poll(() => unanswered, { timeout: 60_000 }).toBeGreaterThan(0)
    await expect.poll(() => answers.length, { timeout: 60_000 }).toBeGreaterThan(30)
    leave.abort()
    await Promise.all(asked)
  })
  expect(broken).toEqual([])
  expect(beginnings(answers)).toEqual(['{"errors":[{"message":"Expecte'])
  expect(JSON.parse(answers[0] ?? '')).toMatchObject({
    errors: [{ extensions: { code: 'TOO_MANY_OPERATIONS', scope: 'gateway', limit: expect.any(Number) } }],
  })
})

it('delegates by the ten thousand count as fields: of a page, and of the events of a subscription', async () => {
  delegates = 10_000
  const pin = aliases(1_200, 'delegates')
  const answers: string[] = []
  const broken = await gateway.brokenPromises(async () => {
    answers.push(await ask(`{ pins(first: 20) { nodes { ${pin} } } }`))
    // Of so many, an answer has room for all pins, which a subscription reads.
    delegates = 400
    const stream = await openEventStream(
      gateway.url,
      { query: `subscription { pinsChanged { pin { ${pin} } } }` },
      { method: 'POST' },
    )
    const event = await stream.events.next()
    answers.push(event.value?.data ?? '')
    stream.close()
  })
  expect(broken).toEqual([])
  const tooCostly = { errors: [{ extensions: { code: 'OPERATION_TOO_COSTLY', what: 'fields' } }] }
  expect(answers.map((answer) => JSON.parse(answer))).toMatchObject([tooCostly, tooCostly])
})

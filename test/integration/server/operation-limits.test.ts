import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../../support/gateway/every-transport.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

const TOKEN = 'alice-token'
const WAYS = Object.entries(TRANSPORTS)

let service: EmulatedProvider
let gateway: TestGateway

beforeEach(async () => {
  service = await startEmulatedProvider(compliant)
  gateway = await startTestGateway({
    services: { one: { endpoint: service.endpoint, token: TOKEN, capabilities: { count: 'matching' } } },
    maxAnswerBytes: 100_000,
    maxOperationRequests: 100,
  })
})

afterEach(async () => {
  await gateway[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

function seed(pins: number, pinOf: (n: number) => { cid: string; meta?: Record<string, string> }): void {
  service.seed(
    TOKEN,
    Array.from({ length: pins }, (_, n) => ({ status: 'pinned' as const, name: `${n}`, ...pinOf(n) })),
  )
}

/** Pins of the same content, in a list in a list. */
const inLists = (levels: number): string => (levels === 0 ? 'id name' : `content { pins { ${inLists(levels - 1)} } }`)

describe.each(WAYS)('by %s', (way, execute) => {
  const run = async (query: string, variables = {}) =>
    JSON.parse(await execute(gateway.url, { query, variables })) as Record<string, unknown>

  it('an operation that costs too much is refused before anything is sent', async () => {
    const aliases = Array.from({ length: 30 }, (_, n) => `a${n}: service(name: "one") { pinCounts { pinned } }`)

    expect(await run(`{ ${aliases.join(' ')} }`)).toMatchObject({
      errors: [
        {
          message: expect.stringContaining('at most 100 requests to services'),
          extensions: { code: 'OPERATION_TOO_COSTLY', what: 'requests', limit: 100 },
        },
      ],
    })
    expect(service.count()).toBe(0)
  })

  it('a list argument of too many items is one error, and nothing is done', async () => {
    const ids = Array.from({ length: 1_001 }, (_, n) => `${n}`)
    const answer = await run('query ($ids: [ID!]!) { a: nodes(ids: $ids) { id } b: pins { totalCount } }', { ids })

    expect(answer).toMatchObject({ errors: [{ extensions: { code: 'BAD_REQUEST', argument: 'ids' } }] })
    expect(answer.errors).toHaveLength(1)
    expect(service.count()).toBe(0)
  })

  it('a document that is too long, or nested too deep, is refused', async () => {
    for (const [query, words] of [
      [`{ __typename } #${' '.repeat(4_000)}${'é'.repeat(33_000)}`, 'at most 65536 bytes'],
      [`{ pin(id: ${'['.repeat(101)}${']'.repeat(101)}) { id } }`, 'at most 100 levels'],
      [`{ ${'a { '.repeat(120)}`, 'at most 100 levels'],
    ] as const) {
      // Neither a URL nor a message of a WebSocket may be that long.
      if ((way === 'GET' || way === 'a WebSocket') && query.length > 10_000) continue
      expect(await run(query)).toMatchObject({
        errors: [{ message: expect.stringContaining(words), extensions: { code: 'GRAPHQL_PARSE_FAILED' } }],
      })
    }
    expect(gateway.logged.join('')).not.toContain('Unexpected error')
  })

  it('pins of one content in a list in a list in a list end in one error', async () => {
    seed(40, () => ({ cid: exampleCid(1) }))

    expect(await run(`{ pins(first: 40) { nodes { ${inLists(4)} } } }`)).toEqual({
      data: null,
      errors: [
        expect.objectContaining({
          extensions: expect.objectContaining({ code: 'OPERATION_TOO_COSTLY', what: 'fields', limit: 250_000 }),
        }),
      ],
    })
  })

  it('thousands of elements that fail end in one error', async () => {
    const cids = Array.from({ length: way === 'GET' ? 130 : 1_000 }, (_, n) => `x${n}`)
    const times = way === 'GET' ? 20 : 3
    const aliases = Array.from({ length: times }, (_, n) => `a${n}: contents(cids: $cids) { cid }`)
    const document = (count: number) => `query ($cids: [CID!]!) { ${aliases.slice(0, count).join(' ')} }`

    expect((await run(document(1), { cids: cids.slice(0, 100) })).errors).toHaveLength(100)
    expect(await run(document(times), { cids })).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'OPERATION_TOO_COSTLY', what: 'fields' } }],
    })
  })

  it('an answer that would be too long is an error', async () => {
    seed(30, (n) => ({ cid: exampleCid(n), meta: { long: 'x'.repeat(5_000) } }))

    expect(await run('{ pins(first: 30) { nodes { meta } } }')).toMatchObject({
      data: null,
      errors: [{ extensions: { code: 'OPERATION_TOO_COSTLY', what: 'answerBytes', limit: 100_000 } }],
    })
    expect(await run('{ pins(first: 10) { nodes { meta } } }')).not.toHaveProperty('errors')
  })

  it('the names of fields count towards the length of an answer, and so do errors with their paths', async () => {
    seed(30, (n) => ({ cid: exampleCid(n) }))
    const name = 'x'.repeat(4_000)
    const failing = `query ($cids: [CID!]!) { ${name}: contents(cids: $cids) { cid } }`
    const cids = Array.from({ length: 30 }, (_, n) => `x${n}`)
    const tooLong = {
      data: null,
      errors: [{ extensions: { code: 'OPERATION_TOO_COSTLY', what: 'answerBytes', limit: 100_000 } }],
    }

    expect(await run(`{ pins(first: 30) { nodes { ${name}: id } } }`)).toMatchObject(tooLong)
    expect(await run(`{ pins(first: 10) { nodes { ${name}: id } } }`)).not.toHaveProperty('errors')
    expect(await run(failing, { cids })).toMatchObject(tooLong)
    expect((await run(failing, { cids: cids.slice(0, 10) })).errors).toHaveLength(10)
  })
})

// A URL has no place for `extensions` in the support of these tests.
it.each(WAYS.filter(([way]) => way !== 'GET'))(
  'the cost is in the answer by %s if the request asks for it',
  async (_way, execute) => {
    const query = '{ pins { nodes { id } } }'
    const asked = JSON.parse(await execute(gateway.url, { query, extensions: { cost: true } }))

    expect(asked.extensions).toEqual({
      cost: {
        requests: { cost: 1, limit: 100 },
        fields: { cost: 12, limit: 250_000 },
        depth: { cost: 3, limit: 25 },
      },
    })
    expect(JSON.parse(await execute(gateway.url, { query }))).not.toHaveProperty('extensions')
  },
)

it('a subscription that costs too much is refused, and so is an event that becomes too long', async () => {
  seed(1, () => ({ cid: exampleCid(1), meta: { long: 'x'.repeat(30_000) } }))
  const meta = Array.from({ length: 5 }, (_, n) => `m${n}: meta`)
  for (const [way, execute] of WAYS.filter(([name]) => name === 'an event stream' || name === 'a WebSocket')) {
    const ids = await gateway.query<{ pins: { nodes: { id: string }[] } }>('{ pins(first: 1) { nodes { id } } }')
    const id = ids.data?.pins.nodes[0]?.id
    const deep = `subscription { pinStatusChanged(ids: ["${id}"]) { pin { ${inLists(12)} } } }`
    const long = `subscription { pinStatusChanged(ids: ["${id}"]) { pin { ${meta.join(' ')} } } }`

    expect([way, await execute(gateway.url, { query: deep })]).toEqual([way, expect.stringContaining('"what":"depth"')])
    expect([way, await execute(gateway.url, { query: long })]).toEqual([
      way,
      expect.stringContaining('"what":"answerBytes"'),
    ])
  }
})

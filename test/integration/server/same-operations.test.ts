import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TRANSPORTS } from '../../support/gateway/every-transport.ts'
import { seedPins } from '../../support/gateway/start-setup.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { ALICE } from '../../support/start-test-api.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

interface Operation {
  readonly query: string
  readonly operationName?: string
  readonly variables?: Record<string, unknown>
}

const NAMES = 'query ($first: Int = 2, $more: Boolean = true) { pins(first: $first) { nodes { name ...F } } }'

const OPERATIONS: Readonly<Record<string, Operation>> = {
  'a query': { query: '{ services { name __typename } }' },
  'a query with variables, fragments and directives': {
    query: `${NAMES} fragment F on Pin { cid @include(if: $more) status }`,
    variables: { first: 1, more: false },
  },
  'the default of a variable': { query: `${NAMES} fragment F on Pin { cid @skip(if: $more) a: name }` },
  'one of several operations': { query: 'query A { __typename } query B { services { name } }', operationName: 'B' },
  introspection: { query: '{ __schema { description queryType { name } } __type(name: "Pin") { kind name } }' },
  'an error beside data': { query: '{ node(id: "x") { id } services { name } }' },
  'an error that leaves no data': { query: '{ pins(first: 0) { nodes { id } } }' },
  'null for an argument that must not be null': { query: 'query ($id: ID!) { node(id: $id) { id } }' },
  'a variable of another type': { query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: {} } },
  'a variable inside a scalar': {
    query: 'query ($app: String) { pins(filter: { meta: { app: $app } }) { nodes { name } } }',
    variables: { app: 'none of them' },
  },
  'null for a directive, whose variable has a default': {
    query: 'query ($more: Boolean = true) { services { name @include(if: $more) } }',
    variables: { more: null },
  },
  'null for an argument, whose variable has a default': {
    query: 'query ($name: String = "one") { service(name: $name) { name } }',
    variables: { name: null },
  },
  'null for a directive that must not be null': {
    query: 'query ($more: Boolean!) { services { name @include(if: $more) } }',
    variables: { more: null },
  },
  'null for a directive, of a name that another operation requires': {
    query:
      'query A($v: Boolean!) { __typename @skip(if: $v) } query B($v: Boolean = true) { services { name @skip(if: $v) } }',
    operationName: 'B',
    variables: { v: null },
  },
  'null for a directive of a fragment that comes first': {
    query: 'fragment F on Service { name @include(if: $more) } query ($more: Boolean!) { services { ...F } }',
    variables: { more: null },
  },
  'a variable that is not given, of a name that every object has': {
    query: 'query ($toString: Int = 2) { pins(first: $toString) { nodes { name } } }',
  },
  'an empty operationName': { query: '{ services { name } }', operationName: '' },
  'an empty enum': {
    query: 'query ($m: NameMatch) { pins(filter: { match: $m }) { totalCount } }',
    variables: { m: '' },
  },
}

/** Not run at all, for a mistake in the document. */
const REFUSED: Readonly<Record<string, Operation>> = {
  'no GraphQL': { query: '{ services' },
  'what the schema has not': { query: '{ services { nome } nothing }' },
  'too many words': { query: `{ ${'a '.repeat(5_000)} }` },
  nothing: { query: '' },
  'only a fragment': { query: 'fragment F on Pin { id }' },
  'no operation of that name, in a document that does not fit the schema': {
    query: 'query A { nothing }',
    operationName: 'B',
  },
  'no operation of that name': { query: 'query A { __typename }', operationName: 'B' },
  'several operations, and none named': { query: 'query A { __typename } query B { __typename }' },
  'fragments in a circle': { query: '{ pin(id: "x") { ...A } } fragment A on Pin { content { pins { ...A } } }' },
}

let service: EmulatedProvider
let gateway: TestGateway
beforeAll(async () => {
  service = await startEmulatedProvider(compliant)
  seedPins(service, 3)
  gateway = await startTestGateway({ services: { one: { endpoint: service.endpoint, token: ALICE } } })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await service[Symbol.asyncDispose]()
})

describe.each(Object.entries(OPERATIONS))('%s', (_what, operation) => {
  it.each(Object.keys(TRANSPORTS))(
    'has the same result by %s, when it comes first and when it comes again',
    async (way) => {
      // Texts of their own, which no other way has read before. The first is never compiled.
      const answerOf = async (by: string, label: string) => {
        const query = `# ${label} ${by} and ${way}\n${operation.query}`
        return JSON.parse(await (TRANSPORTS[by] as (typeof TRANSPORTS)[string])(gateway.url, { ...operation, query }))
      }
      const expected = await answerOf('GET', 'Once by')
      // The third time, it runs compiled.
      for (let use = 1; use <= 3; use++) expect(await answerOf(way, 'Again and again by')).toEqual(expected)
    },
  )
})

describe.each(Object.entries(REFUSED))('%s', (_what, operation) => {
  it.each(Object.keys(TRANSPORTS))('is refused in the same words by %s', async (way) => {
    const answerOf = async (by: string) => {
      // A text of its own, which no other way has read before.
      const query = `# by ${by}\n${operation.query}`
      return JSON.parse(await (TRANSPORTS[by] as (typeof TRANSPORTS)[string])(gateway.url, { ...operation, query }))
    }

    const refused = await answerOf(way)
    expect(refused).toEqual(await answerOf('GET'))
    expect(refused.data).toBeUndefined()
  })
})

const PERSISTED_QUERY_NOT_SUPPORTED = {
  message: 'PersistedQueryNotSupported',
  extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' },
}

/** Messages that are not GraphQL operations. A WebSocket that sends one is closed with 4400. */
const MALFORMED: Readonly<Record<string, unknown>> = {
  'no query': { variables: {} },
  'null for a query': { query: null },
  'a number for a query': { query: 5 },
  'a number for an operationName': { query: '{ __typename }', operationName: 5 },
  'a list of variables': { query: '{ __typename }', variables: [1] },
  'text for variables': { query: '{ __typename }', variables: 'x' },
  'a number for extensions': { query: '{ __typename }', extensions: 5 },
  'null in place of all': null,
  'a list in place of all': ['{ __typename }'],
}

/** The errors of an answer, by what is accepted. */
async function errorsOf(accept: string, url: string, init: RequestInit = {}): Promise<unknown> {
  const headers = { accept, ...(init.body ? { 'content-type': 'application/json' } : {}) }
  const body = await (await fetch(url, { ...init, headers })).text()
  const [, data] = /^data: (.+)$/m.exec(body) ?? []
  return JSON.parse(data ?? body)
}

it.each(Object.entries(MALFORMED))(
  'refuses %s in the same words by JSON, by Yoga and by an event stream',
  async (_what, params) => {
    const init = { method: 'POST', body: JSON.stringify(params) }
    const byJson = await errorsOf('application/json', gateway.url, init)
    expect(byJson).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }] })
    expect(await errorsOf('application/json; charset=utf-8', gateway.url, init)).toEqual(byJson)
    expect(await errorsOf('text/event-stream', gateway.url, init)).toEqual(byJson)
  },
)

it.each([
  ['text that is no JSON for variables', 'query={__typename}&variables=x'],
  ['a list of variables', 'query={__typename}&variables=[1]'],
  ['text that is no JSON for extensions', 'query={__typename}&extensions={'],
  ['no query', 'operationName=A'],
  ['a mutation', 'query=mutation{removePin(input:{id:"x"}){error{code}}}'],
  ['a mutation that does not fit the schema', 'query=mutation{nothing}'],
])('refuses %s by GET in the same words by JSON and by an event stream', async (_what, search) => {
  const byJson = await errorsOf('application/json', `${gateway.url}?${search}`)
  expect(byJson).toEqual({ errors: [{ message: expect.any(String), extensions: { code: 'BAD_REQUEST' } }] })
  expect(await errorsOf('text/event-stream', `${gateway.url}?${search}`)).toEqual(byJson)
})

it.each(['application/json', 'application/json; charset=utf-8', 'text/event-stream'])(
  'answers a request of no query with status 400, where %s is accepted',
  async (accept) => {
    const headers = { accept, 'content-type': 'application/json' }
    for (const body of ['{}', '{"query":null}', '{"variables":{}}'])
      expect((await fetch(gateway.url, { method: 'POST', headers, body })).status).toBe(400)
  },
)

describe.each(['application/json', 'application/json; charset=utf-8', 'text/event-stream'])(
  'accepting %s',
  (accept) => {
    const post = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) => {
      const response = await fetch(gateway.url, {
        method: 'POST',
        headers: { accept, 'content-type': 'application/json', ...headers },
        body,
      })
      const text = await response.text()
      return { status: response.status, answer: JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? text) }
    }
    const query = '{ __typename }'
    const answered = { status: 200, answer: { data: { __typename: 'Query' } } }

    it('ignores parameters that it does not know', async () => {
      for (const more of [{ more: 1 }, { id: 'x', doc_id: null, operationName: null }, { query2: '{' }])
        expect(await post(JSON.stringify({ query, ...more }))).toEqual(answered)
    })

    it('reads a body behind a byte order mark, and content types in any case', async () => {
      expect(await post(`\uFEFF${JSON.stringify({ query })}`)).toEqual(answered)
      for (const type of ['Application/JSON', 'APPLICATION/JSON; Charset="UTF-8"', 'application/json;charset=us-ascii'])
        expect(await post(JSON.stringify({ query }), { 'content-type': type })).toEqual(answered)
      expect(await post(JSON.stringify({ query }), { 'content-encoding': 'identity' })).toEqual(answered)
    })

    it.each([
      [{ 'content-encoding': 'gzip' }, 'Expected a body without content-encoding, got gzip'],
      [{ 'content-encoding': 'br, gzip' }, 'Expected a body without content-encoding, got br, gzip'],
      [
        { 'content-type': 'application/json; charset=utf-16le' },
        'Expected the charset utf-8 in content-type, got utf-16le',
      ],
    ])('says that it does not read a body of %o', async (headers, message) => {
      expect(await post(new Uint8Array(gzipSync(JSON.stringify({ query }))), headers)).toEqual({
        status: 415,
        answer: {
          errors: [{ message, extensions: { code: 'UNSUPPORTED_MEDIA_TYPE', requestId: expect.any(String) } }],
        },
      })
    })

    it('tells clients of Apollo that they have to send the query itself', async () => {
      const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } }
      const refused = { errors: [PERSISTED_QUERY_NOT_SUPPORTED] }
      expect((await post(JSON.stringify({ extensions }))).answer).toEqual(refused)
      const search = new URLSearchParams({ extensions: JSON.stringify(extensions), operationName: 'A' })
      expect(await errorsOf(accept, `${gateway.url}?${search}`)).toEqual(refused)
      expect(await post(JSON.stringify({ query, extensions }))).toEqual(answered)
    })
  },
)

it('tells clients of Apollo over a WebSocket that they have to send the query itself', async () => {
  await using socket = await openRawSocket(gateway.url)
  socket.send({ type: 'connection_init' })
  const extensions = { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } }
  socket.send({ id: '1', type: 'subscribe', payload: { extensions } })
  expect([await socket.next(), await socket.next()]).toEqual([
    { type: 'connection_ack' },
    { id: '1', type: 'error', payload: [PERSISTED_QUERY_NOT_SUPPORTED] },
  ])
})

it.each(Object.keys(TRANSPORTS))('sends no request for fields below a failed one, by %s', async (way) => {
  const run = TRANSPORTS[way] as (typeof TRANSPORTS)[string]
  const query = '{ pins(first: 0) { nodes { id } } content(cid: "bafkqablimvwgy3y") { pins { id } } }'
  await run(gateway.url, { query: '{ pins(first: 1) { nodes { id } } }' })
  for (let use = 1; use <= 3; use++) {
    const { length } = service.requests
    expect(JSON.parse(await run(gateway.url, { query }))).toMatchObject({ data: null })
    // Whatever had been asked for before would have gone ahead of this.
    await run(gateway.url, { query: '{ pins(first: 1) { nodes { id } } }' })
    expect(service.requests.slice(length)).toHaveLength(1)
  }
})

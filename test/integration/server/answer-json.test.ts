import { once } from 'node:events'
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startTestGateway({ upstream: 'http://127.0.0.1:9', maxRequestBytes: 2_000 })
})
afterAll(() => gateway[Symbol.asyncDispose]())

/** Of an announced length it may be answered without Yoga's request and response; in chunks it never is. */
async function post(body: string, accept: string | undefined, how: 'announced' | 'chunked') {
  const length =
    how === 'announced' ? { 'content-length': Buffer.byteLength(body) } : { 'transfer-encoding': 'chunked' }
  const headers = { 'content-type': 'application/json', 'x-request-id': 'same', ...(accept && { accept }), ...length }
  const outgoing = request(gateway.url, { method: 'POST', headers }).end(body)
  const [response] = await once(outgoing, 'response')
  const { 'content-type': type, 'content-length': bytes, allow } = response.headers
  return { answer: { status: response.statusCode, type, allow, body: await text(response) }, bytes }
}

const MUTATION = 'mutation { removePin(input: { id: "x" }) { pinId error { code message argument } } }'

const EXECUTED = {
  'a query': { query: '{ __typename }' },
  'a query with all there is': {
    query: 'query A { __typename } query B($id: ID!) { node(id: $id) { id } }',
    operationName: 'B',
    variables: { id: 'x' },
    extensions: {},
  },
  'nulls where nothing is said': { query: '{ __typename }', operationName: null, variables: null, extensions: null },
  'a mutation that fails': { query: MUTATION },
  'an error beside data': { query: '{ a: __typename node(id: "x") { id } }' },
  'an error that leaves no data': { query: '{ pins(first: 0) { nodes { id } } a: __typename }' },
  'a missing variable': { query: 'query ($id: ID!) { node(id: $id) { id } }' },
  'a variable of another type': { query: 'query ($id: ID!) { node(id: $id) { id } }', variables: { id: {} } },
}

const INVALID = {
  'no GraphQL': { query: '{' },
  'what the schema has not': { query: '{ nothing }' },
  'no such operation': { query: 'query A { __typename }', operationName: 'B' },
  'several operations without a name': { query: 'query A { __typename } query B { __typename }' },
}

const NOT_EXECUTED = {
  ...INVALID,
  'a subscription': { query: 'subscription { pinsChanged { kind } }' },
  'an unknown part': { query: '{ __typename }', more: 1 },
  'no query': { variables: {} },
  'a query that is no text': { query: 1 },
  'variables that are a list': { query: '{ __typename }', variables: [] },
  'several requests': [{ query: '{ __typename }' }],
  'a text': 'query',
  nothing: null,
}

const ACCEPTS = [
  undefined,
  '*/*',
  'application/*',
  'application/json',
  'application/graphql-response+json',
  'application/graphql-response+json, application/json;q=0.9',
  'application/json, application/graphql-response+json',
  'application/JSON; charset=utf-8, */*;q=0.1',
  'application/json; charset=latin1',
  'application/json; charset=latin1, */*',
  'text/html, application/graphql-response+json',
  'image/png',
]

describe.each(ACCEPTS)('where %s is asked for', (accept) => {
  it.each([...Object.entries(EXECUTED), ...Object.entries(NOT_EXECUTED)])(
    'answers %s as Yoga does',
    async (_, body) => {
      const json = JSON.stringify(body)
      const ours = await post(json, accept, 'announced')
      expect(ours.answer).toEqual((await post(json, accept, 'chunked')).answer)
    },
  )
})

it.each(Object.entries(EXECUTED))('answers %s by itself, and says how long the answer is', async (_, body) => {
  const { answer, bytes } = await post(JSON.stringify(body), 'application/json', 'announced')
  expect(bytes).toBe(String(Buffer.byteLength(answer.body)))
  // A document that no longer fits the schema would test nothing but its validation.
  expect(answer.body).not.toContain('GRAPHQL_VALIDATION_FAILED')
})

it.each(Object.entries(INVALID))('answers %s by itself, so that it is parsed and validated once', async (_, body) => {
  const { answer, bytes } = await post(JSON.stringify(body), 'application/json', 'announced')
  expect(bytes).toBe(String(Buffer.byteLength(answer.body)))
})

it.each(['', '{', 'query', `{"query":"{ __typename }","variables":{"a":"${'x'.repeat(2_000)}"}}`])(
  'leaves bodies to Yoga that are not JSON or too long: %j',
  async (body) => {
    const ours = await post(body, undefined, 'announced')
    expect(ours.answer).toEqual((await post(body, undefined, 'chunked')).answer)
    expect(ours.answer.status).toBeGreaterThanOrEqual(400)
  },
)

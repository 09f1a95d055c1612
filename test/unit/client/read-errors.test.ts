import { CombinedGraphQLErrors, ServerError, UnconventionalError } from '@apollo/client/errors'
import { CombinedError } from '@urql/core'
import { GraphQLError } from 'graphql'
import { describe, expect, it } from 'vitest'
import { readErrors } from '../../../src/client/index.ts'

const ERRORS = [
  { message: 'Gone.', path: ['nodes', 1], extensions: { code: 'PIN_NOT_FOUND', service: 'one' } },
  { message: 'Late.', path: ['pins'], extensions: { code: 'REQUEST_TIMEOUT' } },
]
const READ = [
  { code: 'PIN_NOT_FOUND', message: 'Gone.', path: ['nodes', 1], service: 'one' },
  {
    code: 'OTHER',
    originalCode: 'REQUEST_TIMEOUT',
    message: 'Late.',
    path: ['pins'],
    service: null,
    retryAfterMs: null,
    details: {},
  },
]
const apollo = new CombinedGraphQLErrors({ data: null, errors: ERRORS })
const urql = new CombinedError({ graphQLErrors: ERRORS })

describe('the errors of GraphQL', () => {
  it.each([
    ['a result as JSON', { data: { nodes: [] }, errors: ERRORS, extensions: { cost: 1 } }],
    ['a list, as graphql-ws hands it out', ERRORS],
    ['instances of GraphQLError', ERRORS.map(({ message, ...rest }) => new GraphQLError(message, rest))],
    ['an error of Apollo Client', apollo],
    ['a result of Apollo Client', { data: undefined, error: apollo }],
    ['an error that Apollo Client wrapped', new UnconventionalError({ errors: ERRORS })],
    ['an error of urql', urql],
    ['a result of urql', { operation: {}, data: null, error: urql }],
    ['an error of Relay', Object.assign(new Error('No data returned'), { source: { errors: ERRORS } })],
    ['an error with a cause', new Error('Query failed', { cause: apollo })],
  ])('are found in %s', (_, source) => {
    expect(readErrors(source)).toEqual(READ)
  })

  it("are found in a result of Relay's @catch, which leaves out the message", () => {
    const errors = [{ path: ['pin'], extensions: { code: 'PIN_NOT_FOUND', service: 'one' } }]
    const read = [{ code: 'PIN_NOT_FOUND', message: 'PIN_NOT_FOUND', path: ['pin'], service: 'one' }]
    expect(readErrors({ ok: false, errors })).toEqual(read)
  })

  it('are none in a result without errors', () => {
    const sources = [null, undefined, [], {}, { data: {} }, { data: {}, errors: [] }, { data: {}, error: undefined }]
    expect(sources.flatMap(readErrors)).toEqual([])
    expect(readErrors({ data: {}, extensions: { cost: 1 } })).toEqual([])
  })
})

describe('the errors of payloads', () => {
  const error = { code: 'UNAUTHORIZED', message: 'No token.', service: 'one' }

  it('are found in a payload and in a list of payloads', () => {
    const read = [{ ...error, path: null }]
    expect(readErrors({ pin: null, error })).toEqual(read)
    expect(
      readErrors([
        { pin: {}, error: null },
        { pin: null, error },
      ]),
    ).toEqual(read)
  })

  it('are none in a payload that succeeded', () => {
    expect(readErrors({ pin: { id: 'x' }, error: null, idempotencyKey: 'k', candidates: [] })).toEqual([])
  })
})

describe('a failure without a list of errors', () => {
  it.each([
    ['an error of the network', new TypeError('fetch failed'), 'fetch failed'],
    ['a result of Apollo Client', { data: undefined, error: new TypeError('fetch failed') }, 'fetch failed'],
    ['an error with another cause', new Error('fetch failed', { cause: new Error('reset') }), 'fetch failed'],
    ['an error of urql', new CombinedError({ networkError: new TypeError('fetch failed') }), '[Network] fetch failed'],
    ['a host without an address that answers', unreachable(), 'fetch failed'],
    ['such a host below urql', new CombinedError({ networkError: unreachable() }), '[Network] fetch failed'],
    ['a close event, as graphql-ws hands it out', { type: 'close', code: 4403, reason: 'Forbidden' }, 'Forbidden'],
    ["a browser's event of a socket that failed", { type: 'error', target: {} }, 'Unknown error'],
    ['a text', 'fetch failed', 'fetch failed'],
  ])('is one OTHER: %s', (_, source, message) => {
    expect(readErrors(source)).toMatchObject([{ code: 'OTHER', message }])
  })

  it('has no code of its own, although each address of a host may have one', () => {
    for (const source of [unreachable(), new CombinedError({ networkError: unreachable() })]) {
      expect(readErrors(source)).toMatchObject([{ code: 'OTHER', originalCode: '' }])
    }
  })

  it('is one OTHER for a response that Apollo Client refuses for its HTTP status', () => {
    const read = (bodyText: string) => {
      const response = new Response(bodyText, { status: 403 })
      return readErrors(new ServerError('Response not successful', { response, bodyText }))
    }
    const errors = [{ message: 'Other origin.', extensions: { code: 'FORBIDDEN_ORIGIN' } }]

    expect(read(JSON.stringify({ errors }))).toMatchObject([
      { originalCode: 'FORBIDDEN_ORIGIN', message: 'Other origin.' },
    ])
    for (const body of ['', '<html>', 'null', '{}', '{"errors":[]}']) {
      expect(read(body)).toMatchObject([{ code: 'OTHER', originalCode: '', message: 'Response not successful' }])
    }
  })
})

describe('an odd source', () => {
  it('that contains itself ends', () => {
    const error: Error & { error?: unknown } = new Error('again')
    error.cause = error
    error.error = error
    expect(readErrors(error)).toMatchObject([{ message: 'again' }])
  })

  it('that throws where it is read is one OTHER', () => {
    const source = new Proxy({}, { get: () => fail(), has: () => fail() })
    expect(readErrors(source)).toMatchObject([{ code: 'OTHER', message: 'read' }])
    expect(readErrors({ errors: [source, null, ERRORS[0]] })).toMatchObject([
      { code: 'OTHER' },
      { code: 'PIN_NOT_FOUND' },
    ])
  })
})

/** The error that Node's `fetch` throws if a host has two addresses and nothing listens at either. */
function unreachable(): TypeError {
  const refused = (address: string): Error =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED' })
  return new TypeError('fetch failed', { cause: new AggregateError(['::1', '127.0.0.1'].map(refused)) })
}

function fail(): never {
  throw new Error('read')
}

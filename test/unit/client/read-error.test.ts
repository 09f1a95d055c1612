import { describe, expect, it } from 'vitest'
import { readError } from '../../../src/client/index.ts'

const NOTHING = {
  argument: null,
  expected: null,
  received: null,
  service: null,
  httpStatus: null,
  reason: null,
  known: null,
  mayHaveActed: null,
  operationId: null,
  retryAfterMs: null,
}

describe('an error of a payload', () => {
  it.each([
    [
      { code: 'BAD_REQUEST', argument: 'input.cid', expected: 'a CID', received: '"x"' },
      { argument: 'input.cid', expected: 'a CID', received: '"x"', service: null },
    ],
    [{ code: 'UNAUTHORIZED', service: 'one' }, { service: 'one' }],
    [
      { code: 'UNKNOWN_SERVICE', service: 'x', known: ['one', 'two'] },
      { service: 'x', known: ['one', 'two'] },
    ],
    [{ code: 'PIN_NOT_FOUND', service: 'one' }, { service: 'one' }],
    [{ code: 'INSUFFICIENT_FUNDS', service: 'one' }, { service: 'one' }],
    [
      { code: 'RATE_LIMITED', service: 'one', retryAfterMs: 0 },
      { service: 'one', retryAfterMs: 0 },
    ],
    [
      { code: 'SERVICE_UNAVAILABLE', service: 'one', mayHaveActed: true, retryAfterMs: 20 },
      { service: 'one', mayHaveActed: true, retryAfterMs: 20 },
    ],
    [{ code: 'MALFORMED_RESPONSE', service: 'one' }, { service: 'one' }],
    [
      { code: 'SERVICE_ERROR', service: 'one', httpStatus: 418, reason: 'TEAPOT' },
      { service: 'one', httpStatus: 418, reason: 'TEAPOT' },
    ],
    [{ code: 'IDEMPOTENCY_CONFLICT', service: 'one' }, { service: 'one' }],
    [
      { code: 'OUTCOME_UNKNOWN', service: 'one', mayHaveActed: true, operationId: 'op' },
      { service: 'one', mayHaveActed: true, operationId: 'op' },
    ],
  ])('has the fields of its code and no others: $code', (given, fields) => {
    const error = { __typename: 'Error', ...NOTHING, message: 'Why.', ...given }
    const expected = { code: given.code, message: 'Why.', path: null, ...fields }

    expect(readError(error)).toEqual(expected)
    const { code: _, message, ...rest } = error
    const extensions = { code: given.code, ...rest }
    expect(readError({ message, path: ['pin'], extensions })).toEqual({ ...expected, path: ['pin'] })
  })

  it('is safe to use where its fields were not selected', () => {
    const read = (code: string) => readError({ code, message: 'Why.' })

    expect(read('RATE_LIMITED')).toMatchObject({ service: '', retryAfterMs: 1_000 })
    expect(read('UNKNOWN_SERVICE')).toMatchObject({ known: [] })
    expect(read('SERVICE_ERROR')).toMatchObject({ httpStatus: 0, reason: null })
    expect(read('SERVICE_UNAVAILABLE')).toMatchObject({ mayHaveActed: true, retryAfterMs: null })
    expect(read('OUTCOME_UNKNOWN')).toMatchObject({ operationId: '' })
  })

  it('is null where the payload has none', () => {
    expect([readError(null), readError(undefined)]).toEqual([null, null])
  })
})

describe('an error that is not known', () => {
  it('keeps its code, its message, and all that came with it', () => {
    const error = { code: 'QUOTA_EXCEEDED', message: 'Full.', service: 'one', retryAfterMs: 5, quota: 3 }
    const details = { service: 'one', retryAfterMs: 5, quota: 3 }
    const expected = { code: 'OTHER', originalCode: 'QUOTA_EXCEEDED', message: 'Full.', ...details, details }
    const { quota: _, ...read } = { ...expected, path: null }

    expect(readError(error)).toEqual(read)
    const { message, ...extensions } = error
    expect(readError({ message, path: ['pin'], extensions })).toEqual({ ...read, path: ['pin'] })
  })

  it.each([
    'GRAPHQL_VALIDATION_FAILED',
    'REQUEST_TIMEOUT',
    'INTERNAL_SERVER_ERROR',
    'FORBIDDEN_HOST',
    'OTHER',
    'toString',
  ])('is OTHER: %s', (code) => {
    expect(readError({ message: 'No.', extensions: { code } })).toMatchObject({ code: 'OTHER', originalCode: code })
  })

  it('is OTHER without an original code where it had none', () => {
    const expected = { code: 'OTHER', originalCode: '', message: 'fetch failed', service: null, retryAfterMs: null }
    expect(readError(new TypeError('fetch failed'))).toMatchObject(expected)
    expect(readError({ message: 'fetch failed', extensions: null })).toMatchObject(expected)
  })

  it('takes the number of a close event for its code, and the reason for its message', () => {
    const closed = readError({ code: 4403, reason: 'Forbidden', wasClean: true })
    expect(closed).toMatchObject({ code: 'OTHER', originalCode: '4403', message: 'Forbidden' })
  })
})

it.each([
  ['a text', 'no'],
  ['a number', 0],
  ['a symbol', Symbol('no')],
  ['a function', () => {}],
  ['an empty object', {}],
  ['a list', [[]]],
  ['an object without a prototype', Object.create(null)],
  ['fields of wrong types', { code: 7, message: 7, path: 7, extensions: 7 }],
  ['a known code with fields of wrong types', { code: 'UNKNOWN_SERVICE', message: 7, known: [7], service: 7 }],
  ['a getter that throws', Object.defineProperty({}, 'message', { get: () => fail() })],
  ['a proxy that throws', new Proxy({}, { get: () => fail() })],
])('never throws, and gives a message that is text: %s', (_, given) => {
  const error = readError(given)
  expect(error?.message).toBeTypeOf('string')
  expect(error?.code).toMatch(/^(OTHER|UNKNOWN_SERVICE)$/)
})

function fail(): never {
  throw new Error('read')
}

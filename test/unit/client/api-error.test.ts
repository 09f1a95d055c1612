import { readFileSync } from 'node:fs'
import { buildSchema, type GraphQLObjectType } from 'graphql'
import { expect, expectTypeOf, it } from 'vitest'
import {
  API_ERROR_CODES,
  type ApiError,
  type ApiErrorCode,
  type ApiErrorOf,
  readError,
} from '../../../src/client/index.ts'
import { ERROR_CODES, type ErrorCode } from '../../../src/domain/errors.ts'

it('has the codes of src/domain/errors.ts, as values and as types', () => {
  expect(API_ERROR_CODES).toEqual(ERROR_CODES)
  expectTypeOf<ApiErrorCode>().toEqualTypeOf<ErrorCode>()
  expectTypeOf<ApiError['code']>().toEqualTypeOf<ErrorCode | 'OTHER'>()
})

it('reads every field that the type Error of the schema has, and no other', () => {
  const schema = buildSchema(readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8'))
  const fields = Object.keys((schema.getType('Error') as GraphQLObjectType).getFields())
  const read = API_ERROR_CODES.flatMap((code) => Object.keys(readError({ code, message: 'x' }) ?? {}))

  expect([...new Set(read)].sort()).toEqual([...fields, 'path'].sort())
})

/** Compiles only while every member is narrowed by its code, and none is left. */
function describeError(error: ApiError): string {
  switch (error.code) {
    case 'BAD_REQUEST':
      expectTypeOf(error.argument).toEqualTypeOf<string | null>()
      return `${error.argument}: ${error.expected}, ${error.received} at ${error.service}`
    case 'UNAUTHORIZED':
    case 'PIN_NOT_FOUND':
    case 'INSUFFICIENT_FUNDS':
    case 'MALFORMED_RESPONSE':
    case 'IDEMPOTENCY_CONFLICT':
      expectTypeOf(error.service).toEqualTypeOf<string>()
      return error.service
    case 'UNKNOWN_SERVICE':
      return error.known.join()
    case 'RATE_LIMITED':
      expectTypeOf(error.retryAfterMs).toEqualTypeOf<number>()
      return error.retryAfterMs.toFixed()
    case 'SERVICE_UNAVAILABLE':
      expectTypeOf(error.retryAfterMs).toEqualTypeOf<number | null>()
      return `${error.mayHaveActed}`
    case 'SERVICE_ERROR':
      return error.httpStatus.toFixed()
    case 'OUTCOME_UNKNOWN':
      expectTypeOf(error.mayHaveActed).toEqualTypeOf<true>()
      return error.operationId
    case 'OTHER':
      return error.originalCode
    default:
      return error satisfies never
  }
}

it('is narrowed by its code in a switch', () => {
  expect(
    describeError(readError({ code: 'RATE_LIMITED', message: '', service: 'a', retryAfterMs: 40 }) as ApiError),
  ).toBe('40')
  expectTypeOf<ApiErrorOf<'UNKNOWN_SERVICE'>['known']>().toEqualTypeOf<readonly string[]>()

  // @ts-expect-error: only RATE_LIMITED and others that wait have it
  const wait = (error: ApiError) => error.retryAfterMs
  // @ts-expect-error: a typing mistake in a code is found
  const isLimited = (error: ApiError) => error.code === 'RATELIMITED'
  expect([wait, isLimited]).toHaveLength(2)
})

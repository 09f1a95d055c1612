import { GraphQLError } from 'graphql'
import { describe, expect, it } from 'vitest'
import { BadRequestError, RateLimitedError } from '../../../src/domain/errors.ts'
import { clientErrorOf, maskedErrorOf } from '../../../src/server/client-error.ts'

const inField = (originalError: Error) => new GraphQLError(originalError.message, { path: ['pins', 0], originalError })

describe('clientErrorOf', () => {
  it('shows a domain error with its code and public fields, and nothing else', () => {
    const cause = new Error('secret')
    const error = BadRequestError.of('input.cid', 'a CID', 'hello', cause)
    expect(clientErrorOf(inField(error))?.toJSON()).toEqual({
      message: 'input.cid: expected a CID, got "hello"',
      path: ['pins', 0],
      extensions: { code: 'BAD_REQUEST', argument: 'input.cid', expected: 'a CID', received: '"hello"' },
    })
  })

  it('keeps the numbers of a domain error', () => {
    expect(clientErrorOf(inField(new RateLimitedError('filebase', 1500)))?.extensions).toEqual({
      code: 'RATE_LIMITED',
      service: 'filebase',
      retryAfterMs: 1500,
    })
  })

  it('passes on what GraphQL says of the request, even from inside a field', () => {
    const error = new GraphQLError('Cannot query field', { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } })
    expect(clientErrorOf(error)).toBe(error)
    expect(clientErrorOf(inField(error))?.extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' })
  })

  it.each([new Error('x'), inField(new TypeError('undefined is not a function')), 'text', null])(
    'shows nothing of a bug',
    (bug) => {
      expect(clientErrorOf(bug)).toBeNull()
    },
  )
})

describe('maskedErrorOf', () => {
  it('tells where a bug was met and under which id the log has it', () => {
    const masked = maskedErrorOf(inField(new TypeError('secret')), 'request-1')
    expect(masked.toJSON()).toEqual({
      message: 'Unexpected error.',
      path: ['pins', 0],
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1', unexpected: true },
    })
    expect(masked.originalError).toBeUndefined()
  })
})

import { GraphQLError, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { errorFieldsOf } from '../../../../src/domain/error-fields.ts'
import { BadRequestError, RateLimitedError } from '../../../../src/domain/errors.ts'
import { createLogger } from '../../../../src/observability/logger.ts'
import { clientErrorOf, maskedErrorOf, visibleErrors } from '../../../../src/server/graphql/client-error.ts'
import { ERRORS } from '../../../support/every-error.ts'

const inField = (originalError: Error) => new GraphQLError(originalError.message, { path: ['pins', 0], originalError })

describe('clientErrorOf', () => {
  it('shows a domain error with its code and the fields that apply, and nothing else', () => {
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

  it.each(ERRORS.map((error) => [error.code, error] as const))(
    'gives %s the fields of `Error` that are not null, in their order',
    (_code, error) => {
      const { message, ...fields } = errorFieldsOf(error)
      const seen = clientErrorOf(inField(error))
      expect(seen?.message).toBe(message)
      expect(Object.entries(seen?.extensions ?? {})).toEqual(
        Object.entries(fields).filter(([, value]) => value !== null),
      )
    },
  )

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
  it('shows the path of a bug, and the request id under which it is logged', () => {
    const masked = maskedErrorOf(inField(new TypeError('secret')), 'request-1')
    expect(masked.toJSON()).toEqual({
      message: 'Unexpected error.',
      path: ['pins', 0],
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'request-1', unexpected: true },
    })
    expect(masked.originalError).toBeUndefined()
  })
})

describe('visibleErrors', () => {
  const log = createLogger({ level: 'silent', secrets: [], sink: process.stderr })
  const ofVariable = () =>
    new GraphQLError('Variable "$n" got invalid value "x"; Int cannot represent it', {
      originalError: new GraphQLError('Int cannot represent it'),
    })

  it('calls a wrong variable a bad request, says which one, and gives it one status', () => {
    const message = 'Variable "$n" got invalid value "x"; Int cannot represent it'
    const errors = [
      ofVariable(),
      // As Yoga's executor has it.
      new GraphQLError('Variable "$m" of required type "Int!" was not provided.', {
        extensions: { http: { status: 400 } },
      }),
    ]
    const seen = visibleErrors(errors, { requestId: 'r', isAborted: false, isForYoga: true, log })
    const extensions = { code: 'BAD_REQUEST', http: { spec: true, status: 400 } }
    expect(seen.map((error) => error.extensions)).toEqual([extensions, extensions])
    expect(seen[0]?.message).toBe(message)
    const [live] = visibleErrors([ofVariable()], { requestId: 'r', isAborted: false, log })
    expect(live?.toJSON()).toEqual({ message, extensions: { code: 'BAD_REQUEST' } })
  })

  it('leaves out extensions that are meant for the server, if the server does not remove them', () => {
    const code = 'OPERATION_RESOLUTION_FAILURE'
    const error = new GraphQLError('x', { extensions: { code, http: { status: 400 }, originalError: new Error('y') } })
    const options = { requestId: 'r', isAborted: false, log }
    expect(visibleErrors([error, new Error('bug')], options).map(({ extensions }) => extensions)).toEqual([
      { code },
      { code: 'INTERNAL_SERVER_ERROR', requestId: 'r' },
    ])
  })

  it('distinguishes a document that cannot be parsed from one that is not valid', () => {
    let unreadable: unknown
    try {
      parse('{')
    } catch (error) {
      unreadable = error
    }
    const [seen] = visibleErrors([unreadable], { requestId: 'r', isAborted: false, log })
    expect(seen?.extensions).toEqual({ code: 'GRAPHQL_PARSE_FAILED' })
  })
})

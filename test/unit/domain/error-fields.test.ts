import { describe, expect, it } from 'vitest'
import { UnchangedPinError } from '../../../src/domain/change-errors.ts'
import { errorFieldsOf } from '../../../src/domain/error-fields.ts'
import { BadRequestError, ServiceError, ServiceUnavailableError } from '../../../src/domain/errors.ts'
import { FailedAnswerError } from '../../../src/upstream/http/refusals.ts'
import { ERRORS } from '../../support/every-error.ts'
import { NULL_ERROR_FIELDS } from '../../support/null-error-fields.ts'

const service = 'filebase'

/** The fields that each code sets, beside `code` and `message`. */
const FIELDS = [
  ['BAD_REQUEST', { argument: 'input.cid', expected: 'a CID', received: '"hello"' }],
  ['UNAUTHORIZED', { service }],
  ['UNKNOWN_SERVICE', { service: 'filebsae', known: ['filebase', 'local'] }],
  ['PIN_NOT_FOUND', { service }],
  ['INSUFFICIENT_FUNDS', { service }],
  ['RATE_LIMITED', { service, retryAfterMs: 1500 }],
  ['SERVICE_UNAVAILABLE', { service, retryAfterMs: 30_000, mayHaveActed: true }],
  ['MALFORMED_RESPONSE', { service }],
  ['SERVICE_ERROR', { service, httpStatus: 418, reason: 'TEAPOT' }],
  ['IDEMPOTENCY_CONFLICT', { service }],
  ['OUTCOME_UNKNOWN', { service, mayHaveActed: true, operationId: 'op' }],
] as const

describe('errorFieldsOf', () => {
  it.each(FIELDS)('gives of %s the fields that apply, null for all others, and nothing else', (code, fields) => {
    const error = ERRORS.find((each) => each.code === code)
    if (!error) throw new Error(`No error ${code}`)

    const told = errorFieldsOf(error)

    expect(told).toEqual({ code, message: error.message, ...NULL_ERROR_FIELDS, ...fields })
    expect(JSON.stringify(told)).not.toContain('secret')
  })

  it('has its fields in one order, whatever the class', () => {
    const orders = new Set(ERRORS.map((error) => Object.keys(errorFieldsOf(error)).join()))

    expect([...orders]).toEqual([['code', 'message', ...Object.keys(NULL_ERROR_FIELDS)].join()])
  })

  it('names the service for a refusal, but not for a mistake that pinql found by itself', () => {
    const refused = errorFieldsOf(new BadRequestError('one answered 400', { service }))
    expect(refused).toEqual({ code: 'BAD_REQUEST', message: 'one answered 400', ...NULL_ERROR_FIELDS, service })
    expect(errorFieldsOf(BadRequestError.of('first', '1 to 1000', 0))).toMatchObject({ service: null })
  })

  it('says of a read that nothing was changed, and leaves the time out where nothing holds requests back', () => {
    const error = new ServiceUnavailableError('down', { service })
    expect(errorFieldsOf(error)).toMatchObject({ mayHaveActed: false, retryAfterMs: null })
    expect(errorFieldsOf(new ServiceError('refused', { service, httpStatus: 404 }))).toMatchObject({ reason: null })
  })

  it('shows neither candidates nor what only pinql needs', () => {
    const unchanged = new UnchangedPinError(service, { part: 'name', wanted: 'new', found: 'old', isOthers: false }, [])
    const fields = {
      code: 'BAD_REQUEST',
      message: 'filebase accepted the replacement, but its name had no effect: expected "new", got "old"',
      ...NULL_ERROR_FIELDS,
      service,
      argument: 'name',
      expected: '"new"',
      received: '"old"',
    }
    expect(errorFieldsOf(unchanged)).toEqual(fields)
    expect(errorFieldsOf(unchanged.at('input'))).toEqual({ ...fields, argument: 'input.name' })
    const failed = new FailedAnswerError('failed', { service, status: 503, mayHaveActed: false })
    expect(errorFieldsOf(failed)).toEqual({
      code: 'SERVICE_UNAVAILABLE',
      message: 'failed',
      ...NULL_ERROR_FIELDS,
      service,
      mayHaveActed: false,
    })
  })
})

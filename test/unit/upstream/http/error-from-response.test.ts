import { describe, expect, it } from 'vitest'
import { errorFromResponse } from '../../../../src/upstream/http/error-from-response.ts'
import { createHideSecrets, type HideSecrets } from '../../../../src/upstream/http/hide-secrets.ts'

const answer = (status: number, body: unknown = '', headers: Record<string, string> = {}) => ({
  status,
  headers: new Map(Object.entries(headers)),
  text: typeof body === 'string' ? body : JSON.stringify(body),
})
/** The gateway reads all answers at the beginning of 2026. */
const READ = { requestId: null, mayHaveActed: false, wallNowMs: Date.UTC(2026, 0, 1) }
const spec = (reason: string, details?: string) => ({ error: { reason, ...(details && { details }) } })

describe('the error of a status', () => {
  it.each([
    [400, spec('BAD_REQUEST', 'No such filter'), 'BAD_REQUEST'],
    [400, spec('KEYS_MUST_BE_STRINGS'), 'UNAUTHORIZED'],
    [422, '', 'BAD_REQUEST'],
    [401, '', 'UNAUTHORIZED'],
    [402, '', 'INSUFFICIENT_FUNDS'],
    [403, spec('FORBIDDEN', 'This plan does not allow pinning'), 'INSUFFICIENT_FUNDS'],
    [403, spec('FORBIDDEN'), 'UNAUTHORIZED'],
    [404, spec('NOT_FOUND'), 'PIN_NOT_FOUND'],
    [408, '', 'SERVICE_UNAVAILABLE'],
    [409, '', 'INSUFFICIENT_FUNDS'],
    [409, spec('DUPLICATE_OBJECT'), 'BAD_REQUEST'],
    [409, spec('CONFLICT'), 'SERVICE_ERROR'],
    [418, '', 'SERVICE_ERROR'],
    [429, '', 'RATE_LIMITED'],
    [500, '', 'SERVICE_UNAVAILABLE'],
    [500, spec('INTERNAL', 'record not found'), 'PIN_NOT_FOUND'],
    [302, '', 'MALFORMED_RESPONSE'],
  ])('%i with %j is %s', (status, body, code) => {
    expect(errorFromResponse('one', answer(status, body), { ...READ, requestId: 'r1' }).code).toBe(code)
  })

  it('is not PIN_NOT_FOUND if no pin was requested', () => {
    expect(errorFromResponse('one', answer(404, spec('NOT_FOUND')), READ)).toMatchObject({
      code: 'SERVICE_ERROR',
      httpStatus: 404,
      reason: 'NOT_FOUND',
      message: 'one answered 404 NOT_FOUND',
    })
  })

  it('says of a failed change that it may have been made', () => {
    expect(errorFromResponse('one', answer(502), { ...READ, mayHaveActed: true })).toMatchObject({ mayHaveActed: true })
    expect(errorFromResponse('one', answer(502), READ)).toMatchObject({ mayHaveActed: false })
  })

  it('waits as long as Retry-After asks, and a second where it asks nothing', () => {
    const limited = (headers: Record<string, string>) => errorFromResponse('one', answer(429, '', headers), READ)

    expect(limited({ 'retry-after': '7' })).toMatchObject({ retryAfterMs: 7000 })
    expect(limited({})).toMatchObject({ retryAfterMs: 1000 })
    expect(limited({ 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' })).toMatchObject({ retryAfterMs: 9000 })
  })
})

describe('the words of a refusal', () => {
  const refusal = (body: string, hide?: HideSecrets) => errorFromResponse('one', answer(418, body), { ...READ, hide })

  it.each([
    [JSON.stringify(spec('FULL', 'No room')), 'FULL', 'No room'],
    ['{"reason":"FULL","details":"No room"}', 'FULL', 'No room'],
    ['{"error":"No room"}', null, 'No room'],
    ['{"code":3,"message":"No room"}', '3', 'No room'],
    ['{"Code":"FULL","Message":"No room"}', 'FULL', 'No room'],
    ['"No room"', null, 'No room'],
    ['No room\n', null, 'No room'],
    ['<html><head><title> 502 Bad Gateway </title></head></html>', null, '502 Bad Gateway'],
    ['<html></html>', null, 'an HTML page'],
    ['{"error":{}}', null, null],
    ['null', null, null],
    ['', null, null],
  ])('are found in %j', (body, reason, details) => {
    const words = [reason, details].filter((part) => part !== null).join(': ')
    expect(refusal(body)).toMatchObject({ reason, message: `one answered 418 ${words}`.trimEnd() })
  })

  it.each([
    ['as it is', 'Bearer c2Vj/cmV0+dG9r=='],
    ['escaped in JSON', String.raw`"Bearer c2Vj\/cmV0\u002BdG9r=="`],
    ['escaped twice', String.raw`{"error":"{\"token\":\"c2Vj\\/cmV0+dG9r==\"}"}`],
    ['in a URL', 'GET /?token=c2Vj%2FcmV0%2BdG9r%3D%3D'],
    ['in a URL in lower case', 'GET /?token=c2Vj%2fcmV0%2bdG9r%3d%3d'],
    ['where they are cut', `${'x'.repeat(290)} c2Vj/cmV0+dG9r==`],
  ])('keep a token to themselves %s', (_how, body) => {
    const hide = createHideSecrets({ token: 'c2Vj/cmV0+dG9r==', origin: 'http://pins.internal:5001' })
    for (const text of [body, JSON.stringify({ error: { reason: body, details: body } })]) {
      const error = refusal(text, hide)
      expect(JSON.stringify([error.message, error])).not.toMatch(/c2Vj|cmV0|dG9r/)
      expect(error.message).toMatch(/\[token|…$/)
    }
  })

  it('do not show an internal address', () => {
    const hide = createHideSecrets({ token: 'token', origin: 'http://pins.internal:5001' })
    expect(refusal('"http:\\/\\/pins.internal:5001\\/pins"', hide).message).toBe(
      'one answered 418 http://[service]/pins',
    )
  })

  it('are shortened', () => {
    expect(refusal('x'.repeat(1000)).message).toHaveLength('one answered 418 '.length + 300)
  })
})

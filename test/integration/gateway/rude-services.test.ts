import { describe, expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, startTestApi } from '../../support/query-schema.ts'
import {
  emptyBody,
  errorForm,
  html,
  hugeBody,
  json,
  redirect,
  reset,
  type ScriptedHandler,
  stall,
  startScriptedUpstream,
  text,
  truncatedJson,
  wrongContentLength,
} from '../../support/scripted-upstream.ts'
import { ERROR_FIELDS, PIN_ERROR_FIELDS } from './setup.ts'

const PINS = `{ pins { ${ERROR_FIELDS} ... on PinConnection { nodes { requestId } } } services { name } }`
const ADD = `mutation ($input: AddPinInput!) { addPin(input: $input) { ${PIN_ERROR_FIELDS} } }`
const pinStatus = {
  requestid: 'r1',
  status: 'pinned',
  created: '2026-01-31T12:00:00Z',
  pin: { cid: exampleCid(1) },
  delegates: [],
}
const page = { count: 1, results: [pinStatus] }

type Case = [what: string, handler: ScriptedHandler, type: string, message: string, more?: object]

const malformed = (what: string, handler: ScriptedHandler, message: string): Case => [
  what,
  handler,
  'MalformedResponseError',
  message,
]

/** Answers to `GET /pins`, none of which is asked for again. */
const READS: Case[] = [
  malformed(
    'HTML with 200',
    html(200, '<html><title>Welcome</title></html>'),
    'one was expected to answer with a list of pins, and did with an HTML page: check its endpoint',
  ),
  malformed(
    'truncated JSON',
    truncatedJson(200, page),
    'one was expected to answer with a list of pins, and did with something that is not JSON',
  ),
  malformed(
    'nothing with 200',
    emptyBody(200),
    'one was expected to answer with a list of pins, and did with something that is not JSON',
  ),
  malformed(
    'JSON of another shape',
    json(200, []),
    'one answered with no valid list of pins: the answer: Invalid input: expected object, received array',
  ),
  malformed(
    'a pin without a time',
    json(200, { count: 1, results: [{ ...pinStatus, created: 'today' }] }),
    'one answered with no valid list of pins: results.0.created: expected an RFC 3339 timestamp',
  ),
  malformed(
    'a pin without an id',
    json(200, { count: 1, results: [{ ...pinStatus, requestid: undefined }] }),
    'one answered with no valid list of pins: results.0.requestid: expected a requestid',
  ),
  malformed('more than 16 MiB', hugeBody(200, 17 * 1024 * 1024), 'one answered with more than 16777216 bytes'),
  malformed(
    'a redirect',
    redirect('http://127.0.0.1:1/pins'),
    'one answered 302, a redirect, which is not followed: check its endpoint',
  ),
  [
    '401',
    errorForm('reasonAndDetails', 401, 'UNAUTHORIZED', 'Token expired'),
    'UnauthorizedError',
    'one answered 401 UNAUTHORIZED: Token expired',
  ],
  ['402', text(402, 'Pay'), 'InsufficientFundsError', 'one answered 402 Pay'],
  [
    '403',
    json(403, { error: { reason: 'FORBIDDEN', details: 'Not yours' } }),
    'UnauthorizedError',
    'one answered 403 FORBIDDEN: Not yours',
  ],
  [
    '400',
    json(400, { error: { reason: 'BAD_REQUEST', details: 'No such filter' } }),
    'BadRequestError',
    'one answered 400 BAD_REQUEST: No such filter',
    { argument: null, expected: null, received: null, refusedBy: 'one', service: undefined },
  ],
  [
    'a status of its own',
    json(418, { error: { reason: 'TEAPOT' } }),
    'ServiceError',
    'one answered 418 TEAPOT',
    { httpStatus: 418, reason: 'TEAPOT' },
  ],
]

const CODES: Record<string, string> = {
  MalformedResponseError: 'MALFORMED_RESPONSE',
  UnauthorizedError: 'UNAUTHORIZED',
  InsufficientFundsError: 'INSUFFICIENT_FUNDS',
  BadRequestError: 'BAD_REQUEST',
  ServiceError: 'SERVICE_ERROR',
}

describe('a service that talks nonsense, or refuses', () => {
  it.each(READS)('%s is a typed error of the field', async (_what, handler, type, message, more = {}) => {
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(handler)

    expect(await api.query(PINS)).toEqual({
      data: {
        pins: { __typename: type, code: CODES[type], message, service: 'one', ...more },
        services: [{ name: 'one' }],
      },
    })
    upstream.assertDone()
  })

  it('is not sent to where a redirect points, and the token neither', async () => {
    await using elsewhere = await startScriptedUpstream()
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(redirect(`${elsewhere.endpoint}/pins`, 307))

    await api.query(PINS)

    expect(elsewhere.requests).toEqual([])
  })

  it('gets no cookie back', async () => {
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(json(200, page, { 'set-cookie': 'session=1; Path=/' }), json(200, page))

    await api.query(PINS)
    await api.query(PINS)

    expect(upstream.requests.map(({ headers }) => [headers.authorization, headers.cookie])).toEqual([
      [`Bearer ${ALICE}`, undefined],
      [`Bearer ${ALICE}`, undefined],
    ])
  })
})

describe('a service that is down or slow', () => {
  it.each([
    ['503', json(503, { error: { reason: 'DOWN', details: 'Try later' } }), 'one answered 503 DOWN: Try later'],
    ['a reset', reset(), 'one could not be reached: ECONNRESET'],
    ['a reset within its answer', reset('{"count":'), 'one could not be reached: ECONNRESET'],
    [
      'an answer that ends too early',
      wrongContentLength(200, page),
      'one could not be reached: UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
    ],
  ] as const)('is asked three times and then a typed error (%s)', async (_what, handler, message) => {
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(handler, handler, handler)

    expect(await api.query(PINS)).toEqual({
      data: {
        pins: {
          __typename: 'ServiceUnavailableError',
          code: 'SERVICE_UNAVAILABLE',
          message,
          service: 'one',
          mayHaveActed: false,
        },
        services: [{ name: 'one' }],
      },
    })
    upstream.assertDone()
  })

  it('is forgiven one failure of a read', async () => {
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(reset(), json(200, page))

    expect((await api.query(PINS)).data.pins).toEqual({ __typename: 'PinConnection', nodes: [{ requestId: 'r1' }] })
  })

  it.each([
    ['that never answers', stall()],
    ['that stops within its answer', stall('{"count": 1, ')],
  ])('is given up in time when it is one %s', async (_what, handler) => {
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }], timeoutMs: 300 })
    upstream.reply(handler)

    const startedAt = performance.now()
    const { data } = await api.query(PINS)
    const tookMs = performance.now() - startedAt

    expect(data).toEqual({
      pins: {
        __typename: 'ServiceUnavailableError',
        code: 'SERVICE_UNAVAILABLE',
        message: expect.stringMatching(/^one did not answer within \d+ ms$/),
        service: 'one',
        mayHaveActed: false,
      },
      services: [{ name: 'one' }],
    })
    expect(tookMs).toBeGreaterThanOrEqual(290)
    expect(tookMs).toBeLessThan(3_000)
  })

  it.each([
    ['503', json(503, {})],
    ['a reset', reset()],
  ] as const)(
    'is never sent an add twice; where it does not show whether it was made, that is the error (%s)',
    async (_what, handler) => {
      await using upstream = await startScriptedUpstream()
      await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
      upstream.reply(handler)

      const { data } = await api.query(ADD, { input: { cid: exampleCid(1) } })

      expect(data.addPin.__typename).toBe('OutcomeUnknownError')
      expect(upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
    },
  )

  it('that has just refused for the rate says when to come again', async () => {
    await using upstream = await startScriptedUpstream()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(json(429, {}, { 'retry-after': '60' }))

    const { data } = await api.query(PINS)

    expect(data.pins).toEqual({
      __typename: 'RateLimitedError',
      code: 'RATE_LIMITED',
      message: expect.stringMatching(/^one allows no further request for \d+ ms$/),
      service: 'one',
      retryAfterMs: expect.toSatisfy((ms) => ms > 50_000 && ms <= 61_000),
    })
  })
})

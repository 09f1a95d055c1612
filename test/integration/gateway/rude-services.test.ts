import { describe, expect, it } from 'vitest'
import { expectInTime } from '../../support/expect-in-time.ts'
import { type ErrorParts, failedPayload, thrownError } from '../../support/gateway/expected-errors.ts'
import { OPERATION_DOCUMENTS } from '../../support/gateway/operation-documents.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
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
  startScriptedServer,
  text,
  truncatedJson,
  wrongContentLength,
} from '../../support/scripted-server.ts'
import { ALICE, startTestApi } from '../../support/start-test-api.ts'

const PINS = '{ pins { nodes { requestId } } services { name } }'
const pinStatus = {
  requestid: 'r1',
  status: 'pinned',
  created: '2026-01-31T12:00:00Z',
  pin: { cid: exampleCid(1) },
  delegates: [],
}
const page = { count: 1, results: [pinStatus] }

type Case = [what: string, handler: ScriptedHandler, code: ErrorParts['code'], message: string, more?: object]

const malformed = (what: string, handler: ScriptedHandler, message: string): Case => [
  what,
  handler,
  'MALFORMED_RESPONSE',
  message,
]

/** A page that fails takes all other data with it: whoever asks for it keeps what they show. */
const failed = (error: ErrorParts) => ({ data: null, errors: [thrownError({ service: 'one', ...error }, 'pins')] })

/** Answers to `GET /pins`. A known service is not asked again after any of them. */
const READS: Case[] = [
  malformed(
    'HTML with 200',
    html(200, '<html><title>Welcome</title></html>'),
    'one was expected to answer with a list of pins, but answered with an HTML page: check its endpoint',
  ),
  malformed(
    'truncated JSON',
    truncatedJson(200, page),
    'one was expected to answer with a list of pins, but answered with something that is not JSON',
  ),
  malformed(
    'nothing with 200',
    emptyBody(200),
    'one was expected to answer with a list of pins, but answered with no body',
  ),
  malformed(
    'JSON of another shape',
    json(200, []),
    'one was expected to answer with a list of pins, but answered with []',
  ),
  malformed(
    "another API's list",
    json(200, { count: 1, results: [{ id: 'r1', created_at: '2026-01-31T12:00:00Z', cid: exampleCid(1) }] }),
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
    'UNAUTHORIZED',
    'one answered 401 UNAUTHORIZED: Token expired',
  ],
  ['402', text(402, 'Pay'), 'INSUFFICIENT_FUNDS', 'one answered 402 Pay'],
  [
    '403',
    json(403, { error: { reason: 'FORBIDDEN', details: 'Not yours' } }),
    'UNAUTHORIZED',
    'one answered 403 FORBIDDEN: Not yours',
  ],
  [
    '400',
    json(400, { error: { reason: 'BAD_REQUEST', details: 'No such filter' } }),
    'BAD_REQUEST',
    'one answered 400 BAD_REQUEST: No such filter',
  ],
  [
    'a status of its own',
    json(418, { error: { reason: 'TEAPOT' } }),
    'SERVICE_ERROR',
    'one answered 418 TEAPOT',
    { httpStatus: 418, reason: 'TEAPOT' },
  ],
]

describe('a service that talks nonsense, or refuses', () => {
  it.each(READS)('%s is a typed error, and no data', async (_what, handler, code, message, more = {}) => {
    await using upstream = await startScriptedServer()
    const services = [{ name: 'one', endpoint: upstream.endpoint, provider: 'pinql' }]
    await using api = startTestApi({ services })
    upstream.reply(handler)

    expect(await api.query(PINS)).toEqual(failed({ code, message, ...more }))
    upstream.assertDone()
  })

  it.each(READS)('%s is the same for an unknown service, after three requests at most', async (...read) => {
    const [_what, handler, code, message, more = {}] = read
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(...Array(10).fill(handler))

    expect(await api.query(PINS)).toEqual(failed({ code, message, ...more }))
    expect(upstream.requests.length).toBeLessThanOrEqual(3)
  })

  it('is not sent to where a redirect points, and the token neither', async () => {
    await using elsewhere = await startScriptedServer()
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(redirect(`${elsewhere.endpoint}/pins`, 307))

    await api.query(PINS)

    expect(elsewhere.requests).toEqual([])
  })

  it('gets no cookie back', async () => {
    await using upstream = await startScriptedServer()
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
  ] as const)('is asked until it is given up, and then a typed error (%s)', async (_what, handler, message) => {
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }], timeoutMs: 1000 })
    upstream.reply(...Array(50).fill(handler))

    expect(await api.query(PINS)).toEqual(failed({ code: 'SERVICE_UNAVAILABLE', message, mayHaveActed: false }))
    // Three tries, and then trials for less than half a second.
    expect(upstream.requests.length).toBeGreaterThan(3)
    expect(upstream.requests.length).toBeLessThanOrEqual(8)
  })

  it('is forgiven one failure of a read', async () => {
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(reset(), json(200, page))

    expect(await api.query(PINS)).toEqual({
      data: { pins: { nodes: [{ requestId: 'r1' }] }, services: [{ name: 'one' }] },
    })
  })

  it.each([
    ['that never answers', stall()],
    ['that stops within its answer', stall('{"count": 1, ')],
  ])('is given up in time when it is one %s', async (_what, handler) => {
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }], timeoutMs: 300 })
    upstream.reply(...Array(50).fill(handler))

    const startedAt = performance.now()
    const answer = await expectInTime({ 'two and a half timeoutMs': 750 }, () => api.query(PINS))
    const tookMs = performance.now() - startedAt

    const message = expect.stringMatching(/^one did not answer within \d+ ms$/)
    expect(answer).toEqual(failed({ code: 'SERVICE_UNAVAILABLE', message, mayHaveActed: false }))
    expect(tookMs).toBeGreaterThanOrEqual(290)
  })

  it.each([
    ['503', json(503, {})],
    ['a reset', reset()],
  ] as const)(
    'is never sent an add twice; where it does not show whether it was made, that is the error (%s)',
    async (_what, handler) => {
      await using upstream = await startScriptedServer()
      const services = [{ name: 'one', endpoint: upstream.endpoint }]
      await using api = startTestApi({ services, timeoutMs: 800 })
      upstream.reply(handler)

      const answer = await api.query(OPERATION_DOCUMENTS.addPin, { input: { cid: exampleCid(1) } })

      expect(answer).toEqual({
        data: {
          result: failedPayload({
            code: 'OUTCOME_UNKNOWN',
            message: 'one gave no answer, and does not show whether the change was made',
            service: 'one',
            mayHaveActed: true,
            operationId: expect.stringMatching(/^[0-9a-f]{32}$/),
          }),
        },
      })
      expect(upstream.requests.filter(({ method }) => method === 'POST')).toHaveLength(1)
    },
  )

  it('that has just refused for the rate says when to come again', async () => {
    await using upstream = await startScriptedServer()
    await using api = startTestApi({ services: [{ name: 'one', endpoint: upstream.endpoint }] })
    upstream.reply(json(429, {}, { 'retry-after': '60' }))

    expect(await api.query(PINS)).toEqual(
      failed({
        code: 'RATE_LIMITED',
        message: expect.stringMatching(/^one allows no further request for \d+ ms$/),
        retryAfterMs: expect.toSatisfy((ms) => ms > 50_000 && ms <= 61_000),
      }),
    )
  })
})

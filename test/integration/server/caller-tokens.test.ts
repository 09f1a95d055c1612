import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

let upstream: EmulatedProvider
let gateway: TestGateway
beforeAll(async () => {
  upstream = await startEmulatedProvider(compliant, { tokens: ['configured'] })
  const { endpoint } = upstream
  const services = { one: { endpoint, token: 'configured' }, two: { endpoint, token: 'configured' } }
  gateway = await startTestGateway({ services, defaultService: 'one' })
})
beforeEach(() => upstream.resetLog())
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await upstream[Symbol.asyncDispose]()
})

function count(headers: Record<string, string>, service: string) {
  return gateway.query(`{ pins(services: "${service}") { totalCount } }`, {}, headers)
}

/** Returns the error of reading the pins of a service. */
async function refusalOf(headers: Record<string, string>, service = 'one') {
  const { data, errors = [] } = await count(headers, service)
  expect({ data, paths: errors.map(({ path }) => path) }).toEqual({ data: null, paths: [['pins']] })
  return { message: errors[0]?.message, ...errors[0]?.extensions }
}

/** Expects that the pins of a service are read, with the gateway's own token. */
async function expectOwnToken(headers: Record<string, string>, service = 'one') {
  expect(await count(headers, service)).toEqual({ data: { pins: { totalCount: 0 } } })
  expect(new Set(upstream.requests.map(({ token }) => token))).toEqual(new Set(['configured']))
}

describe("a caller's token that cannot be used is never replaced by the gateway's own", () => {
  it.each([
    'Bearer a b',
    'bearer',
    'Bearer ',
    'Bearer Bearer abc',
    'abc',
    'Token abc',
    'Bearer \u00e4',
    'Basic YTpi',
    'Digest username="a"',
    'Negotiate abc',
  ])('authorization: %s', async (authorization) => {
    const answer = await refusalOf({ authorization })
    expect(answer).toEqual({
      code: 'UNAUTHORIZED',
      service: 'one',
      message: 'The token for one cannot be read: expected "Bearer" and one token in the header authorization',
    })
    // It is meant for the default service.
    expect(upstream.requests).toEqual([])
    await expectOwnToken({ authorization }, 'two')
  })

  it('a header of its own with spaces', async () => {
    expect(await refusalOf({ 'x-pinning-token-two': 'Bearer abc' }, 'two')).toMatchObject({ code: 'UNAUTHORIZED' })
    expect(upstream.requests).toEqual([])
  })

  it.each(['x-api-key', 'x-pinning-token', 'x-access-token'])(
    'a header in which no token is understood: %s',
    async (name) => {
      for (const service of ['one', 'two'])
        expect(await refusalOf({ [name]: 'abc' }, service)).toMatchObject({
          code: 'UNAUTHORIZED',
          message: expect.stringMatching(
            `^The header ${name} is not understood: expected the token for ${service} in "`,
          ),
        })
      expect(upstream.requests).toEqual([])
    },
  )

  it('a header for a service that is not there', async () => {
    const mistyped = { 'x-pinning-token-tow': 'abc' }
    expect(await refusalOf(mistyped, 'two')).toEqual({
      code: 'UNKNOWN_SERVICE',
      service: 'tow',
      message: 'Unknown service "tow": expected one of one, two',
      known: ['one', 'two'],
    })
    // With a token of their own nothing is mistaken.
    expect(await refusalOf({ ...mistyped, authorization: 'Bearer abc' })).toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining('one answered 401'),
    })
    expect(new Set(upstream.requests.map(({ token }) => token))).toEqual(new Set(['abc']))
    const url = `${gateway.url}?query=${encodeURIComponent('{ pin(requestId: "r") { id } services { health { state } } }')}`
    const response = await fetch(url, { headers: mistyped })
    expect(await response.json()).toMatchObject({
      data: { pin: null, services: [{}, {}] },
      errors: [{ path: ['pin'], extensions: { code: 'UNKNOWN_SERVICE', service: 'tow' } }],
    })
  })
})

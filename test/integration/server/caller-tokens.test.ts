import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

// Nobody listens there: what is sent on, with the gateway's own token, ends as SERVICE_UNAVAILABLE.
const endpoint = 'http://127.0.0.1:9'
let gateway: TestGateway
beforeAll(async () => {
  const services = { one: { endpoint, token: 'configured' }, two: { endpoint, token: 'configured' } }
  gateway = await startTestGateway({ services, defaultService: 'one' })
})
afterAll(() => gateway[Symbol.asyncDispose]())

async function pins(headers: Record<string, string>, service = 'one') {
  const document = `{ pins(service: "${service}") { ... on Error { code message } ... on UnknownServiceError { known } } }`
  const { data } = await gateway.query<{ pins: Record<string, unknown> }>(document, {}, headers)
  return data?.pins
}

describe("a caller's token that cannot be used is never replaced by the gateway's own", () => {
  it.each(['Bearer a b', 'bearer', 'Bearer ', 'Bearer Bearer abc', 'abc', 'Token abc', 'Bearer \u00e4'])(
    'authorization: %s',
    async (authorization) => {
      const answer = await pins({ authorization })
      expect(answer).toEqual({
        code: 'UNAUTHORIZED',
        message: 'The token for one cannot be read: expected "Bearer" and one token in the header authorization',
      })
      // It is meant for the default service.
      expect(await pins({ authorization }, 'two')).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    },
  )

  it('a header of its own with spaces', async () => {
    expect(await pins({ 'x-pinning-token-two': 'Bearer abc' }, 'two')).toMatchObject({ code: 'UNAUTHORIZED' })
  })

  it('a header for a service that is not there', async () => {
    const mistyped = { 'x-pinning-token-tow': 'abc' }
    expect(await pins(mistyped, 'two')).toEqual({
      code: 'UNKNOWN_SERVICE',
      message: 'Unknown service "tow": expected one of one, two',
      known: ['one', 'two'],
    })
    // With a token of their own nothing is mistaken.
    expect(await pins({ ...mistyped, authorization: 'Bearer abc' })).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    const url = `${gateway.url}?query=${encodeURIComponent('{ pins { ... on Error { code } } services { health { state } } }')}`
    const response = await fetch(url, { headers: mistyped })
    expect(await response.json()).toMatchObject({ data: { pins: { code: 'UNKNOWN_SERVICE' }, services: [{}, {}] } })
  })
})

it.each(['Basic YTpi', 'Digest username="a"', 'Negotiate abc'])(
  'takes "authorization: %s" for the password of a proxy, and no token',
  async (authorization) => {
    expect(await pins({ authorization })).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  },
)

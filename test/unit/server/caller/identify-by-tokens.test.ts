import { describe, expect, it } from 'vitest'
import { createIdentifyByTokens, MalformedTokensError } from '../../../../src/server/caller/identify-by-tokens.ts'

const SERVICES = { names: ['one', 'two'], defaultName: 'one' }

describe('callers', () => {
  const identify = createIdentifyByTokens(SERVICES)
  const byHeaders = (headers: Record<string, string>) => identify({ headers })
  const byParams = (connectionParams: Record<string, unknown>) => identify({ headers: {}, connectionParams })

  it('are equal for equal tokens, wherever they came from and however their names are written', async () => {
    const fromHeaders = await byHeaders({
      authorization: 'Bearer a',
      'x-pinning-token-two': 'b',
      host: 'example.com',
    })
    const fromParams = await byParams({
      'X-Pinning-Token-TWO': 'b',
      Authorization: 'Bearer a',
      app: { version: 1 },
    })
    const short = await byParams({ token: 'a', 'x-pinning-token-two': 'b' })
    expect(fromParams.key).toBe(fromHeaders.key)
    expect(short.key).toBe(fromHeaders.key)
    for (const caller of [fromHeaders, fromParams, short]) {
      expect([caller.tokenFor('one'), caller.tokenFor('two')]).toEqual(['a', 'b'])
    }
  })

  it('differ for different tokens, names and processes, and show none of them', async () => {
    const all = await Promise.all([
      byHeaders({}),
      byHeaders({ authorization: 'Bearer a' }),
      byHeaders({ authorization: 'Bearer b' }),
      byHeaders({ 'x-pinning-token-a': 'Bearer a' }),
      createIdentifyByTokens(SERVICES)({ headers: { authorization: 'Bearer a' } }),
    ])
    expect(new Set(all.map(({ key }) => key)).size).toBe(5)
    expect(JSON.stringify(await byHeaders({ authorization: 'Bearer secret-token' }))).not.toContain('secret')
  })

  it('are known by the headers where connection_init brings no token', async () => {
    const headers = { authorization: 'Bearer a' }
    const { key } = await byHeaders(headers)
    const none = [
      {},
      { app: 'x' },
      { hasToken: true, apiKey: null, bearer: false },
      { token: null },
      { token: '' },
      { Authorization: undefined },
    ]
    for (const connectionParams of none) expect((await identify({ headers, connectionParams })).key).toBe(key)
    const other = await identify({ headers, connectionParams: { token: 'b' } })
    expect(other.tokenFor('one')).toBe('b')
  })

  it('take no token that could not be a header', async () => {
    for (const token of [7, {}, ['a'], true, 'a\r\nx-evil: 1', 'ä', '\0', 'x'.repeat(20_000)])
      await expect(byParams({ token })).rejects.toThrow(MalformedTokensError)
  })

  it('take no token that cannot be read, since the gateway would use its own in its place', async () => {
    for (const params of [
      { Authorization: 'abc' },
      { Authorization: 'Basic YTpi' },
      { token: 'a b' },
      { token: 'bearer' },
      { headers: { authorization: 'abc' } },
    ])
      await expect(byParams(params)).rejects.toThrow(/^Expected "Bearer" and one token in (authorization|token)$/i)
    await expect(byParams({ 'x-pinning-token-two': 'a b' })).rejects.toThrow(
      'Expected printable text without spaces in x-pinning-token-two',
    )
    // Of a request's headers they stay, for whoever needs them to say so.
    for (const authorization of ['Bearer ä', 'Basic YTpi', 'Negotiate abc', 'abc']) {
      const malformed = await byHeaders({ authorization })
      expect(() => malformed.tokenFor('one')).toThrow(
        'The token for one cannot be read: expected "Bearer" and one token in the header authorization',
      )
      expect(malformed.tokenFor('two')).toBeNull()
    }
  })

  it('may have their headers in an object of connection_init', async () => {
    const { key } = await byHeaders({ authorization: 'Bearer a', 'x-pinning-token-two': 'b' })
    const headers = { Authorization: 'Bearer a', 'X-Pinning-Token-Two': 'b', 'content-type': 'application/json' }
    for (const params of [
      { headers },
      { token: 'a', headers },
      { headers: { token: 'a' }, 'x-pinning-token-two': 'b' },
    ])
      expect((await byParams(params)).key).toBe(key)
    await expect(byParams({ token: 'b', headers })).rejects.toThrow('Expected one token for each service')
    for (const odd of [{ headers: 'x' }, { headers: null }, { headers: [] }])
      expect((await byParams(odd)).tokenFor('one')).toBeNull()
  })

  it('take no token in a place where none is understood, since the gateway would use its own in its place', async () => {
    for (const name of [
      'authToken',
      'accessToken',
      'apiKey',
      'api_key',
      'X-Pinning-Token',
      'X-API-Key',
      'bearer',
      'jwt',
      'pinata_secret_api_key',
      'password',
    ]) {
      for (const params of [{ [name]: 'secret' }, { headers: { [name]: 'secret' } }, { token: 'a', [name]: 'secret' }])
        await expect(byParams(params)).rejects.toThrow(
          `Expected a token in "Authorization" or "X-Pinning-Token-NAME", got ${name}`,
        )
      const caller = await byHeaders({ [name.toLowerCase()]: 'secret', 'x-pinning-token-two': 'b' })
      expect(caller.tokenFor('two')).toBe('b')
      expect(() => caller.tokenFor('one')).toThrow(
        `The header ${name.toLowerCase()} is not understood: expected the token for one in "Authorization: Bearer …" or "x-pinning-token-one"`,
      )
      expect((await byHeaders({ [name.toLowerCase()]: '' })).tokenFor('one')).toBeNull()
      // Subscriptions are shared by callers with equal keys.
      expect(caller.key).not.toBe((await byHeaders({ 'x-pinning-token-two': 'b' })).key)
    }
  })

  it('may send the headers of browsers, proxies and pages that are about other tokens', async () => {
    for (const name of [
      'sec-websocket-key',
      'x-csrf-token',
      'x-forwarded-access-token',
      'proxy-authorization',
      'x-serverless-authorization',
      'x-authentik-jwt',
      'cookie',
    ])
      expect((await byHeaders({ [name]: 'x' })).tokenFor('one')).toBeNull()
  })

  it('get words that fit into a close frame, however long or odd the name is', async () => {
    for (const name of ['x'.repeat(5_000), '\u{1f4cc}'.repeat(50)])
      for (const params of [{ [`${name}token`]: 'a' }, { [`x-pinning-token-${name}`]: 'a b' }]) {
        const error = await byParams(params).catch((each: Error) => each)
        expect(error).toBeInstanceOf(MalformedTokensError)
        expect(Buffer.byteLength((error as Error).message)).toBeLessThanOrEqual(123)
      }
  })

  it('are refused where they bring a token for an unknown service and none for the one they use', async () => {
    const caller = await byHeaders({ 'x-pinning-token-nope': 'a', 'x-pinning-token-two': 'b' })
    expect(caller.tokenFor('two')).toBe('b')
    expect(() => caller.tokenFor('one')).toThrow('Unknown service "nope"')
    const nameless = { 'x-pinning-token-': 'a' }
    for (const each of [await byHeaders(nameless), await byParams(nameless)])
      expect(() => each.tokenFor('one')).toThrow('Unknown service ""')
  })
})

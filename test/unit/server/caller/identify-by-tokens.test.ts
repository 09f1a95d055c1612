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
    const none = [{}, { app: 'x' }, { token: null }, { token: '' }, { Authorization: undefined }]
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
      { 'x-pinning-token-two': 'a b' },
    ])
      await expect(byParams(params)).rejects.toThrow(MalformedTokensError)
    // Of a request's headers they stay, for whoever needs them to say so.
    const malformed = await byHeaders({ authorization: 'Bearer ä' })
    expect(() => malformed.tokenFor('one')).toThrow('The token for one cannot be read')
    expect(malformed.tokenFor('two')).toBeNull()
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

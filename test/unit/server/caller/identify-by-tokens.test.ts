import { describe, expect, it } from 'vitest'
import { CallersByTokens } from '../../../../src/server/caller/identify-by-tokens.ts'

const SERVICES = { names: ['one', 'two'], defaultName: 'one' }

describe('callers', () => {
  const callers = new CallersByTokens(SERVICES)

  it('are equal for equal tokens, wherever they came from and however their names are written', async () => {
    const fromHeaders = await callers.fromHeaders({
      authorization: 'Bearer a',
      'x-pinning-token-two': 'b',
      host: 'example.com',
    })
    const fromParams = await callers.fromConnectionParams({
      'X-Pinning-Token-TWO': 'b',
      Authorization: 'Bearer a',
      app: { version: 1 },
    })
    const short = await callers.fromConnectionParams({ token: 'a', 'x-pinning-token-two': 'b' })
    expect(fromParams?.key).toBe(fromHeaders.key)
    expect(short?.key).toBe(fromHeaders.key)
    for (const caller of [fromHeaders, fromParams, short]) {
      expect([caller?.tokenFor('one'), caller?.tokenFor('two')]).toEqual(['a', 'b'])
    }
  })

  it('differ for different tokens, names and processes, and show none of them', async () => {
    const all = await Promise.all([
      callers.fromHeaders({}),
      callers.fromHeaders({ authorization: 'Bearer a' }),
      callers.fromHeaders({ authorization: 'Bearer b' }),
      callers.fromHeaders({ 'x-pinning-token-a': 'Bearer a' }),
      new CallersByTokens(SERVICES).fromHeaders({ authorization: 'Bearer a' }),
    ])
    expect(new Set(all.map(({ key }) => key)).size).toBe(5)
    expect(JSON.stringify(await callers.fromHeaders({ authorization: 'Bearer secret-token' }))).not.toContain('secret')
  })

  it('are null where connection_init brings none', async () => {
    const none = [{}, { app: 'x' }, { token: null }, { token: '' }, { Authorization: undefined }]
    expect(await Promise.all(none.map((each) => callers.fromConnectionParams(each)))).toEqual(none.map(() => null))
  })

  it('take no token that could not be a header', () => {
    for (const token of [7, {}, ['a'], true, 'a\r\nx-evil: 1', 'ä', '\0', 'x'.repeat(20_000)])
      expect(() => callers.fromConnectionParams({ token })).toThrow(TypeError)
  })

  it('take no token that cannot be read, since the gateway would use its own in its place', () => {
    for (const params of [
      { Authorization: 'abc' },
      { Authorization: 'Basic YTpi' },
      { token: 'a b' },
      { token: 'bearer' },
      { 'x-pinning-token-two': 'a b' },
    ])
      expect(() => callers.fromConnectionParams(params)).toThrow(TypeError)
    // Of a request's headers they stay, for whoever needs them to say so.
    const malformed = callers.fromHeaders({ authorization: 'Bearer ä' })
    expect(() => malformed.tokenFor('one')).toThrow('The token for one cannot be read')
    expect(malformed.tokenFor('two')).toBeNull()
  })

  it('are refused where they bring a token for an unknown service and none for the one they use', async () => {
    const caller = await callers.fromHeaders({ 'x-pinning-token-nope': 'a', 'x-pinning-token-two': 'b' })
    expect(caller.tokenFor('two')).toBe('b')
    expect(() => caller.tokenFor('one')).toThrow('Unknown service "nope"')
    const nameless = { 'x-pinning-token-': 'a' }
    for (const each of [await callers.fromHeaders(nameless), await callers.fromConnectionParams(nameless)])
      expect(() => each?.tokenFor('one')).toThrow('Unknown service ""')
  })
})

import { describe, expect, it } from 'vitest'
import { TokenSets } from '../../../../src/server/live/token-sets.ts'

describe('token sets', () => {
  const sets = new TokenSets()

  it('are equal for equal tokens, wherever they came from and however their names are written', () => {
    const fromHeaders = sets.fromHeaders({ authorization: 'Bearer a', 'x-pinning-token-two': 'b', host: 'example.com' })
    const fromParams = sets.fromConnectionParams({
      'X-Pinning-Token-TWO': 'b',
      Authorization: 'Bearer a',
      app: { version: 1 },
    })
    const short = sets.fromConnectionParams({ token: 'a', 'x-pinning-token-two': 'b' })
    expect(fromParams?.key).toBe(fromHeaders.key)
    expect(short?.key).toBe(fromHeaders.key)
    expect([fromHeaders.get('Authorization'), short?.get('authorization')]).toEqual(['Bearer a', 'Bearer a'])
    expect(fromParams?.get('x-pinning-token-two')).toBe('b')
  })

  it('differ for different tokens, names and processes, and show none of them', () => {
    const keys = [
      sets.fromHeaders({}),
      sets.fromHeaders({ authorization: 'Bearer a' }),
      sets.fromHeaders({ authorization: 'Bearer b' }),
      sets.fromHeaders({ 'x-pinning-token-a': 'Bearer a' }),
      new TokenSets().fromHeaders({ authorization: 'Bearer a' }),
    ].map(({ key }) => key)
    expect(new Set(keys).size).toBe(5)
    expect(JSON.stringify(sets.fromHeaders({ authorization: 'Bearer secret-token' }))).not.toContain('secret')
  })

  it('are null where connection_init brings none', () => {
    expect(
      [{}, { app: 'x' }, { token: null }, { token: '' }, { Authorization: undefined }].map((each) =>
        sets.fromConnectionParams(each as Record<string, unknown>),
      ),
    ).toEqual([null, null, null, null, null])
  })

  it('take no token that could not be a header', () => {
    for (const token of [7, {}, ['a'], true, 'a\r\nx-evil: 1', 'ä', '\0', 'x'.repeat(20_000)])
      expect(() => sets.fromConnectionParams({ token })).toThrow(TypeError)
  })

  it('take no token that cannot be read, since the gateway would use its own in its place', () => {
    for (const params of [
      { Authorization: 'abc' },
      { Authorization: 'Basic YTpi' },
      { token: 'a b' },
      { token: 'bearer' },
      { 'x-pinning-token-two': 'a b' },
    ])
      expect(() => sets.fromConnectionParams(params)).toThrow(TypeError)
    // Of a request's headers they stay, for whoever needs them to say so.
    expect(sets.fromHeaders({ authorization: 'Bearer ä' }).get('authorization')).toBe('Bearer ä')
  })
})

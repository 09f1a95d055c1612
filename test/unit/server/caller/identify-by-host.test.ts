import { expect, it, vi } from 'vitest'
import { UnauthorizedError } from '../../../../src/domain/errors.ts'
import { createIdentifyByHost } from '../../../../src/server/caller/identify-by-host.ts'

const REQUEST = { headers: {} }
const SERVICES = ['one', 'two']

it('shares events between equal callers with equal tokens only', async () => {
  const keyOf = async (key: string, tokens: Record<string, string | null>) => {
    const caller = await identify({ key, tokenFor: (service: string) => tokens[service] ?? null })
    expect(caller.key).toBe(key)
    return caller.sharingKey
  }
  let named = { key: '', tokenFor: (_service: string): string | null => null }
  const known = createIdentifyByHost(async () => named, { serviceNames: SERVICES, timeoutMs: 1_000 })
  const identify = (caller: typeof named) => {
    named = caller
    return known(REQUEST)
  }
  const same = await keyOf('a', { one: 'x' })
  expect(await keyOf('a', { one: 'x' })).toBe(same)
  const others = [
    await keyOf('b', { one: 'x' }),
    await keyOf('a', { one: 'y' }),
    await keyOf('a', { two: 'x' }),
    await keyOf('a', {}),
  ]
  expect(new Set([same, ...others]).size).toBe(5)
})

it('asks for each token once, so that it stays the same for a connection', async () => {
  const tokenFor = vi.fn((service: string) => {
    if (service === 'two') throw new UnauthorizedError('Not yours', { service })
    return 'x'
  })
  const caller = await createIdentifyByHost(async () => ({ key: 'a', tokenFor }), {
    serviceNames: SERVICES,
    timeoutMs: 1_000,
  })(REQUEST)
  expect([caller.tokenFor('one'), caller.tokenFor('one')]).toEqual(['x', 'x'])
  for (let i = 0; i < 2; i++) expect(() => caller.tokenFor('two')).toThrow(UnauthorizedError)
  expect(caller.sharingKey).toHaveLength(43)
  expect(tokenFor.mock.calls).toEqual([['one'], ['two']])
})

it('refuses what no header can carry, and shows no token', async () => {
  const identify = (tokenFor: () => unknown) =>
    createIdentifyByHost(async () => ({ key: 'a', tokenFor }) as never, { serviceNames: SERVICES, timeoutMs: 1_000 })
  for (const token of ['', ' x', 'x\r\ny: z', 'ä', 7, {}]) {
    const caller = await identify(() => token)(REQUEST)
    expect(() => caller.tokenFor('one')).toThrow(
      'Expected tokenFor("one") to return printable text without spaces, or null',
    )
  }
  expect((await identify(() => undefined)(REQUEST)).tokenFor('one')).toBeNull()
})

it('expects a caller with a key', async () => {
  for (const caller of [null, undefined, {}, { key: 7 }])
    await expect(
      createIdentifyByHost(async () => caller as never, { serviceNames: SERVICES, timeoutMs: 1_000 })(REQUEST),
    ).rejects.toThrow('Expected identify to return a caller whose key is a string')
})

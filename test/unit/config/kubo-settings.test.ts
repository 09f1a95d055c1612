import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { configWarnings } from '../../../src/server/startup-warnings.ts'

const parse = (service: Record<string, unknown>) =>
  parseConfig({ services: { local: { provider: 'embedded', ...service } } })

describe('an embedded service with pinner: kubo', () => {
  it('needs nothing else for a daemon on this host', () => {
    const kubo = { endpoint: 'http://127.0.0.1:5001', token: null }
    expect(parse({ pinner: 'kubo' }).services).toEqual([
      { name: 'local', provider: 'embedded', endpoint: null, token: null, kubo },
    ])
  })

  it('takes the address of another, and its token', () => {
    const { services } = parse({ pinner: 'kubo', kubo: { endpoint: 'https://kubo.example/rpc/', token: 'secret' } })
    expect(services[0]?.kubo).toEqual({ endpoint: 'https://kubo.example/rpc', token: 'secret' })
    expect(Object.isFrozen(services[0]?.kubo)).toBe(true)
  })

  it('warns of an API that others can listen to', () => {
    const warnings = configWarnings(parse({ pinner: 'kubo', kubo: { endpoint: 'http://kubo:5001' } }))
    expect(warnings).toEqual([`Kubo's RPC API is used unencrypted for local: whoever reaches it owns the daemon`])
    expect(configWarnings(parse({ pinner: 'kubo' }))).toEqual([])
  })
})

it.each([
  [{ kubo: {} }, 'services.local.kubo: expected "pinner: kubo" beside it'],
  [{ pinner: 'helia' }, 'services.local.pinner: expected "kubo", got a text of 5 characters'],
  [
    { pinner: 'kubo', kubo: 'secret' },
    'services.local.kubo: expected a map of endpoint and token, got a text of 6 characters',
  ],
  [{ pinner: 'kubo', kubo: { tokn: 'secret' } }, 'services.local.kubo.tokn: unknown key; did you mean token?'],
  [
    { pinner: 'kubo', kubo: { endpoint: 'http://me:secret@kubo' } },
    'services.local.kubo.endpoint: expected an http or https URL without user, query and fragment, got a text of 21 characters',
  ],
  [{ provider: 'filebase', pinner: 'kubo' }, 'services.local.pinner: expected none but for an embedded service'],
])('refuses %j, and tells no secret', (service, message) => {
  expect(() => parse(service)).toThrow(`The configuration cannot be used:\n  ${message}`)
})

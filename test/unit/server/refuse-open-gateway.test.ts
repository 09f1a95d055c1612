import { expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { type ConfigInput, parseConfig } from '../../../src/config/parse-config.ts'
import { refuseOpenGateway } from '../../../src/server/refuse-open-gateway.ts'

const remote = { endpoint: 'https://a.example' }

function refusalOf(input: ConfigInput, hasIdentify = false): ConfigError | null {
  try {
    refuseOpenGateway(parseConfig(input), { hasIdentify })
    return null
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

it.each<[string, ConfigInput]>([
  ['the embedded service', { host: '0.0.0.0' }],
  ['IPv6', { host: '::' }],
  ['one address of a network', { host: '192.168.1.5' }],
  ['a name', { host: 'pins.example.com' }],
  ['a configured token', { host: '0.0.0.0', services: { a: { ...remote, token: 'secret-token' } } }],
  ['all host names allowed', { allowedHosts: ['*'] }],
  ['all host names allowed beyond loopback', { host: '0.0.0.0', allowedHosts: ['*'] }],
  ['only loopback names allowed', { host: '0.0.0.0', allowedHosts: ['localhost'] }],
  ['a proxy in front', { trustProxy: 1 }],
])('refuses a gateway that strangers reach and that holds a token: %s', (_, input) => {
  const error = refusalOf(input)
  expect(error?.problems).toHaveLength(1)
  expect(error?.message).not.toContain('secret-token')
  for (const way of ['--allowed-hosts', '--allow-anonymous', 'services without a token', 'identify'])
    expect(error?.message).toContain(way)
})

it('names --host as a way out only where it is one', () => {
  expect(refusalOf({ host: '0.0.0.0' })?.message).toContain('--host 127.0.0.1')
  expect(refusalOf({ trustProxy: 1 })?.message).not.toContain('--host')
})

it.each<[string, ConfigInput, boolean]>([
  ['loopback', {}, false],
  ['loopback under its own names', { host: '::1', allowedHosts: ['localhost'] }, false],
  ['host names', { host: '0.0.0.0', allowedHosts: ['pins.example.com'] }, false],
  ['no token', { host: '0.0.0.0', services: { a: remote } }, false],
  ['everybody, as the operator says', { host: '0.0.0.0', allowAnonymous: true }, false],
  ['an application that says who calls', { host: '0.0.0.0' }, true],
])('starts for %s', (_, input, hasIdentify) => {
  expect(refusalOf(input, hasIdentify)).toBeNull()
})

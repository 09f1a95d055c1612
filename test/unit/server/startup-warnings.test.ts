import { expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from '../../../src/config/parse-config.ts'
import { configWarnings, hostWarnings } from '../../../src/server/startup-warnings.ts'

const warningsOf = (input: ConfigInput) => {
  const config = parseConfig(input)
  return [...hostWarnings(config), ...configWarnings(config)]
}
const remote = { endpoint: 'https://a.example' }

it('warns of nothing on loopback, or where every caller brings a token', () => {
  expect(warningsOf({})).toEqual([])
  expect(warningsOf({ services: { a: { ...remote, token: 't' } } })).toEqual([])
  expect(warningsOf({ host: '0.0.0.0', services: { a: remote } })).toEqual([])
})

it('warns when everybody on the network can use a token that the gateway holds', () => {
  const services = { a: { ...remote, token: 't' }, b: remote, local: { provider: 'embedded' } }
  expect(warningsOf({ host: '0.0.0.0', services, defaultService: 'a' })).toEqual([
    'Whoever reaches 0.0.0.0 can use a, local without a token: the gateway holds one for them',
  ])
})

it('warns when tokens go unencrypted over a network', () => {
  const services = { far: { endpoint: 'http://a.example' }, near: { endpoint: 'http://127.0.0.1:3000' } }
  expect(warningsOf({ services, defaultService: 'far' })).toEqual([
    'Tokens for far are sent unencrypted: its endpoint is http, not https',
  ])
})

it('warns when connections would be taken for stalled before they can answer', () => {
  expect(warningsOf({ livePingMs: 12_000, liveStallMs: 30_000 })).toEqual([])
  expect(warningsOf({ livePingMs: 12_001, liveStallMs: 30_000 })).toEqual([
    'Healthy WebSockets may be closed as stalled: liveStallMs is 30000, expected 2.5 times livePingMs (12001) at least',
  ])
})

it('warns when clients would be sent nothing for 25 seconds', () => {
  expect(warningsOf({ livePingMs: 24_999, liveStallMs: 62_500 })).toEqual([])
  expect(warningsOf({ livePingMs: 25_000, liveStallMs: 62_500 })).toEqual([
    'Clients and proxies may close quiet connections: livePingMs is 25000, expected less than 25000',
  ])
})

it('warns when any web page may call', () => {
  expect(warningsOf({ corsOrigins: ['*'] })).toEqual(['Any web page may call this gateway: corsOrigins contains *'])
})

import { describe, expect, it } from 'vitest'
import { type ConfigInput, parseConfig } from '../../../../src/config/parse-config.ts'
import { serviceSettingsOf } from '../../../../src/server/services/service-settings.ts'

const settingsOf = (services: ConfigInput['services']) =>
  serviceSettingsOf(parseConfig({ services, defaultService: Object.keys(services ?? {})[0] }))

describe('serviceSettingsOf', () => {
  it('knows a provider by the name of the service, so that nothing more is needed', () => {
    expect(settingsOf({ filebase: { token: 'secret' } })).toEqual([
      { name: 'filebase', provider: 'filebase', endpoint: 'https://api.filebase.io/v1/ipfs', token: 'secret' },
    ])
  })

  it('prefers the configuration to known settings of a provider', () => {
    const endpoint = 'http://127.0.0.1:1'
    expect(settingsOf({ mine: { provider: 'filebase', endpoint }, other: { provider: 'pinata' } })).toMatchObject([
      { name: 'mine', provider: 'filebase', endpoint },
      { name: 'other', provider: 'pinata', endpoint: 'https://api.pinata.cloud/psa' },
    ])
  })

  it('takes a service elsewhere for a stranger, whatever it is named', () => {
    expect(settingsOf({ filebase: { endpoint: 'http://127.0.0.1:1' } })).toMatchObject([{ provider: null }])
  })

  it.each([
    'https://api.filebase.io/v1/ipfs',
    'https://api.filebase.io:443/v1/ipfs',
    'https://api.filebase.io./v1/ipfs',
    'https://API.filebase.io/other',
  ])('takes a service at the host of a provider for that provider, whatever it is named (%s)', (endpoint) => {
    expect(settingsOf({ second: { endpoint } })).toMatchObject([{ name: 'second', provider: 'filebase' }])
  })

  it('knows what everybody runs for themselves by its name alone', () => {
    expect(settingsOf({ 'ipfs-cluster': { endpoint: 'http://127.0.0.1:1' } })).toMatchObject([
      { provider: 'ipfs-cluster' },
    ])
    expect(settingsOf({ embedded: { endpoint: 'http://127.0.0.1:1' } })).toMatchObject([{ provider: null }])
  })

  it('hands limits and capabilities on', () => {
    const limits = [{ limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }] as const
    const capabilities = { order: 'none', maxLimit: 'none', keepsMeta: false } as const
    expect(settingsOf({ filebase: { limits: [...limits], capabilities } })).toMatchObject([
      { limits, capabilities: { ...capabilities, maxLimit: Number.POSITIVE_INFINITY } },
    ])
  })

  it('leaves the embedded service without an endpoint until it runs', () => {
    expect(settingsOf({ local: { provider: 'embedded' } })).toMatchObject([{ provider: 'embedded', endpoint: '' }])
  })

  it('refuses a provider that is not known, since a slip would make a stranger of the service', () => {
    const endpoint = 'http://127.0.0.1:1'
    expect(() => settingsOf({ a: { provider: 'filbase' }, b: { provider: 'somebody', endpoint } })).toThrow(
      /services\.a\.provider: unknown provider "filbase"; did you mean filebase\? known are embedded, .*\n.*services\.b\.provider: unknown provider "somebody"; known are embedded, .*; leave it out for any other$/,
    )
  })

  it('refuses services whose endpoint is neither given nor known, all at once', () => {
    expect(() => settingsOf({ a: {}, b: { provider: 'ipfs-cluster' } })).toThrow(
      /services\.a\.endpoint: expected an http or https URL, got nothing, and none is known for a; known are filebase, .*\n.*services\.b\.endpoint: .* for ipfs-cluster;/,
    )
  })
})

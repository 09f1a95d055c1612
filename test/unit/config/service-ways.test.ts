import { expect, it } from 'vitest'
import { ConfigError } from '../../../src/config/config-error.ts'
import { type ConfigInput, parseConfig } from '../../../src/config/parse-config.ts'
import { CAPABILITY_SHAPE } from '../../../src/config/service-overrides.ts'
import { SPECIFIED_CAPABILITIES } from '../../../src/upstream/providers/capabilities.ts'

function problemsOf(service: Record<string, unknown>): string[] {
  try {
    parseConfig({ services: { one: { endpoint: 'https://pins.example.com', ...service } } })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ key, message }) => `${key}: ${message}`)
    throw error
  }
  return []
}

it('every capability can be configured, and nothing else', () => {
  expect(Object.keys(CAPABILITY_SHAPE).sort()).toEqual(Object.keys(SPECIFIED_CAPABILITIES).sort())
})

it('limits are of everybody and of all requests unless something else is said', () => {
  const { services } = parseConfig({
    services: { one: { endpoint: 'https://pins.example.com', limits: [{ limit: 5, windowMs: 1000 }] } },
  })
  expect(services[0]?.limits).toEqual([{ limit: 5, windowMs: 1000, scope: 'address', endpoint: 'all' }])
})

it('a service may share the limits of another if neither is embedded', () => {
  const other = { endpoint: 'https://other.example.com', sharesLimitsWith: 'one' }
  const one = { endpoint: 'https://pins.example.com' }
  const { services } = parseConfig({ services: { one, other }, defaultService: 'one' })
  expect(services.map(({ sharesLimitsWith }) => sharesLimitsWith)).toEqual([undefined, 'one'])
  const parse = (settings: ConfigInput['services']) => () => parseConfig({ services: settings, defaultService: 'one' })
  const message = 'services.other.sharesLimitsWith: expected'
  expect(parse({ one: { provider: 'embedded' }, other })).toThrow(`${message} the name of another service`)
  expect(parse({ one, other: { provider: 'embedded', sharesLimitsWith: 'one' } })).toThrow(`${message} none`)
})

it.each([
  [{ capabilities: { oder: 'none' } }, ['services.one.capabilities.oder: unknown key; did you mean order?']],
  [
    { capabilities: { order: 'random', maxCids: 11, keepsMeta: 'yes' } },
    [
      'services.one.capabilities.maxCids: expected a whole number from 1 to 10, got a number',
      'services.one.capabilities.order: expected one of newest-first, oldest-first, none, got a text of 6 characters',
      'services.one.capabilities.keepsMeta: expected true or false, got a text of 3 characters',
    ],
  ],
  [
    { capabilities: { nameFilter: { exact: 'exactly', iexact: 'exact', partial: 'loose' } } },
    [
      'services.one.capabilities.nameFilter.exact: expected one of exact, loose, unusable, got a text of 7 characters',
      'services.one.capabilities.nameFilter.ipartial: expected one of exact, loose, unusable, got nothing',
    ],
  ],
  [
    { sharesLimitsWith: 'one' },
    [
      'services.one.sharesLimitsWith: expected the name of another service, which is not embedded, got a text of 3 characters',
    ],
  ],
  [
    { sharesLimitsWith: 'nobody' },
    [
      'services.one.sharesLimitsWith: expected the name of another service, which is not embedded, got a text of 6 characters',
    ],
  ],
  [
    { limits: [] },
    ['services.one.limits: expected a list of maps such as { limit: 100, windowMs: 1000 }, got a list of 0'],
  ],
  [
    { limits: [{ limit: 0, windowMs: 1000 }] },
    ['services.one.limits.0.limit: expected a whole number of requests from 1 to 1000000, got a number'],
  ],
  [
    { limits: [{ limit: 1, windowMs: 1, scoop: 'token' }] },
    ['services.one.limits.0.scoop: unknown key; expected one of limit, windowMs, scope, endpoint'],
  ],
])('%j is refused', (service, problems) => {
  expect(problemsOf(service)).toEqual(problems)
})

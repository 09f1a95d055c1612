import { expect, it } from 'vitest'
import { ASSUMED_LIMITS, type RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import {
  groupBySharedLimits,
  limitsOf,
  limitWarnings,
  sharedKeyOf,
} from '../../../../src/upstream/providers/limits-of.ts'

const TEN: RateLimit = { limit: 10, windowMs: 1000, scope: 'address', endpoint: 'all' }
const LISTS: RateLimit = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }

const service = (endpoint: string, provider: string | null = null, limits?: readonly RateLimit[]) => {
  return { name: `${endpoint} ${provider}`, endpoint, provider, limits }
}
const groups = (...endpoints: [string, string?][]) =>
  groupBySharedLimits(endpoints.map(([endpoint, provider]) => service(endpoint, provider))).length

it('puts services together by host and port, a default port being none', () => {
  expect(groups(['https://a.example/psa'], ['https://a.example:443/v1/other'], ['https://A.example'])).toBe(1)
  expect(groups(['https://a.example'], ['https://a.example:8443'], ['https://b.example'])).toBe(3)
})

it('takes a provider with limits and an endpoint of its own for one, whatever host name leads to it', () => {
  expect(groups(['https://api.filebase.io/v1/ipfs', 'filebase'], ['https://proxy.example', 'filebase'])).toBe(1)
  expect(groups(['https://api.filebase.io/v1/ipfs', 'filebase'], ['https://api.filebase.io./v1/ipfs'])).toBe(1)
  // Everybody runs these on a server of their own.
  expect(groups(['https://one.example', 'ipfs-cluster'], ['https://two.example', 'ipfs-cluster'])).toBe(2)
})

it('puts services together as the configuration says, with all that share limits with either', () => {
  const one = { ...service('https://one.example'), name: 'one', sharesLimitsWith: 'two' }
  const two = { ...service('https://two.example'), name: 'two' }
  const [besideOne, besideTwo] = [service('https://one.example/b'), service('https://two.example/b')]
  const other = service('https://other.example')
  expect(groupBySharedLimits([besideOne, one, other, besideTwo, two])).toEqual([
    [other],
    [besideOne, one, besideTwo, two],
  ])
  expect(groupBySharedLimits([{ ...two, sharesLimitsWith: 'one' }, one])).toHaveLength(1)
})

it('leaves the embedded service alone', () => {
  expect(groups(['http://127.0.0.1:4000', 'embedded'], ['http://127.0.0.1:4000'])).toBe(2)
})

it('keeps the limits of all, each once, and assumes limits only where none has any', () => {
  const stranger = service('https://a.example')
  expect(limitsOf([stranger, stranger])).toBe(ASSUMED_LIMITS)
  expect(limitsOf([stranger, service('https://a.example', null, [TEN])])).toEqual([TEN])
  const both = [service('https://a.example', null, [TEN, LISTS]), service('https://a.example', null, [{ ...TEN }])]
  expect(limitsOf(both)).toEqual([TEN, LISTS])
})

it('warns of limits that differ at one provider', () => {
  const a = service('https://a.example/1', null, [TEN])
  expect(
    limitWarnings([a, service('https://a.example/2', null, [{ ...TEN }]), service('https://a.example/3')]),
  ).toEqual([])
  expect(limitWarnings([a, service('https://b.example', null, [LISTS])])).toEqual([])
  expect(limitWarnings([a, service('https://a.example/2', 'pinql')])).toEqual([
    'https://a.example/1 null, https://a.example/2 pinql share their limits and are configured with different ones: ' +
      'the requests of each keep the limits of all',
  ])
})

it('names shared limits alike in all gateways, whatever names and order their services have', () => {
  const keys = (...endpoints: [string, string?][]) =>
    groupBySharedLimits(
      endpoints.map(([endpoint, provider], index) => ({ ...service(endpoint, provider), name: `${index}` })),
    ).map(sharedKeyOf)
  expect(keys(['https://a.example/1'], ['https://a.example:443/2'])).toEqual(['host a.example'])
  expect(keys(['https://b.example:8443'], ['https://a.example/3'])).toEqual(['host b.example:8443', 'host a.example'])

  const filebase: [string, string] = ['https://api.filebase.io/v1/ipfs', 'filebase']
  const proxy: [string, string] = ['https://proxy.example', 'filebase']
  for (const endpoints of [[filebase, proxy], [proxy, filebase], [proxy]]) {
    expect(keys(...endpoints)).toEqual(['provider filebase'])
  }

  const one = service('https://one.example')
  const two = { ...service('https://two.example'), sharesLimitsWith: one.name }
  expect([sharedKeyOf([one, two]), sharedKeyOf([two, one])]).toEqual(['host two.example', 'host two.example'])
  expect(sharedKeyOf([service('http://127.0.0.1:4000', 'embedded')])).toBeNull()
})

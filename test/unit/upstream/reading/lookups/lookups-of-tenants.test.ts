import { expect, it } from 'vitest'
import { RateLimitedError } from '../../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../../src/upstream/budget/rate-limit.ts'
import type { Tenant } from '../../../../../src/upstream/tenant/tenant.ts'
import { cidOf, ModelService } from '../../../../support/model/model-service.ts'
import { operationOf } from '../../../../support/upstream/come-back.ts'
import { createService } from '../../../../support/upstream/create-service.ts'
import { createTenant } from '../../../../support/upstream/create-tenant.ts'
import { VirtualClock } from '../../../../support/virtual-clock.ts'

const BY_ADDRESS: RateLimit = { limit: 30, windowMs: 60_000, scope: 'address', endpoint: 'all' }

/** Two tenants behind one address, and lookups of different CIDs that note how they ended. */
function createTenants(limit: RateLimit) {
  const clock = new VirtualClock(1000)
  const model = new ModelService({ clock })
  const capabilities = { count: 'matching', multiStatus: true } as const
  const settings = { name: 'model', endpoint: 'http://model.invalid', token: null, provider: null }
  const service = createService({ ...settings, limits: [limit], capabilities }, { clock, connect: model.connect })
  const [a, b] = ['a', 'b'].map((token) => createTenant(service, token, token)) as [Tenant, Tenant]
  const lookUpMany = (tenant: Tenant, count: number) =>
    Array.from({ length: count }, (_, n) => {
      const since = clock.now()
      const looked = { outcome: 'waits' as unknown, tookMs: Number.NaN }
      const end = (outcome: unknown): void => {
        looked.outcome = outcome
        looked.tookMs = clock.now() - since
      }
      tenant.lookupContent(cidOf(n), { signal: operationOf(`a caller of ${tenant.key}`) }).then(() => end('found'), end)
      return looked
    })
  return { clock, a, b, lookUpMany }
}

it('lookups of a tenant know those of other tenants of the address: those that are let in are answered', async () => {
  const { clock, a, b, lookUpMany } = createTenants(BY_ADDRESS)
  lookUpMany(a, 300)
  await clock.advance(0)
  const looked = lookUpMany(b, 300)
  await clock.advance(0)
  const atOnce = looked.filter(({ outcome }) => outcome !== 'waits')
  for (const { outcome } of atOnce) expect(outcome).toBeInstanceOf(RateLimitedError)
  await clock.advance(30_000)
  const letIn = looked.filter((each) => !atOnce.includes(each))
  expect(letIn.map(({ outcome }) => outcome)).toEqual(letIn.map(() => 'found'))
  expect(letIn.length).toBeGreaterThan(0)
})

it.each(['address', 'token'] as const)(
  'lookups of a tenant wait for others of a limit by address only (%s)',
  async (scope) => {
    const [alone, beside] = [createTenants({ ...BY_ADDRESS, scope }), createTenants({ ...BY_ADDRESS, scope })]
    beside.lookUpMany(beside.a, 300)
    await beside.clock.advance(0)
    const found: number[] = []
    for (const { clock, b, lookUpMany } of [alone, beside]) {
      const looked = lookUpMany(b, 300)
      await clock.advance(30_000)
      found.push(looked.filter(({ outcome }) => outcome === 'found').length)
    }
    const [many, few] = found as [number, number]
    expect(many).toBe(180)
    if (scope === 'token') expect(few).toBe(many)
    else expect(few).toBeLessThan(many / 2)
  },
)

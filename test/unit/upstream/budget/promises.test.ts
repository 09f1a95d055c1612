import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallRequest, RequestBudget } from '../../../../src/upstream/budget/request-budget.ts'
import { safePace } from '../../../../src/upstream/budget/safe-pace.ts'
import { createBudget, createBudgetAt, list, saturate, settled } from '../../../support/upstream/budget-harness.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const BY_ADDRESS: RateLimit = { limit: 30, windowMs: 60_000, scope: 'address', endpoint: 'all' }
const BY_TOKEN: RateLimit = { ...BY_ADDRESS, scope: 'token' }

/** Asks for a call. Returns the milliseconds after which it should come back if it is refused. */
async function told(budget: RequestBudget, call: CallRequest, deadline: number): Promise<number | undefined> {
  const outcome = await budget.acquire({ ...call, deadline }).catch((error) => error)
  return outcome instanceof RateLimitedError ? outcome.retryAfterMs : undefined
}

const distinct = (times: readonly (number | undefined)[]) => new Set(times.map((ms) => ms && Math.round(ms))).size

describe('each refused call is told a time of its own', () => {
  it('when a 429 makes many that wait hopeless', async () => {
    const { clock, budget } = createBudget(BY_TOKEN)
    using _ = budget
    await saturate(budget, list('a'))
    const callers = ['x', 'y', 'z']
    const asked = Array.from({ length: 6 }, (_, n) =>
      told(budget, { ...list('a'), asker: { callerKey: callers[n % 3] ?? '' } }, clock.now() + 50_000),
    )
    await clock.advance(100)
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 429, retryAfterMs: 60_000 })
    const times = await Promise.all(asked)
    expect(distinct(times)).toBe(6)
    times.forEach((ms, n) => {
      expect(ms).toBeGreaterThanOrEqual(60_000 + n * 2000)
    })
  })

  it('also when the calls are of ten tenants', async () => {
    const { clock, budget } = createBudget(BY_ADDRESS)
    using _ = budget
    for (let n = 0; n < 40; n++) budget.acquire({ ...list('greedy'), deadline: clock.now() + 22_000 }).catch(() => {})
    await settled()
    const times: (number | undefined)[] = []
    for (let n = 0; n < 10; n++) times.push(await told(budget, list(`tenant ${n}`), clock.now() + 1000))
    expect(times).not.toContain(undefined)
    expect(distinct(times)).toBe(10)
  })

  it('also when the calls are of a tenant that has used nothing', async () => {
    const { clock, budget } = createBudget(BY_ADDRESS)
    using _ = budget
    await saturate(budget, list('greedy'))
    await saturate(budget, { ...list('greedy'), endpoint: 'write', class: 'mutation' })
    const times: (number | undefined)[] = []
    for (let n = 0; n < 10; n++) times.push(await told(budget, list('new'), clock.now()))
    expect(times).not.toContain(undefined)
    expect(distinct(times)).toBe(10)
  })

  it('and the times of two endpoints that share a limit differ', async () => {
    const { clock, budget } = createBudget(BY_ADDRESS)
    using _ = budget
    await saturate(budget, list('greedy'))
    const lists = await told(budget, list('a'), clock.now())
    const items = await told(budget, { ...list('a'), endpoint: 'item' }, clock.now())
    expect(lists).toBeDefined()
    expect(items).toBeGreaterThan((lists ?? 0) + 1000)
  })

  it('a call that counts no refused ones is let in before them', async () => {
    const { clock, budget } = createBudget(BY_ADDRESS)
    using _ = budget
    await saturate(budget, list('greedy'))
    const before = budget.expectedWaitMs(list('b'))
    for (let n = 0; n < 20; n++) await told(budget, list('a'), clock.now())
    expect(budget.expectedWaitMs(list('b'))).toBe(before)
  })
})

it('all times differ, and are kept if the calls come back at them', async () => {
  const limits = fc.record({
    limit: fc.integer({ min: 2, max: 60 }),
    windowMs: fc.constantFrom(1000, 10_000, 60_000),
    scope: fc.constantFrom('address', 'token'),
    endpoint: fc.constantFrom('all', 'list'),
  })
  const requestClass = fc.constantFrom('mutation', 'interactive', 'trial')
  const byWhom = fc.constantFrom('one caller', 'callers', 'tenants')
  await fc.assert(
    fc.asyncProperty(limits, requestClass, byWhom, fc.integer({ min: 2, max: 60 }), async (limit, kind, who, calls) => {
      const clock = new VirtualClock()
      using budget = createBudgetAt(clock, [limit])
      await saturate(budget, list('a', kind))
      const isOneTenant = who !== 'tenants' || limit.scope === 'token'
      const asked = Array.from({ length: calls }, (_, n): CallRequest => {
        const callerKey = who === 'one caller' ? 'x' : `caller ${n}`
        return { ...list(isOneTenant ? 'a' : `tenant ${n}`, kind), asker: { callerKey } }
      })
      const refused: { call: CallRequest; ms: number }[] = []
      for (const call of asked) {
        const ms = await told(budget, call, clock.now())
        if (ms !== undefined) refused.push({ call, ms })
      }
      const times = refused.map(({ ms }) => ms)
      expect(new Set(times).size).toBe(calls)
      const { intervalMs, spanMs } = safePace(limit)
      const patienceMs = 3 * intervalMs + 100
      const again = refused.map(async ({ call, ms }) => {
        await clock.sleep(ms)
        return budget.acquire({ ...call, deadline: clock.now() + patienceMs }).then(
          () => 'granted',
          () => 'refused',
        )
      })
      await clock.advance(Math.max(...times) + patienceMs + 2 * spanMs)
      expect((await Promise.all(again)).filter((outcome) => outcome === 'refused')).toEqual([])
    }),
    { numRuns: 40 },
  )
}, 60_000)

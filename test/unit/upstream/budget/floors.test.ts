import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryBudget } from '../../../../src/upstream/budget/create-memory-budget.ts'
import type { Endpoint, RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import { BUDGET_CLASSES, type BudgetClass } from '../../../../src/upstream/budget/request-class.ts'
import { ADDRESS, createBudgetAt, FOREVER, list } from '../../../support/upstream/budget-harness.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

/** Calls of which some always wait, or come again a while after they left. */
interface Demand {
  readonly tenantKey: string
  readonly endpoint: Endpoint
  readonly class: BudgetClass
  readonly width: number
  readonly restMs: number
}

const demand = (who: string, width = 3, restMs = 20): Demand => {
  const [tenantKey = '', endpoint, requestClass] = who.split(' ')
  return { tenantKey, endpoint: endpoint as Endpoint, class: requestClass as BudgetClass, width, restMs }
}

/** Returns how many calls of each demand left. */
async function serve(limits: readonly RateLimit[], demands: readonly Demand[], lastsMs: number): Promise<number[]> {
  const clock = new VirtualClock(1000)
  using budget = createBudgetAt(clock, limits)
  const served = demands.map(() => 0)
  demands.forEach(({ width, restMs, ...call }, index) => {
    const work = async (): Promise<void> => {
      for (;;) {
        await budget.acquire({ ...call, deadline: FOREVER })
        served[index] = (served[index] ?? 0) + 1
        await clock.sleep(restMs)
      }
    }
    for (let n = 0; n < width; n++) work().catch(() => {})
  })
  await clock.advance(lastsMs)
  return served
}

describe('beside calls that meet other limits, or none', () => {
  it.each([1, 3])('changes of single pins do not starve (%d wide)', async (width) => {
    const limit: RateLimit = { limit: 1, windowMs: 1000, scope: 'token', endpoint: 'item' }
    const demands = [demand('a item interactive', 2), demand('a item mutation', 1), demand('b list live', width)]
    const [reads, changes] = await serve([limit], demands, 400_000)
    expect(reads).toBeGreaterThan(70)
    expect(changes).toBeGreaterThan(180)
  })

  it.each(['mutation', 'interactive', 'trial', 'live'])('resync has its floor beside %s lists', async (other) => {
    const limit: RateLimit = { limit: 12, windowMs: 10_000, scope: 'address', endpoint: 'list' }
    const demands = [demand(`a list ${other}`), demand('a list resync', 1), demand('b item interactive')]
    const [others = 0, resync = 0] = await serve([limit], demands, 400_000)
    const all = others + resync
    expect(resync / all).toBeGreaterThanOrEqual(0.045)
    expect(others / all).toBeGreaterThanOrEqual(0.75)
  })

  it('live lists have their floor, and interactive ones the most', async () => {
    const limit: RateLimit = { limit: 30, windowMs: 60_000, scope: 'address', endpoint: 'list' }
    const demands = ['a list interactive', 'a list live', 'a list resync', 'b item interactive'].map((who) =>
      demand(who),
    )
    const shares = (await serve([limit], demands, 1_200_000)).slice(0, 3).map((calls) => calls / 600)
    expect(shares[0]).toBeGreaterThan(0.6)
    expect(shares[1]).toBeGreaterThanOrEqual(0.18)
    expect(shares[2]).toBeGreaterThanOrEqual(0.04)
  })

  it('changes to lists are first, where items share another limit with them', async () => {
    const limits: RateLimit[] = [
      { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' },
      { limit: 30, windowMs: 60_000, scope: 'address', endpoint: 'list' },
    ]
    const demands = [demand('a list mutation'), demand('b list live'), demand('b item interactive', 20)]
    const [changes, live] = await serve(limits, demands, 600_000)
    expect(changes).toBeGreaterThan(200)
    expect(live).toBeGreaterThanOrEqual(55)
  })
})

it('a class below its floor goes first again after a call that was never sent', async () => {
  const clock = new VirtualClock(1000)
  using budget = createMemoryBudget({ serviceName: 'test', clock, limits: [{ ...ADDRESS, limit: 10 }] })
  const left: BudgetClass[] = []
  const acquire = async (requestClass: BudgetClass, use: 'sent' | 'giveBack'): Promise<void> => {
    const permit = await budget.acquire({ ...list('a', requestClass), deadline: FOREVER })
    left.push(requestClass)
    permit[use]()
  }
  for (let n = 0; n < 100; n++) acquire('interactive', 'sent').catch(() => {})
  const polls = acquire('live', 'giveBack').then(() => acquire('live', 'sent'))
  await clock.advance(6_000)
  await polls
  // The slot that was given back goes to the call that waits. The next one is the poll's.
  expect(left.slice(left.indexOf('live')).slice(0, 3)).toEqual(['live', 'interactive', 'live'])
})

it('nothing starves, whatever limits, tenants and classes there are', async () => {
  const limit = fc.record({
    limit: fc.constantFrom(1, 2, 3, 5, 12, 13, 30),
    windowMs: fc.constantFrom(500, 1000, 2000),
    scope: fc.constantFrom('address', 'token'),
    endpoint: fc.constantFrom('all', 'all', 'list', 'item', 'write'),
  })
  const each = fc.record({
    tenantKey: fc.constantFrom('a', 'b', 'c'),
    endpoint: fc.constantFrom('list', 'item', 'write'),
    class: fc.constantFrom(...BUDGET_CLASSES),
    width: fc.integer({ min: 1, max: 5 }),
    restMs: fc.integer({ min: 30, max: 100 }),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(limit, { minLength: 1, maxLength: 3 }),
      fc.array(each, { minLength: 2, maxLength: 9 }),
      async (limits, demands) => {
        const slowestMs = Math.max(...limits.map(({ limit: calls, windowMs }) => windowMs / calls))
        const served = await serve(limits, demands, Math.max(10_000, slowestMs * 250))
        expect(Math.min(...served)).toBeGreaterThan(1)
      },
    ),
    { numRuns: 12 },
  )
}, 120_000)

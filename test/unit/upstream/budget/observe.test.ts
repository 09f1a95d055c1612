import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import {
  ADDRESS,
  ask,
  askGreedily,
  createBudget,
  type Departure,
  LISTS,
  list,
  type PromptBudget,
  saturate,
  settled,
} from '../../../support/upstream/budget-harness.ts'

describe('an answer of 429', () => {
  const refuse = (budget: PromptBudget, tenant: string, retryAfterMs?: number) =>
    budget.observe({ tenantKey: tenant, endpoint: 'list', status: 429, retryAfterMs })

  it('pauses only the tenant that got it, at that endpoint class', () => {
    const { budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    refuse(budget, 'a', 7000)
    expect(budget.expectedWaitMs(list('a', 'mutation'))).toBe(7000)
    expect(budget.expectedWaitMs({ ...list('a'), endpoint: 'item' })).toBe(0)
    expect(budget.expectedWaitMs(list('b'))).toBe(0)
  })

  it('pauses only that tenant where just the address has a limit, and all when another meets one in a second', async () => {
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    refuse(budget, 'a', 7000)
    refuse(budget, 'a', 7000)
    expect([budget.expectedWaitMs(list('a', 'mutation')), budget.expectedWaitMs(list('b'))]).toEqual([7000, 0])
    await clock.advance(1001)
    refuse(budget, 'b', 7000)
    expect(budget.expectedWaitMs(list('c'))).toBe(0)
    await clock.advance(1000)
    refuse(budget, 'a', 7000)
    expect(budget.expectedWaitMs(list('c', 'mutation'))).toBe(7000)
  })

  it('affects only the token if the only limit is per token', () => {
    const { budget } = createBudget(LISTS)
    using _ = budget
    refuse(budget, 'a', 7000)
    refuse(budget, 'b', 7000)
    expect(budget.expectedWaitMs(list('c'))).toBe(0)
  })

  it('pauses for one window when it names no time, and until the reset when it names that', () => {
    const { budget } = createBudget(LISTS)
    using _ = budget
    refuse(budget, 'a')
    expect(budget.expectedWaitMs(list('a', 'mutation'))).toBe(60_000)
    const rateLimit = { limit: 5, remaining: 0, resetsInMs: 3000 }
    budget.observe({ tenantKey: 'b', endpoint: 'list', status: 429, rateLimit })
    expect(budget.expectedWaitMs(list('b', 'mutation'))).toBe(3000)
  })

  it('fails the waiting calls that it keeps beyond their deadline at once, and keeps the others', async () => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    await saturate(budget, list('a'))
    const hopeless = ask(budget, list('a'), clock.now() + 5000)
    const patient = ask(budget, list('a'), clock.now() + 30_000)
    refuse(budget, 'a', 10_000)
    await settled()
    expect(hopeless.outcome).toBeInstanceOf(RateLimitedError)
    expect(patient.outcome).toBe('waits')
    await clock.advance(15_000)
    expect(patient.outcome).toBe('granted')
  })

  it('fails the calls of all tenants that cannot leave before their deadline, if it affects the address', async () => {
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    await saturate(budget, list('c'))
    const hopeless = ask(budget, list('c'), clock.now() + 5000)
    refuse(budget, 'a', 1000)
    refuse(budget, 'b', 10_000)
    await clock.advance(1)
    expect(hopeless.outcome).toBeInstanceOf(RateLimitedError)
    expect(hopeless.outcome).toMatchObject({ retryAfterMs: expect.closeTo(10_000, -2) })
  })

  it('sends nothing of that scope before the time is over, and is back at 90 % within 30 seconds', async () => {
    const { clock, budget } = createBudget()
    using _ = budget
    const log: Departure[] = []
    askGreedily(budget, log, [list('a'), list('b')])
    await clock.advance(5000)
    const from = clock.now()
    const sent = (start: number, end: number) => log.filter(({ at }) => at >= start && at < end).length
    const before = sent(from - 2000, from) / 2
    refuse(budget, 'a', 10_000)
    refuse(budget, 'b', 10_000)
    await clock.advance(50_000)
    expect(sent(from, from + 10_000)).toBe(0)
    expect(sent(from + 10_000, from + 11_000) / before).toBeCloseTo(0.7, 1)
    expect(sent(from + 40_000, from + 41_000) / before).toBeGreaterThanOrEqual(0.9)
  })

  it('does not slow other tenants while one is refused again and again', async () => {
    const { clock, budget } = createBudget()
    using _ = budget
    const log: Departure[] = []
    askGreedily(budget, log, [list('a'), list('b')])
    for (let i = 0; i < 20; i++) {
      refuse(budget, 'a', 1000)
      await clock.advance(1000)
    }
    expect(log.filter(({ tenantKey }) => tenantKey === 'b').length / 20).toBeGreaterThan(85)
  })
})

describe('rate headers', () => {
  const rateLimit = { limit: 100, remaining: 2, resetsInMs: 20_000 }

  it('tighten the budget of the tenant and endpoint class they came to', async () => {
    const { clock, budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 200, rateLimit })
    const calls = Array.from({ length: 3 }, () => ask(budget, list('a')))
    await clock.advance(19_000)
    expect(calls.map(({ outcome }) => outcome)).toEqual(['granted', 'granted', 'waits'])
    expect(budget.snapshot('a').map(({ remaining }) => remaining)).toEqual([100, 0])
    expect([budget.expectedWaitMs(list('b')), budget.expectedWaitMs({ ...list('a'), endpoint: 'item' })]).toEqual([
      0, 0,
    ])
  })

  it('end a wait when the service says that more is left', async () => {
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 200, rateLimit: { ...rateLimit, remaining: 0 } })
    const call = ask(budget, list('a'))
    await clock.advance(1000)
    expect(call.outcome).toBe('waits')
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 200, rateLimit: { ...rateLimit, resetsInMs: 5000 } })
    await settled()
    expect(call.outcome).toBe('granted')
  })
})

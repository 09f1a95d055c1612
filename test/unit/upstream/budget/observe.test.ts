import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import { createMemoryBudget } from '../../../../src/upstream/budget/create-memory-budget.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import { safePace } from '../../../../src/upstream/budget/safe-pace.ts'
import {
  ADDRESS,
  ask,
  askGreedily,
  createBudget,
  type Departure,
  FOREVER,
  LISTS,
  list,
  type PromptBudget,
  saturate,
  settled,
} from '../../../support/upstream/budget-harness.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const MINUTE: RateLimit = { ...LISTS, scope: 'address', endpoint: 'all' }

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
    const { clock, budget } = createBudget(MINUTE)
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

  it.each([MINUTE, ADDRESS])('pauses others for one window at most, though two were told an hour', (limit) => {
    const { budget } = createBudget(limit)
    using _ = budget
    refuse(budget, 'a', 3_600_000)
    refuse(budget, 'b', 3_600_000)
    expect(budget.expectedWaitMs(list('a', 'mutation'))).toBe(3_600_000)
    expect(budget.expectedWaitMs(list('c', 'mutation'))).toBe(limit.windowMs)
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
    const rateLimit = { remaining: 0, resetsInMs: 3000 }
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
    const { clock, budget } = createBudget(MINUTE)
    using _ = budget
    await saturate(budget, list('c'))
    const hopeless = ask(budget, list('c'), clock.now() + 5000)
    refuse(budget, 'a', 1000)
    refuse(budget, 'b', 10_000)
    await clock.advance(1)
    expect(hopeless.outcome).toBeInstanceOf(RateLimitedError)
    const { retryAfterMs } = hopeless.outcome as RateLimitedError
    expect(retryAfterMs).toBeGreaterThan(9_999)
    expect(retryAfterMs).toBeLessThan(10_000 + safePace(MINUTE).intervalMs)
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
    refuse(budget, 'a', 1000)
    refuse(budget, 'b', 1000)
    await clock.advance(50_000)
    expect(sent(from, from + 1000)).toBe(0)
    expect(sent(from + 1000, from + 2000) / before).toBeCloseTo(0.7, 1)
    expect(sent(from + 31_000, from + 32_000) / before).toBeGreaterThanOrEqual(0.9)
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
  const rateLimit = { remaining: 2, resetsInMs: 20_000 }

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

  it.each([0, 100])('keep a burst below what they announce, with connections of %d ms', async (connectMs) => {
    const clock = new VirtualClock(1000)
    using budget = createMemoryBudget({ serviceName: 'test', limits: [ADDRESS], clock })
    const most = 60
    let arrived = 0
    const callAnnouncer = async (): Promise<void> => {
      const permit = await budget.acquire({ ...list('a'), deadline: FOREVER })
      await clock.sleep(connectMs)
      permit.sent()
      await clock.sleep(20)
      arrived += 1
      const rateLimit = { remaining: most - arrived, resetsInMs: 60_000 - clock.now() }
      // Answers overtake each other.
      await clock.sleep((arrived * 7919) % 41)
      budget.observe({ tenantKey: 'a', endpoint: 'list', status: 200, grantedAt: permit.grantedAt, rateLimit })
    }
    for (let n = 0; n < 200; n++) callAnnouncer().catch(() => {})
    await clock.advance(50_000)
    expect(arrived).toBe(most)
  })

  it('let no call leave for one that was given back, if the service said that nothing remains', async () => {
    const clock = new VirtualClock(1000)
    using budget = createMemoryBudget({ serviceName: 'test', limits: [ADDRESS], clock })
    const permit = await budget.acquire({ ...list('a'), deadline: FOREVER })
    const nothing = { remaining: 0, resetsInMs: 60_000 }
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 200, grantedAt: 0, rateLimit: nothing })
    permit.giveBack()
    expect(budget.expectedWaitMs(list('a'))).toBe(60_000)
  })

  it('end the caution about an assumed limit, for everybody', async () => {
    const { clock, budget } = createBudget()
    using _ = budget
    const much = { remaining: 999, resetsInMs: 60_000 }
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 200, rateLimit: much })
    const calls = Array.from({ length: 60 }, (_, n) => ask(budget, list(n % 2 === 0 ? 'a' : 'b')))
    await settled()
    expect(calls.filter(({ outcome }) => outcome === 'granted')).toHaveLength(50)
    const refusal = { endpoint: 'list', status: 429, rateLimit: { ...much, resetsInMs: 1000 } } as const
    budget.observe({ tenantKey: 'a', ...refusal })
    budget.observe({ tenantKey: 'b', ...refusal })
    await clock.advance(3000)
    const log: Departure[] = []
    askGreedily(budget, log, [list('a', 'live'), list('b', 'live')])
    await clock.advance(2000)
    expect(log.length).toBeGreaterThan(2 * 88)
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import { createMemoryBudget } from '../../../../src/upstream/budget/create-memory-budget.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallRequest, RequestBudget } from '../../../../src/upstream/budget/request-budget.ts'
import { safePace } from '../../../../src/upstream/budget/safe-pace.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'
import {
  ADDRESS,
  askGreedily,
  countTenants,
  createBudget,
  type Departure,
  FOREVER,
  list,
} from '../../../support/upstream/budget-harness.ts'
import { countWaiting } from '../../../support/upstream/count-waiting.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const LISTS: RateLimit = { ...ADDRESS, limit: 30, windowMs: 60_000, scope: 'token' }
/** Most milliseconds that a read may wait. */
const PATIENCE_MS = 22_000

/** Asks for many calls at once. Returns how long each waited, and what the refused ones were told. */
function askAtOnce(budget: RequestBudget, calls: number, deadline: number, call: CallRequest = list('a')) {
  const waitedMs: number[] = []
  const toldMs: number[] = []
  for (let n = 0; n < calls; n++) {
    budget.acquire({ ...call, deadline }).then(
      (permit) => waitedMs.push(permit.waitedMs),
      (error) => error instanceof RateLimitedError && toldMs.push(error.retryAfterMs),
    )
  }
  return { waitedMs, toldMs }
}

/** Polls as a subscription does, every 2.5 s, for as long as the budget lives. */
async function poll(budget: RequestBudget, clock: VirtualClock): Promise<void> {
  for (;;) {
    await budget.acquire({ ...list('a', 'live'), deadline: FOREVER })
    await clock.sleep(2500)
  }
}

describe('an idle account of 30 a minute', () => {
  it('answers 15 of 20 searches at once, and the others within 22 s', async () => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    const { waitedMs, toldMs } = askAtOnce(budget, 20, clock.now() + PATIENCE_MS)
    await clock.advance(PATIENCE_MS)
    expect(waitedMs.filter((ms) => ms === 0)).toHaveLength(15)
    expect([waitedMs.length, toldMs]).toEqual([20, []])
  })

  it('gives each refused call a time of its own, at which there is room', async () => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    const { waitedMs, toldMs } = askAtOnce(budget, 40, clock.now() + PATIENCE_MS)
    await clock.advance(0)
    expect(toldMs.length).toBeGreaterThan(15)
    toldMs.slice(1).forEach((ms, index) => {
      expect(ms - (toldMs[index] ?? ms)).toBeGreaterThan(1000)
    })
    // All of them come back when they were told to.
    const again = toldMs.map(async (ms) => {
      await clock.sleep(ms)
      return budget.acquire({ ...list('a'), deadline: clock.now() + 5000 })
    })
    await clock.advance(180_000)
    await Promise.all(again)
    expect(waitedMs.length + again.length).toBe(40)
  })

  it.each([0, 700, 1400, 2100])('has the same burst beside a subscription, %d ms after a poll', async (restMs) => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    poll(budget, clock).catch(() => {})
    await clock.advance(120_000 + restMs)
    const counts = askAtOnce(budget, 4, clock.now())
    await clock.advance(60_000)
    expect(counts.waitedMs).toEqual([0, 0, 0, 0])
    await clock.advance(60_000)
    const searches = askAtOnce(budget, 20, clock.now() + PATIENCE_MS)
    await clock.advance(PATIENCE_MS)
    expect(searches.waitedMs.filter((ms) => ms === 0)).toHaveLength(15)
    expect(searches.waitedMs.length + searches.toldMs.length).toBe(20)
    expect(new Set(searches.toldMs).size).toBe(searches.toldMs.length)
  })

  it('lets trials leave at the pace of the limit, and in no burst', async () => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    const { waitedMs } = askAtOnce(budget, 4, clock.now() + PATIENCE_MS, list('a', 'trial'))
    await clock.advance(PATIENCE_MS)
    waitedMs.forEach((ms, n) => {
      expect(ms).toBeCloseTo(n * safePace(LISTS).intervalMs, -1)
    })
    expect(waitedMs).toHaveLength(4)
  })

  it('lets changes leave at once after a burst of reads', async () => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    askAtOnce(budget, 20, clock.now() + PATIENCE_MS)
    await clock.advance(1000)
    const changes = askAtOnce(budget, 4, clock.now(), { ...list('a', 'mutation'), endpoint: 'write' })
    await clock.advance(0)
    expect(changes.waitedMs).toEqual([0, 0, 0, 0])
  })
})

it('half of 100 calls a second leave at once', async () => {
  const { clock, budget } = createBudget(ADDRESS)
  using _ = budget
  const { waitedMs } = askAtOnce(budget, 60, clock.now() + 1000)
  await clock.advance(1000)
  expect(waitedMs.filter((ms) => ms === 0)).toHaveLength(50)
  expect(waitedMs).toHaveLength(60)
})

describe('an assumed limit', () => {
  it('lets a tenth leave at once, and the rest within half a second', async () => {
    const { clock, budget } = createBudget()
    using _ = budget
    const { waitedMs } = askAtOnce(budget, 50, clock.now() + 1000)
    await clock.advance(1000)
    expect(waitedMs.filter((ms) => ms === 0)).toHaveLength(10)
    expect(Math.max(...waitedMs)).toBeLessThan(500)
    expect(waitedMs).toHaveLength(50)
  })

  it('causes few refusals at an unknown service that allows ten requests a second, since later calls wait', async () => {
    const { clock, budget } = createBudget()
    using _ = budget
    let sent = 0
    let refused = 0
    const callStranger = async (): Promise<void> => {
      const { grantedAt } = await budget.acquire({ ...list('a'), deadline: FOREVER })
      sent += 1
      const isRefused = sent > 10
      await clock.sleep(50)
      if (!isRefused) return
      refused += 1
      budget.observe({ tenantKey: 'a', endpoint: 'list', status: 429, retryAfterMs: 1000, grantedAt })
    }
    // The budget is disposed before all have left.
    for (let n = 0; n < 50; n++) callStranger().catch(() => {})
    await clock.advance(900)
    expect(refused).toBeLessThan(6)
  })
})

it.each([
  ['30 a minute', { ...LISTS, scope: 'address' } as const, 0.96, 13_000],
  ['100 a second', ADDRESS, 0.92, 200],
])('a flood at %s leaves no long gaps to any class, and wastes little', async (_, limit, leastUse, longestGapMs) => {
  const { clock, budget } = createBudget(limit)
  using _budget = budget
  const log: Departure[] = []
  askGreedily(budget, log, [list('a'), list('b'), list('a', 'live'), list('b', 'resync')])
  await clock.advance(10 * limit.windowMs)
  expect(log.length / (10 * limit.limit)).toBeGreaterThanOrEqual(leastUse)
  const gaps = log.map(({ at }, index) => at - (log[index - 1]?.at ?? at))
  expect(Math.max(...gaps)).toBeLessThan(longestGapMs)
})

it('a flood at 100 a second uses the room that cold connections leave', async () => {
  const clock = new VirtualClock(1000)
  using budget = createMemoryBudget({ serviceName: 'test', limits: [ADDRESS], clock })
  const random = seededRandom(3)
  const sentAt: number[] = []
  const callGreedily = async (call: CallRequest): Promise<void> => {
    for (;;) {
      const permit = await budget.acquire({ ...call, deadline: FOREVER })
      if (random() < 0.055) await clock.sleep(random() * 250)
      permit.sent()
      sentAt.push(clock.now())
      await clock.sleep(random() * 300)
    }
  }
  for (const tenant of ['a', 'b', 'c']) {
    for (let flood = 0; flood < 12; flood++) {
      for (const call of [list(tenant), list(tenant, 'live')]) callGreedily(call).catch(() => {})
    }
  }
  await clock.advance(60_000)
  // 91.3 % at the even pace.
  expect(sentAt.filter((at) => at > 2000).length / 5900).toBeGreaterThanOrEqual(0.917)
  expect(mostInAnyWindow(sentAt, 1050)).toBeLessThanOrEqual(100)
})

it.each(['interactive', 'live', 'resync'] as const)('a flood of mutations does not starve %s calls', async (kind) => {
  const { clock, budget } = createBudget({ ...LISTS, scope: 'address' })
  using _ = budget
  const log: Departure[] = []
  askGreedily(budget, log, [list('a', 'mutation'), list('b', kind)])
  await clock.advance(600_000)
  expect(log.filter((each) => each.class === kind).length).toBeGreaterThanOrEqual(9)
})

describe('a call that is held until its request is sent', () => {
  it('exceeds no window at the service, however long connections take', async () => {
    const call = fc.record({
      tenantKey: fc.constantFrom('a', 'b'),
      endpoint: fc.constantFrom('list', 'write'),
      class: fc.constantFrom('mutation', 'interactive', 'live', 'resync'),
    })
    const step = fc.record({
      call,
      copies: fc.integer({ min: 1, max: 40 }),
      connectMs: fc.nat(2500),
      restMs: fc.nat(1500),
      isLost: fc.boolean(),
    })
    const limits = fc.record({ limit: fc.integer({ min: 1, max: 40 }), windowMs: fc.constantFrom(500, 1000, 3000) })
    const kept = countTenants()
    const budgets: RequestBudget[] = []
    await fc.assert(
      fc.asyncProperty(limits, fc.array(step, { minLength: 1, maxLength: 12 }), async (numbers, steps) => {
        const limit: RateLimit = { ...numbers, scope: 'address', endpoint: 'all' }
        const clock = new VirtualClock()
        const budget = countWaiting(createMemoryBudget({ serviceName: 'test', limits: [limit], clock }))
        const arrivals: number[] = []
        let order = 0
        for (const { call: each, copies, connectMs, restMs, isLost } of steps) {
          for (let n = 0; n < copies; n++) {
            void budget.acquire({ ...each, deadline: FOREVER }).then(async (permit) => {
              order += 1
              await clock.sleep((connectMs * (order % 5)) / 4)
              if (isLost && order % 3 === 0) return permit.giveBack()
              permit.sent()
              permit.giveBack()
              arrivals.push(clock.now() + ((order * 7919) % 51))
            })
          }
          await clock.advance(restMs)
        }
        await clock.advance(5_000_000)
        expect(mostInAnyWindow(arrivals, limit.windowMs)).toBeLessThanOrEqual(limit.limit)
        expect([budget.waiting, clock.pendingTimers]).toEqual([0, 0])
        budgets.push(budget)
      }),
      { numRuns: 60 },
    )
    expect(kept()).toBe(0)
    for (const budget of budgets) budget[Symbol.dispose]()
  }, 60_000)
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import { createRequestBudget } from '../../../../src/upstream/budget/create-request-budget.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallRequest, RequestBudget } from '../../../../src/upstream/budget/request-budget.ts'
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
import { VirtualClock } from '../../../support/virtual-clock.ts'

const LISTS: RateLimit = { ...ADDRESS, limit: 30, windowMs: 60_000, scope: 'token' }
/** What a read of 30 s may wait, so that a fifth of its time is left for the answer. */
const PATIENCE_MS = 24_000

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
  it('answers 15 of 20 searches at once, and the others within 24 s', async () => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    const { waitedMs, toldMs } = askAtOnce(budget, 20, clock.now() + PATIENCE_MS)
    await clock.advance(PATIENCE_MS)
    expect(waitedMs.filter((ms) => ms === 0)).toHaveLength(15)
    expect([waitedMs.length, toldMs]).toEqual([20, []])
  })

  it('tells each call that it refuses a time of its own, at which there is room', async () => {
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

  it('answers four counts within a second beside a subscription, and most of 20 searches in their time', async () => {
    const { clock, budget } = createBudget(LISTS)
    using _ = budget
    poll(budget, clock).catch(() => {})
    await clock.advance(120_000)
    const counts = askAtOnce(budget, 4, clock.now() + 1000)
    await clock.advance(1000)
    expect(counts.waitedMs).toHaveLength(4)
    await clock.advance(120_000)
    const searches = askAtOnce(budget, 20, clock.now() + PATIENCE_MS)
    await clock.advance(PATIENCE_MS)
    expect(searches.waitedMs.length).toBeGreaterThanOrEqual(12)
    expect(searches.waitedMs.length + searches.toldMs.length).toBe(20)
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

it.each(['interactive', 'live', 'resync'] as const)('a flood of mutations does not starve %s calls', async (kind) => {
  const { clock, budget } = createBudget({ ...LISTS, scope: 'address' })
  using _ = budget
  const log: Departure[] = []
  askGreedily(budget, log, [list('a', 'mutation'), list('b', kind)])
  await clock.advance(600_000)
  expect(log.filter((each) => each.class === kind).length).toBeGreaterThanOrEqual(9)
})

describe('a call that is held until its request is sent', () => {
  it('keeps every window at the service, whatever connections take', async () => {
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
        const budget = createRequestBudget({ serviceName: 'test', limits: [limit], clock })
        const arrivals: number[] = []
        let order = 0
        for (const { call: each, copies, connectMs, restMs, isLost } of steps) {
          for (let n = 0; n < copies; n++) {
            void budget.acquire({ ...each, deadline: FOREVER }, { isHeld: true }).then(async (permit) => {
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

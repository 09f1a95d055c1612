import { setMaxListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallRequest, RequestBudget } from '../../../../src/upstream/budget/request-budget.ts'
import { jainFairness, mostInAnyWindow, percentile } from '../../../support/sliding-log.ts'
import {
  ADDRESS,
  askGreedily,
  countTenants,
  createBudgetAt,
  type Departure,
  list,
} from '../../../support/upstream/budget-harness.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const TENANTS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const TEN_MINUTES_MS = 600_000
/** The network may squeeze calls by this much. */
const JITTER_MS = 50

const LIMITS: RateLimit[] = [ADDRESS, { ...ADDRESS, limit: 30, windowMs: 60_000 }]

describe.each(LIMITS)('ten minutes of more than enough demand, at $limit calls in $windowMs ms', (limit) => {
  /** Every call that left, with a mutation asked for now and then if `everyMs` is given. */
  async function load(calls: readonly CallRequest[], mutationEveryMs = TEN_MINUTES_MS) {
    const clock = new VirtualClock(12_345.678)
    const mutation: CallRequest = { tenantKey: 'editor', endpoint: 'write', class: 'mutation' }
    using budget = createBudgetAt(clock, [limit])
    const log: Departure[] = []
    askGreedily(budget, log, calls)
    for (let passedMs = 0; passedMs < TEN_MINUTES_MS; passedMs += mutationEveryMs) {
      await clock.advance(mutationEveryMs)
      const asked = budget.acquire({ ...mutation, deadline: Number.POSITIVE_INFINITY })
      asked.then(
        ({ grantedAt, waitedMs }) => log.push({ ...mutation, at: grantedAt, waitedMs }),
        () => {},
      )
    }
    return log
  }

  it('never passes the limit in any window, uses at least 92 or 96 % of it, and shares it equally', async () => {
    const log = await load(TENANTS.map((tenant) => list(tenant)))
    const departures = log.map(({ at }) => at)
    const arrivals = departures.map((at, i) => at + ((i * 7919) % 101) * (JITTER_MS / 100))
    expect(mostInAnyWindow(departures, limit.windowMs + JITTER_MS)).toBeLessThanOrEqual(limit.limit)
    expect(mostInAnyWindow(arrivals, limit.windowMs)).toBeLessThanOrEqual(limit.limit)
    expect(log.length / ((TEN_MINUTES_MS / limit.windowMs) * limit.limit)).toBeGreaterThanOrEqual(
      limit === ADDRESS ? 0.92 : 0.96,
    )
    const shares = TENANTS.map((tenant) => log.filter((each) => each.tenantKey === tenant).length)
    expect(jainFairness(shares)).toBeGreaterThanOrEqual(0.999)
  }, 60_000)

  it('lets mutations through within 50 ms and live status at its floor while queries flood', async () => {
    const queries = TENANTS.flatMap((tenant) => [list(tenant), list(tenant, 'live'), list(tenant, 'resync')])
    // After the first window: the burst of queries after a rest is no flood.
    const all = await load(queries, limit.windowMs / 7)
    const log = all.filter(({ at }) => at > (all[0]?.at ?? 0) + limit.windowMs)
    const of = (requestClass: string) => log.filter((each) => each.class === requestClass)
    expect(of('mutation').length / log.length).toBeGreaterThan(0.05)
    if (limit === ADDRESS)
      expect(
        percentile(
          of('mutation').map(({ waitedMs }) => waitedMs),
          0.99,
        ),
      ).toBeLessThan(50)
    expect(of('live').length / log.length).toBeGreaterThanOrEqual(0.19)
    expect(of('resync').length / log.length).toBeGreaterThanOrEqual(0.045)
    expect(log.length / ((TEN_MINUTES_MS / limit.windowMs) * limit.limit)).toBeGreaterThanOrEqual(0.9)
  }, 60_000)
})

describe('thirty calls a minute', () => {
  it('hold one call ready for a mutation, and let each further one wait for an interval at most', async () => {
    const clock = new VirtualClock()
    using budget = createBudgetAt(clock, LIMITS.slice(1))
    askGreedily(budget, [], [list('a'), list('b', 'live')])
    await clock.advance(300_000)
    const waitedMs: number[] = []
    for (let i = 0; i < 3; i++) {
      const asked = budget.acquire({ ...list('c', 'mutation'), deadline: Number.POSITIVE_INFINITY })
      await clock.advance(2200)
      waitedMs.push((await asked).waitedMs)
    }
    expect(waitedMs[0]).toBe(0)
    expect(Math.max(...waitedMs)).toBeLessThan(2 * (60_050 / 28))
  })
})

describe('any demand', () => {
  const limits = fc.constantFrom<RateLimit[]>(
    [ADDRESS],
    [{ ...ADDRESS, limit: 30, windowMs: 60_000 }],
    [ADDRESS, { ...ADDRESS, scope: 'token', limit: 20 }],
    [
      { ...ADDRESS, scope: 'token', endpoint: 'list', limit: 5 },
      { ...ADDRESS, limit: 40 },
      { ...ADDRESS, endpoint: 'write', limit: 12 },
    ],
    [{ ...ADDRESS, limit: 1 }],
    [{ ...ADDRESS, limit: 2, assumed: true }],
  )
  const call = fc.record({
    tenantKey: fc.constantFrom('a', 'b', 'c'),
    endpoint: fc.constantFrom('list', 'item', 'write'),
    class: fc.constantFrom('mutation', 'interactive', 'live', 'resync'),
  })
  const step = fc.record({
    call,
    copies: fc.integer({ min: 1, max: 60 }),
    patienceMs: fc.oneof(fc.nat(3000), fc.constant(Number.POSITIVE_INFINITY)),
    isAborted: fc.boolean(),
    restMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 700, noNaN: true })),
    jitterMs: fc.double({ min: 0, max: JITTER_MS, noNaN: true }),
    status: fc.constantFrom(200, 200, 200, 429),
  })

  it('keeps every limit, answers every call by its deadline, and leaves nothing behind', async () => {
    const kept = countTenants()
    const budgets: RequestBudget[] = []
    await fc.assert(
      fc.asyncProperty(limits, fc.array(step, { minLength: 1, maxLength: 25 }), async (each, steps) => {
        const clock = new VirtualClock()
        const budget = createBudgetAt(clock, each)
        budgets.push(budget)
        const arrivals: (CallRequest & { at: number })[] = []
        let open = 0
        for (const { call, copies, patienceMs, isAborted, restMs, jitterMs, status } of steps) {
          const controller = new AbortController()
          setMaxListeners(0, controller.signal)
          const deadline = clock.now() + patienceMs
          for (let i = 0; i < copies; i++) {
            open += 1
            budget
              .acquire({ ...call, deadline }, { signal: controller.signal })
              .then(
                ({ grantedAt }) => {
                  expect(grantedAt).toBeLessThanOrEqual(deadline)
                  arrivals.push({ ...call, at: grantedAt + jitterMs })
                },
                () => expect(isAborted || clock.now() <= deadline + 1).toBe(true),
              )
              .finally(() => {
                open -= 1
              })
          }
          await clock.advance(restMs)
          if (isAborted) controller.abort()
          if (status === 429) budget.observe({ ...call, status, retryAfterMs: restMs })
        }
        await clock.advance(5_000_000)
        expect([open, budget.waiting, clock.pendingTimers]).toEqual([0, 0, 0])
        for (const { endpoint, scope, windowMs, limit } of each) {
          const counted = arrivals.filter((arrival) => endpoint === 'all' || arrival.endpoint === endpoint)
          const groups =
            scope === 'token' ? TENANTS.map((t) => counted.filter(({ tenantKey }) => tenantKey === t)) : [counted]
          for (const group of groups) {
            const most = mostInAnyWindow(
              group.map(({ at }) => at),
              windowMs,
            )
            expect(most).toBeLessThanOrEqual(limit)
          }
        }
      }),
      { numRuns: 60 },
    )
    expect(kept()).toBe(0)
    for (const budget of budgets) budget[Symbol.dispose]()
  }, 60_000)
})

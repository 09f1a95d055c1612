import { describe, expect, it } from 'vitest'
import { RateLimitedError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'
import {
  ADDRESS,
  ask,
  askGreedily,
  countTenants,
  createBudget,
  type Departure,
  FOREVER,
  isKept,
  LISTS,
  list,
  saturate,
  settled,
} from '../../../support/upstream/budget-harness.ts'

const ANY: RateLimit = { limit: 60, windowMs: 60_000, scope: 'token', endpoint: 'all' }

describe('an idle budget', () => {
  it('lets a call leave in the same turn', async () => {
    const { clock, budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    const turn: string[] = []
    setImmediate(() => turn.push('next turn'))
    expect(await budget.acquire({ ...list('a'), deadline: clock.now() })).toEqual({ grantedAt: 1000, waitedMs: 0 })
    expect(turn).toEqual([])
  })

  it('passes all cells or touches none', async () => {
    const { budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    await saturate(budget, list('a'))
    const before = budget.snapshot('a')
    ask(budget, list('a'), 0)
    ask(budget, list('a'))
    expect(budget.snapshot('a')).toEqual(before)
    expect(budget.expectedWaitMs({ ...list('a'), endpoint: 'item' })).toBe(0)
  })
})

describe('a call that has to wait', () => {
  it('gets its permit when the slot comes free, to be filled with all that waits by then', async () => {
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    await saturate(budget, list('a'))
    const lookups = ['first']
    const sent = budget.acquire({ ...list('a'), deadline: FOREVER }).then(() => lookups.splice(0))
    await clock.advance(5)
    lookups.push('second')
    await clock.advance(20)
    expect(await sent).toEqual(['first', 'second'])
  })

  it('fails at once when the expected wait passes its deadline, and says when to come back', async () => {
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    await saturate(budget, list('a'))
    const waiting = Array.from({ length: 100 }, () => ask(budget, list('a')))
    const expectedMs = budget.expectedWaitMs(list('a'))
    expect(expectedMs).toBeLessThan(103 * (1050 / 98) + 600)
    const refused = ask(budget, list('a'), clock.now() + expectedMs - 1)
    const accepted = ask(budget, list('a'), clock.now() + expectedMs + 2)
    await settled()
    expect(refused.outcome).toBeInstanceOf(RateLimitedError)
    expect(refused.outcome).toMatchObject({ service: 'test', retryAfterMs: Math.ceil(expectedMs) })
    await clock.advance(expectedMs + 2)
    expect([...waiting, accepted].map(({ outcome }) => outcome)).toEqual(Array(101).fill('granted'))
  })

  it.each([
    ['of its tenant', LISTS],
    ['of the address', ADDRESS],
  ])('leaves at its deadline when a slot %s comes in that moment', async (_, limit) => {
    const { clock, budget } = createBudget(limit)
    using __ = budget
    await saturate(budget, list('a'))
    const asked = ask(budget, list('a'), clock.now() + budget.expectedWaitMs(list('a')))
    await clock.advance(60_000)
    expect(asked.outcome).toBe('granted')
  })

  it('fails at its deadline when more urgent calls came before it', async () => {
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    await saturate(budget, list('a'))
    const call = ask(budget, list('a', 'resync'), clock.now() + 30)
    askGreedily(budget, [], [list('b', 'mutation')])
    await clock.advance(31)
    expect(call.outcome).toBeInstanceOf(RateLimitedError)
    expect(call.outcome).toMatchObject({ retryAfterMs: expect.any(Number) })
  })

  it('leaves no trace when it is aborted, and rejects with the reason', async () => {
    const kept = countTenants()
    const { clock, budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    const reason = new Error('nobody wants it')
    await saturate(budget, list('a'))
    const before = budget.expectedWaitMs(list('a'))
    const controller = new AbortController()
    const calls = [list('a'), list('a', 'live'), list('b'), list('b', 'mutation')].flatMap((call) => [
      ask(budget, call, FOREVER, controller.signal),
      ask(budget, call, clock.now() + 60_000, controller.signal),
    ])
    await settled()
    const left = calls.filter(({ outcome }) => outcome === 'waits')
    expect(left.length).toBeGreaterThan(3)
    controller.abort(reason)
    await settled()
    expect(left.map(({ outcome }) => outcome)).toEqual(left.map(() => reason))
    expect([budget.waiting, budget.expectedWaitMs(list('a'))]).toEqual([0, before])
    await clock.advance(200_000)
    expect([kept(), clock.pendingTimers]).toEqual([0, 0])
  })

  it('never enters the queue when it is aborted already', async () => {
    const kept = countTenants()
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    const reason = new Error('too late')
    await expect(
      budget.acquire({ ...list('a'), deadline: FOREVER }, { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason)
    expect([kept(), clock.pendingTimers]).toEqual([0, 0])
  })

  it('does not hold back the calls of tenants and endpoints that may leave', async () => {
    const { clock, budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    await saturate(budget, list('a'))
    await clock.advance(50)
    const held = Array.from({ length: 50 }, () => ask(budget, list('a', 'mutation')))
    const free = [ask(budget, list('b', 'resync')), ask(budget, { ...list('a', 'live'), endpoint: 'item' })]
    await clock.advance(20)
    expect(free.map(({ outcome }) => outcome)).toEqual(['granted', 'granted'])
    expect(held.filter(({ outcome }) => outcome === 'waits')).toHaveLength(42)
  })
})

describe('classes', () => {
  it('answer a mutation at once while queries and polls have used up everything', async () => {
    for (const limit of [ADDRESS, { ...ADDRESS, limit: 30, windowMs: 60_000 }]) {
      const { clock, budget } = createBudget(limit)
      using _ = budget
      askGreedily(budget, [], [list('a'), list('a', 'live'), list('b', 'resync')])
      await clock.advance(limit.windowMs * 3)
      const { waitedMs } = await budget.acquire({
        tenantKey: 'a',
        endpoint: 'write',
        class: 'mutation',
        deadline: FOREVER,
      })
      expect(waitedMs).toBe(0)
    }
  })

  it('get no floor beyond the limit of their own endpoint', async () => {
    const { clock, budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    const log: Departure[] = []
    askGreedily(budget, log, [{ ...list('a'), endpoint: 'item' }, list('a', 'live')])
    await clock.advance(120_000)
    const lists = log.filter(({ endpoint }) => endpoint === 'list').map(({ at }) => at)
    expect(lists.length).toBeGreaterThan(50)
    expect(mostInAnyWindow(lists, 60_050)).toBeLessThanOrEqual(30)
  })

  it('keep their floors within one tenant whose own token is the bottleneck', async () => {
    const { clock, budget } = createBudget(ANY)
    using _ = budget
    const log: Departure[] = []
    const tenants = ['a', 'b', 'c', 'd', 'e']
    askGreedily(
      budget,
      log,
      tenants.flatMap((tenant) => [{ ...list(tenant), endpoint: 'item' }, list(tenant, 'live')]),
    )
    await clock.advance(600_000)
    for (const tenant of tenants) {
      const own = log.filter((each) => each.tenantKey === tenant)
      const share = own.filter((each) => each.class === 'live').length / own.length
      expect(share).toBeGreaterThanOrEqual(0.19)
      expect(share).toBeLessThan(0.35)
    }
  })
})

describe('a snapshot', () => {
  it('shows each limit as the tenant sees it', async () => {
    const { clock, budget } = createBudget(ADDRESS, LISTS)
    using _ = budget
    for (let i = 0; i < 2; i++) {
      for (const tenant of ['a', 'b']) await budget.acquire({ ...list(tenant), deadline: FOREVER })
      await budget.acquire({ ...list('a'), endpoint: 'item', deadline: FOREVER })
      await clock.advance(2150 * (1 - i))
    }
    const address = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all', assumed: false }
    const lists = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list', assumed: false }
    expect(budget.snapshot('b')).toEqual([
      { ...address, remaining: 97, resetsInMs: expect.any(Number) },
      { ...lists, remaining: 28, resetsInMs: expect.any(Number) },
    ])
    expect(budget.snapshot()).toEqual([
      { ...address, remaining: 97, resetsInMs: expect.any(Number) },
      { ...lists, remaining: 30, resetsInMs: 0 },
    ])
  })

  it('shows an assumed limit where the service publishes none', () => {
    const { budget } = createBudget()
    using _ = budget
    expect(budget.snapshot('a')).toEqual([
      { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all', assumed: true, remaining: 100, resetsInMs: 0 },
    ])
  })
})

describe('memory', () => {
  it('is given back for tenants with nothing waiting and nothing used', async () => {
    const kept = countTenants()
    const { clock, budget } = createBudget(ADDRESS)
    using _ = budget
    const calls = Array.from({ length: 200 }, (_, i) => ask(budget, list(`tenant ${i}`), clock.now() + 60_000))
    await clock.advance(4000)
    expect(calls.every(({ outcome }) => outcome === 'granted')).toBe(true)
    expect(kept()).toBeLessThan(200)
    await clock.advance(2000)
    expect([kept(), budget.waiting, clock.pendingTimers]).toEqual([0, 0, 0])
  })

  it('remembers a pause and a slow-down for as long as they last', async () => {
    const { clock, budget } = createBudget()
    using _ = budget
    const tenantKey = 'paused and slowed down'
    budget.observe({ tenantKey, endpoint: 'list', status: 429, retryAfterMs: 10_000 })
    await clock.advance(39_000)
    expect(isKept(tenantKey)).toBe(true)
    await clock.advance(2000)
    expect([isKept(tenantKey), clock.pendingTimers]).toEqual([false, 0])
  })

  it('keeps nothing of answers that say nothing about the budget', () => {
    const kept = countTenants()
    const { budget } = createBudget(ADDRESS)
    using _ = budget
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 200 })
    expect(kept()).toBe(0)
  })
})

describe('a disposed budget', () => {
  it('fails what waits and what comes, and leaves no timer', async () => {
    const { clock, budget } = createBudget(ADDRESS)
    await saturate(budget, list('a'))
    const waiting = ask(budget, list('a'), clock.now() + 5000)
    budget[Symbol.dispose]()
    const late = ask(budget, list('a'))
    budget.observe({ tenantKey: 'a', endpoint: 'list', status: 429 })
    await settled()
    expect([waiting.outcome, late.outcome]).toEqual([
      expect.any(ServiceUnavailableError),
      expect.any(ServiceUnavailableError),
    ])
    expect([budget.waiting, clock.pendingTimers]).toEqual([0, 0])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallRequest, RequestBudget } from '../../../../src/upstream/budget/request-budget.ts'
import type { BudgetClass } from '../../../../src/upstream/budget/request-class.ts'
import { Standings } from '../../../../src/upstream/budget/standings.ts'
import {
  ADDRESS,
  askGreedily,
  createBudgetAt,
  type Departure,
  FOREVER,
  list,
  saturate,
  settled,
} from '../../../support/upstream/budget-harness.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const BY_TOKEN: RateLimit = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }

/** A budget of which some tenants are accepted. All others come from one network each, or from none. */
function createBudget(limits: readonly RateLimit[], accepted: readonly string[] = []) {
  const clock = new VirtualClock(1000)
  const standings = new Standings()
  for (const tenantKey of accepted) standings.accept(tenantKey)
  const budget = createBudgetAt(clock, limits, standings.sharedTurnOf)
  const madeUp = (count: number, network = 'attacker') =>
    Array.from({ length: count }, (_, n) => {
      standings.cameFrom(`${network} ${n}`, network)
      return `${network} ${n}`
    })
  return { clock, standings, budget, madeUp }
}

/** Asks for a call that waits for `waitMs` at most. Returns the milliseconds after which it should come back if it is refused. */
async function told(budget: RequestBudget, call: CallRequest, deadline: number): Promise<number | undefined> {
  const outcome = await budget.acquire({ ...call, deadline }).catch((error) => error)
  return outcome instanceof RateLimitedError ? outcome.retryAfterMs : undefined
}

const countOf = (log: readonly Departure[], isCounted: (tenantKey: string) => boolean) =>
  log.filter(({ tenantKey }) => isCounted(tenantKey)).length

describe('tenants that share a turn', () => {
  it.each(['mutation', 'interactive', 'live', 'resync'] as const)(
    'get as many calls of the class %s, all together, as one that has its own',
    async (requestClass: BudgetClass & CallRequest['class']) => {
      const honest = ['a', 'b', 'c']
      const { clock, budget, madeUp } = createBudget([ADDRESS], honest)
      using _ = budget
      const log: Departure[] = []
      askGreedily(
        budget,
        log,
        [...madeUp(200), ...honest].map((key) => list(key, requestClass)),
      )
      await clock.advance(10_000)
      log.length = 0
      await clock.advance(10_000)
      const each = honest.map((key) => countOf(log, (tenantKey) => tenantKey === key))
      const shared = countOf(log, (tenantKey) => tenantKey.startsWith('attacker'))
      for (const calls of each) expect(Math.abs(calls - shared)).toBeLessThanOrEqual(1)
      expect(shared).toBeGreaterThan(10)
    },
  )

  it('take turns among themselves, and those of each network have one turn', async () => {
    const { clock, budget, madeUp } = createBudget([ADDRESS], ['a'])
    using _ = budget
    const log: Departure[] = []
    const keys = [...madeUp(10), ...madeUp(3, 'home'), 'nobody knows from where', 'a']
    askGreedily(
      budget,
      log,
      keys.map((key) => list(key)),
    )
    await clock.advance(60_000)
    const turns = ['attacker', 'home', 'nobody', 'a'].map((name) => {
      return countOf(log, (key) => key === name || key.startsWith(`${name} `))
    })
    expect(Math.max(...turns) - Math.min(...turns)).toBeLessThan(70)
    const inside = madeUp(10).map((name) => countOf(log, (key) => key === name))
    expect(Math.max(...inside) - Math.min(...inside)).toBeLessThan(15)
  })

  it('are refused as soon as their turn would come too late, and hold up nobody', async () => {
    const { clock, budget, madeUp } = createBudget([ADDRESS], ['a', 'b'])
    using _ = budget
    askGreedily(budget, [], [list('b')])
    const asked = madeUp(4_000).map((key) => told(budget, list(key), clock.now() + 1_000))
    await settled()
    // A second of the limit, half of which is for `b`, and not 4,000.
    expect(budget.waiting).toBeLessThan(70)
    expect(budget.expectedWaitMs(list('a'))).toBeLessThan(100)
    await clock.advance(1_000)
    expect((await Promise.all(asked)).filter((ms) => ms !== undefined).length).toBeGreaterThan(3_800)
  })

  it('count once in the times that others are told, however many of their calls were refused', async () => {
    const times: number[] = []
    for (const count of [1, 500]) {
      const { clock, budget, madeUp } = createBudget([ADDRESS], ['a', 'greedy'])
      using _ = budget
      await saturate(budget, list('greedy'))
      for (const key of madeUp(count)) await told(budget, list(key), clock.now())
      times.push((await told(budget, list('a'), clock.now())) ?? 0)
    }
    expect(times[1]).toBeCloseTo(times[0] ?? 0)
  })

  it('prolong no expected wait by the further requests of their lookups', async () => {
    const { budget, madeUp } = createBudget([ADDRESS], ['a'])
    using _ = budget
    await saturate(budget, list('a'))
    askGreedily(
      budget,
      [],
      madeUp(300).map((key) => list(key)),
      1,
    )
    // Each of the 300 has four requests more, but all have one turn between two of the five calls.
    expect(budget.expectedWaitMs(list('a'), 4, 300 * 4)).toBeLessThan(300)
  })

  it('pause nobody else by their 429s, which count as those of one tenant', async () => {
    const { clock, budget, madeUp } = createBudget([ADDRESS], ['a', 'b'])
    using _ = budget
    for (const tenantKey of madeUp(5))
      budget.observe({ tenantKey, endpoint: 'list', status: 429, retryAfterMs: 60_000 })
    expect(budget.expectedWaitMs(list('a'))).toBe(0)
    await clock.advance(5_000)
    for (const tenantKey of ['a', 'b'])
      budget.observe({ tenantKey, endpoint: 'list', status: 429, retryAfterMs: 60_000 })
    expect(budget.expectedWaitMs(list('c'))).toBeGreaterThan(0)
  })
})

describe('a tenant that is accepted', () => {
  it('has its own turn from then on, with the calls that wait already', async () => {
    const { clock, budget, standings, madeUp } = createBudget([ADDRESS], ['a'])
    using _ = budget
    const log: Departure[] = []
    askGreedily(
      budget,
      log,
      [...madeUp(200), 'a'].map((key) => list(key)),
    )
    standings.cameFrom('new', 'attacker')
    const left: number[] = []
    for (let n = 0; n < 10; n++)
      void budget.acquire({ ...list('new'), deadline: FOREVER }).then(({ grantedAt }) => left.push(grantedAt))
    await clock.advance(1_000)
    const acceptedAt = clock.now()
    const before = left.length
    standings.accept('new')
    budget.endSharing('new')
    await clock.advance(1_000)
    expect(before).toBeLessThan(3)
    expect(left.length).toBe(10)
    // A third of the calls are its own.
    expect(Math.max(...left) - acceptedAt).toBeLessThan(500)
    expect(Math.max(...left) - acceptedAt).toBeGreaterThan(100)
  })

  it('has used what it used before of its own limit', async () => {
    const { clock, budget, standings, madeUp } = createBudget([BY_TOKEN])
    using _ = budget
    const [first = '', second = ''] = madeUp(2)
    const log: Departure[] = []
    askGreedily(budget, log, [list(first)], 20)
    await clock.advance(10_000)
    standings.accept(first)
    budget.endSharing(first)
    await clock.advance(49_000)
    expect(log.length).toBeGreaterThan(25)
    expect(log.length).toBeLessThanOrEqual(30)
    // The limit of another token is its own, though the two shared a turn.
    expect(budget.expectedWaitMs(list(second))).toBe(0)
  })

  it('is not held up meanwhile by a neighbour whose own limit is used up', async () => {
    const { clock, budget, madeUp } = createBudget([ADDRESS, BY_TOKEN], ['a'])
    using _ = budget
    const [first = '', second = ''] = madeUp(2)
    askGreedily(budget, [], [list(first)], 40)
    await clock.advance(1_000)
    await saturate(budget, list('a'))
    const asked = told(budget, list(second), clock.now() + 100)
    await clock.advance(100)
    expect(await asked).toBe(undefined)
  })
})

it('never exceeds a limit, whoever is accepted when', async () => {
  const step = fc.record({ key: fc.nat(5), network: fc.nat(2), accepts: fc.boolean(), ms: fc.nat(3_000) })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const limits = [
        { ...ADDRESS, limit: 20 },
        { ...BY_TOKEN, limit: 10, windowMs: 5_000 },
      ]
      const { clock, budget, standings } = createBudget(limits)
      using _ = budget
      const log: Departure[] = []
      for (const { key, network, accepts, ms } of steps) {
        const tenantKey = `t${key}`
        standings.cameFrom(tenantKey, `n${network}`)
        askGreedily(budget, log, [list(tenantKey)], 2)
        if (accepts && standings.accept(tenantKey)) budget.endSharing(tenantKey)
        await clock.advance(ms)
      }
      const within = (at: number, windowMs: number, key?: string) =>
        log.filter((each) => each.at >= at && each.at < at + windowMs && (!key || each.tenantKey === key)).length
      for (const { at, tenantKey } of log) {
        expect(within(at, 1_000)).toBeLessThanOrEqual(20)
        expect(within(at, 5_000, tenantKey)).toBeLessThanOrEqual(10)
      }
    }),
    { numRuns: 60 },
  )
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Cadence, type PollDemand } from '../../../src/live/polling/cadence.ts'
import { changeRateOf } from '../../../src/live/polling/change-rate.ts'
import { seededRandom } from '../../support/seeded-random.ts'

const FAST = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' } as const
const NOBODY = { perMs: () => 0 }
const demand = fc.record({
  changeRate: fc.double({ min: 0.001, max: 50, noNaN: true }),
  shortestMs: fc.double({ min: 1000, max: 60_000, noNaN: true }),
  share: fc.constantFrom(0.05, 0.2, 1),
  requests: fc.integer({ min: 1, max: 20 }),
  endpoint: fc.constant('list' as const),
})

function settle(cadence: Cadence, demands: readonly PollDemand[]): number[] {
  let intervals: number[] = []
  for (let round = 0; round < 3; round++)
    intervals = demands.map((each, index) => cadence.intervalMs(`t${index}`, each))
  return intervals
}

it('polls with at most four fifths of the budget, and no tenant more often than it wants', () => {
  fc.assert(
    fc.property(fc.array(demand, { minLength: 1, maxLength: 400 }), (demands) => {
      const intervals = settle(new Cadence([FAST], NOBODY), demands)
      const perSecond = demands.reduce(
        (sum, { requests }, index) => sum + (1000 * requests) / (intervals[index] as number),
        0,
      )
      const wanted = demands.reduce((sum, { requests, shortestMs }) => sum + (1000 * requests) / shortestMs, 0)
      expect(perSecond).toBeLessThanOrEqual(80 * 1.000001)
      expect(demands.filter(({ shortestMs }, index) => (intervals[index] as number) < shortestMs)).toEqual([])
      // And all of it is used by those who want it.
      expect(perSecond).toBeGreaterThanOrEqual(Math.min(80, wanted) * 0.999999)
    }),
  )
})

it('leaves queries and changes the requests that they use, apart from a fifth for polls', () => {
  const demands = Array.from({ length: 500 }, () => {
    return { changeRate: 1, shortestMs: 1000, share: 1, requests: 1, endpoint: 'list' } as const
  })
  const perSecond = (urgent: number): number => {
    const intervals = settle(new Cadence([FAST], { perMs: () => urgent / 1000 }), demands)
    return intervals.reduce((sum, interval) => sum + 1000 / interval, 0)
  }
  expect(perSecond(5)).toBeCloseTo(80)
  expect(perSecond(50)).toBeCloseTo(93.333 - 50, 1)
  expect(perSecond(100)).toBeCloseTo(20)
})

/** At 30 lists a minute, polls leave room for 15 lists at once, and one list is kept for changes. */
const POLL_MS = 60_050.001 / 14

it('keeps a limit per token for each tenant', () => {
  const cadence = new Cadence([{ limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }], NOBODY)
  const one = { changeRate: 1, shortestMs: 1000, share: 1, requests: 1 }
  expect(cadence.intervalMs('a', { ...one, endpoint: 'list' })).toBeCloseTo(POLL_MS)
  expect(cadence.intervalMs('b', { ...one, requests: 2, endpoint: 'list' })).toBeCloseTo(2 * POLL_MS)
  expect(cadence.intervalMs('c', { ...one, endpoint: 'item' })).toBe(1000)
})

it('shares a limit per token among the services that get the same token', () => {
  const cadence = new Cadence([{ limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }], NOBODY)
  const one = { changeRate: 1, shortestMs: 1000, share: 1, requests: 1, endpoint: 'list' } as const
  expect(cadence.intervalMs('first:hash', one)).toBeCloseTo(POLL_MS)
  expect(cadence.intervalMs('second:hash', one)).toBeCloseTo(2 * POLL_MS)
  expect(cadence.intervalMs('first:hash', one)).toBeCloseTo(2 * POLL_MS)
  expect(cadence.intervalMs('first:other', one)).toBeCloseTo(POLL_MS)
  cadence.leave('second:hash')
  expect(cadence.intervalMs('first:hash', one)).toBeCloseTo(POLL_MS)
})

it('lets tenants that share a place poll as often, all together, as one with the same demand', () => {
  const one = { changeRate: 1, shortestMs: 1000, share: 1, requests: 1, endpoint: 'list' } as const
  const sharers = Array.from({ length: 500 }, (_, n) => `made up ${n}`)
  const cadence = new Cadence([FAST], NOBODY)
  let ofSharers: number[] = []
  let ofOthers: number[] = []
  for (let round = 0; round < 3; round++) {
    ofSharers = sharers.map((key) => cadence.intervalMs(key, one, { sharedTurn: 'unproven' }))
    ofOthers = Array.from({ length: 99 }, (_, n) => cadence.intervalMs(`t${n}`, one))
  }
  const perSecond = ofSharers.reduce((sum, ms) => sum + 1000 / ms, 0)
  expect(perSecond).toBeCloseTo(0.8)
  for (const ms of ofOthers) expect(ms).toBeCloseTo(1250)
  // Whoever is accepted has a place of its own, and whoever leaves leaves more to the others.
  const [first = '', second = ''] = sharers
  expect(cadence.intervalMs(first, one)).toBeCloseTo((1000 * 101) / 80)
  cadence.leave(second)
  expect(cadence.intervalMs('made up 2', one, { sharedTurn: 'unproven' })).toBeCloseTo((498 * 1000 * 101) / 80)
  for (const key of sharers) cadence.leave(key)
  expect(cadence.intervalMs('t0', one)).toBeCloseTo((1000 * 99) / 80)
})

it('gives unused budget of a tenant to the others, and does not let a tenant with very many pins starve them', () => {
  const one = { shortestMs: 1000, share: 1, requests: 1, endpoint: 'list' } as const
  const demands = Array.from({ length: 200 }, () => ({ ...one, changeRate: 0.3 }))
  const alone = settle(new Cadence([FAST], NOBODY), demands)
  const beside = settle(new Cadence([FAST], NOBODY), [...demands, { ...one, changeRate: 500, requests: 10 }])
  expect((beside[0] as number) / (alone[0] as number)).toBeLessThan(1.2)
})

it('always returns a finite interval of at least the shortest one, though sums of floating point numbers drift', () => {
  const limit = { limit: 30, windowMs: 60_000, scope: 'address', endpoint: 'all' } as const
  const cadence = new Cadence([limit], NOBODY)
  const random = seededRandom(1)
  const wrong: { shortestMs: number; intervalMs: number }[] = []
  for (let n = 0; n < 200_000; n++) {
    const shortestMs = random() < 0.5 ? 5_000 : 1_000 + 4_000 * random()
    const share = random() < 0.5 ? 1 : 0.2
    const need = { changeRate: random(), share, shortestMs, requests: 1, endpoint: 'list' } as const
    const intervalMs = cadence.intervalMs(`${n % 2}`, need)
    if (!(intervalMs >= shortestMs && Number.isFinite(intervalMs))) wrong.push({ shortestMs, intervalMs })
  }
  expect(wrong).toEqual([])
})

it('expects more changes of a pin, the more recently it changed', () => {
  expect(changeRateOf({ status: 'queued' }, 0)).toBe(0.5)
  expect(changeRateOf({ status: 'queued' }, 8_000)).toBe(0.1)
  expect(changeRateOf({ status: 'pinning' }, 0)).toBe(0.1)
  expect(changeRateOf({ status: 'pinning' }, 90_000)).toBe(0.01)
})

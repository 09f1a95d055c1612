import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../../src/upstream/budget/rate-limit.ts'
import { safePace } from '../../../../../src/upstream/budget/safe-pace.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { mostInAnyWindow } from '../../../../support/sliding-log.ts'
import { LISTS } from '../../../../support/upstream/budget-harness.ts'
import { type Answered, lookUpUntilAnswered, operationOf } from '../../../../support/upstream/come-back.ts'
import { createLookups, examplePin, range } from '../../../../support/upstream/lookup-harness.ts'

const PINS = range(3000).map(examplePin)

const toldMs = (looked: readonly { outcome: unknown }[]) =>
  looked.flatMap(({ outcome }) => (outcome instanceof RateLimitedError ? [outcome.retryAfterMs] : []))

describe('refused lookups', () => {
  it.each([300, 600, 1000])('are all answered when %i come at once and come back when told', async (count) => {
    const lookups = createLookups(PINS, { limits: [LISTS], answersInMs: 50 })
    const { clock, requests, lookUp, budget } = lookups
    const answered: Answered[] = []
    for (const n of range(count)) void lookUpUntilAnswered(lookups, n, 'web').then((each) => answered.push(each))
    await clock.advance((count / 10) * 2100 + 5000)
    expect(answered).toHaveLength(count)
    expect(answered.filter(({ told }) => told.length > 1)).toEqual([])
    // 200 were not refused. The others come back at their own times, and wait for a list or two.
    const waitsMs = answered.map(({ tookMs, told: [first = 0] }) => (first > 0 ? tookMs - first : 0))
    expect(Math.max(...waitsMs)).toBeLessThan(4500)
    expect(requests.length).toBeLessThanOrEqual(count / 10 + 2)

    await clock.advance(60_000)
    const fresh = lookUp(2999, { isContent: true })
    await clock.advance(100)
    expect(fresh.outcome).toEqual(['id-2999'])
    expect(budget.snapshot('alice')[0]?.remaining).toBe(29)
  })

  it('keep out nobody when they never come back', async () => {
    const { clock, lookUp } = createLookups(PINS, { limits: [LISTS], answersInMs: 50 })
    const flood = range(1500).map((n) => lookUp(n, { isContent: true }))
    await clock.advance(25_000)
    expect(flood.filter(({ outcome }) => outcome instanceof RateLimitedError)).toHaveLength(1300)
    const later = range(50, 2000).map((n) => lookUp(n, { isContent: true }))
    await clock.advance(20_000)
    expect(later.map(({ outcome }) => outcome)).toEqual(range(50, 2000).map((n) => [`id-${n}`]))
  })

  it('are told their own places by turns, so that a second caller is told less than the last of the first', async () => {
    const { clock, lookUp } = createLookups(PINS, { limits: [LISTS], answersInMs: 50 })
    const of = (caller: string, numbers: readonly number[]) =>
      numbers.map((n) => lookUp(n, { isContent: true, signal: operationOf(caller) }))
    const first = of('first', range(600))
    const second = of('second', range(600, 1000))
    await clock.advance(0)
    const [ofFirst, ofSecond] = [toldMs(first), toldMs(second)]
    // By turns, half of the 200 that fit before the next time are of the second caller.
    expect([ofFirst.length, ofSecond.length]).toEqual([400, 500])
    for (const told of [ofFirst, ofSecond]) expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(ofFirst.at(-1)).toBeCloseTo(122_000, -3.5)
    expect(ofSecond[0]).toBeLessThan(30_000)
    // Two callers take turns. So the hundredth of the second has as many before it as the two hundredth of the first had alone.
    expect(ofSecond[100]).toBeCloseTo(ofFirst[200] ?? 0, -4)
  })

  it('that others have delayed past their time are refused one by one, each with a time of its own', async () => {
    const { clock, lookUp, requests } = createLookups(PINS, { limits: [LISTS], answersInMs: 50 })
    const early = range(200).map((n) => lookUp(n, { isContent: true, signal: operationOf('early') }))
    await clock.advance(1000)
    const late = range(100, 1000).map((n) => lookUp(n, { isContent: true, signal: operationOf('late') }))
    await clock.advance(23_000)
    expect(requests.length).toBeLessThanOrEqual(21)
    expect(late.filter(({ outcome }) => Array.isArray(outcome)).length).toBeGreaterThanOrEqual(25)
    const told = toldMs(early)
    expect(told.length + early.filter(({ outcome }) => Array.isArray(outcome)).length).toBe(200)
    expect(told.length).toBeGreaterThan(20)
    expect(new Set(told).size).toBeGreaterThanOrEqual(3)
    expect(Math.max(...told)).toBeLessThan(22_000)
  })
})

describe('lookups by clients that obey', () => {
  it.each(range(24, 1))(
    'are all answered about when their places say, and an idle budget refuses none (seed %i)',
    async (seed) => {
      const random = seededRandom(seed)
      const pick = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
      const limit: RateLimit = {
        limit: pick(3, 60),
        windowMs: pick(5, 60) * 1000,
        endpoint: random() < 0.5 ? 'list' : 'all',
        scope: random() < 0.5 ? 'token' : 'address',
      }
      const { intervalMs, spanMs } = safePace(limit)
      const lookups = createLookups(PINS, { limits: [limit], answersInMs: 50 })
      const { clock, requests, lookUp } = lookups
      const answered: Answered[] = []
      const countOf = new Map<string, number>()
      const callers = pick(1, 6)
      let total = 0
      for (let burst = pick(1, 6); burst > 0; burst--) {
        const [callerKey, size] = [`caller-${pick(1, callers)}`, pick(1, 200)]
        countOf.set(callerKey, (countOf.get(callerKey) ?? 0) + size)
        for (const n of range(size, total)) {
          void lookUpUntilAnswered(lookups, n, callerKey).then((each) => answered.push(each))
        }
        total += size
        await clock.advance(pick(0, 20_000))
      }
      await clock.advance((total / 10) * intervalMs * 2 + 2 * spanMs)
      expect(answered).toHaveLength(total)
      for (const { callerKey, tookMs } of answered) {
        // By turns, each lookup of the caller has at most one of each other caller before it.
        const place = Math.min(total, countOf.size * (countOf.get(callerKey) ?? 0))
        expect(tookMs).toBeLessThan(1.5 * (Math.ceil(place / 10) * intervalMs + spanMs))
      }
      const sentAt = requests.map(({ at }) => at)
      expect(mostInAnyWindow(sentAt, limit.windowMs)).toBeLessThanOrEqual(limit.limit)

      await clock.advance(2 * spanMs)
      const fresh = lookUp(2999, { isContent: true, signal: operationOf('caller-1') })
      await clock.advance(50)
      expect(fresh.outcome).toEqual(['id-2999'])
    },
  )
})

import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../../src/upstream/budget/rate-limit.ts'
import { seededRandom } from '../../../../support/seeded-random.ts'
import { LISTS } from '../../../../support/upstream/budget-harness.ts'
import { operationOf } from '../../../../support/upstream/come-back.ts'
import { createLookups, examplePin, range } from '../../../../support/upstream/lookup-harness.ts'

const PER_SECOND: RateLimit = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }
const unreachable = new ServiceUnavailableError('test could not be reached', { service: 'test' })

/** Lookups at a service that can be down, and that note how long they took. */
function createTroubled(limit: RateLimit, answersInMs = 0) {
  const trouble = { isDown: false, since: 0 }
  const lookups = createLookups(range(3000).map(examplePin), {
    limits: [limit],
    answersInMs,
    fail: () => (trouble.isDown ? unreachable : undefined),
  })
  const { clock, service } = lookups
  let count = 0
  function look() {
    const since = clock.now()
    const looked = lookups.lookUp(count++ % 3000, { isContent: true, signal: operationOf('web') })
    const isKnown = service.health('alice').state === 'down'
    const begun = { looked, isKnown, isSameOutage: false, tookMs: Number.NaN }
    void looked.ended.then(() => {
      begun.tookMs = clock.now() - since
      begun.isSameOutage = trouble.isDown && trouble.since <= since
    })
    return begun
  }
  function setDown(isDown: boolean): void {
    if (isDown && !trouble.isDown) trouble.since = clock.now()
    trouble.isDown = isDown
  }
  /** Lets a lookup fail, so that the service is known to be down. */
  async function goDown(): Promise<void> {
    setDown(true)
    look()
    await clock.advance(1000)
    expect(service.health('alice').state).toBe('down')
  }
  return { clock, service, budget: lookups.budget, requests: lookups.requests, setDown, look, goDown }
}

describe('lookups of a service that is down', () => {
  it('each wait for 4.5 seconds, though the first of them shares its request with the others', async () => {
    const { clock, goDown, look } = createTroubled(PER_SECOND)
    await goDown()
    const begun = []
    for (const _ of range(60)) {
      begun.push(look())
      await clock.advance(150)
    }
    await clock.advance(5000)
    expect(begun.map(({ tookMs }) => tookMs)).toEqual(Array(60).fill(4500))
    for (const { looked } of begun) expect(looked.outcome).toBeInstanceOf(ServiceUnavailableError)
  })

  it('leave after 4.5 seconds, although the request that they share has waited for the budget since before', async () => {
    const { clock, service, setDown, look, requests } = createTroubled(LISTS)
    const before = range(180).map(look)
    await clock.advance(100)
    expect(requests).toHaveLength(15)
    setDown(true)
    const poll = { tenantKey: 'alice', token: 'token', endpoint: 'item', class: 'live', isRepeatable: true } as const
    const failing = range(3).map(() => service.call({ ...poll, send: () => Promise.reject(unreachable) }))
    await Promise.allSettled(failing)
    expect(service.health('alice').state).toBe('down')

    const begun = range(10).map(look)
    await clock.advance(2000)
    begun.push(...range(10).map(look))
    await clock.advance(5000)
    expect(begun.map(({ tookMs }) => tookMs)).toEqual(Array(20).fill(4500))
    for (const { looked } of begun) {
      expect(looked.outcome).toBeInstanceOf(ServiceUnavailableError)
      expect(looked.outcome).toMatchObject({ retryAfterMs: expect.any(Number), service: 'test' })
    }
    await clock.advance(30_000)
    expect(before.filter(({ looked }) => looked.outcome === 'waits')).toEqual([])
  })

  it('are found as soon as the service is back, those of all requests together', async () => {
    const { clock, goDown, look, setDown } = createTroubled(PER_SECOND)
    await goDown()
    await clock.advance(10_000)
    const begun = []
    for (const _ of range(30)) {
      begun.push(look())
      await clock.advance(100)
    }
    setDown(false)
    await clock.advance(1050)
    expect(begun.filter(({ looked }) => Array.isArray(looked.outcome))).toHaveLength(30)
  })

  it.each([0, 10_000])(
    'end within 5 s and not before 4.5 s, in outages of any length, where failures take %i ms',
    async (answersInMs) => {
      for (const seed of range(6, 1)) {
        const random = seededRandom(seed)
        const limit = random() < 0.5 ? LISTS : PER_SECOND
        const { clock, look, setDown, budget } = createTroubled(limit, answersInMs)
        const begun: ReturnType<typeof look>[] = []
        for (const _ of range(20)) {
          setDown(random() < 0.6)
          const until = clock.now() + random() * 20_000
          while (clock.now() < until) {
            if (random() < 0.7) begun.push(look())
            await clock.advance(300)
          }
        }
        setDown(true)
        await clock.advance(60_000)
        expect(begun.filter(({ looked }) => looked.outcome === 'waits')).toEqual([])
        const known = begun.filter(
          ({ isKnown, looked }) => isKnown && looked.outcome instanceof ServiceUnavailableError,
        )
        expect(known.length, `seed ${seed}`).toBeGreaterThan(20)
        expect(Math.min(...known.map(({ tookMs }) => tookMs))).toBe(4500)
        const inOneOutage = known.filter(({ isSameOutage }) => isSameOutage)
        expect(Math.max(...inOneOutage.map(({ tookMs }) => tookMs))).toBe(4500)
        expect([budget.waiting, clock.pendingTimers]).toEqual([0, 0])
      }
    },
  )

  it('stop at once when pinql stops', async () => {
    const { clock, goDown, look, service } = createTroubled(PER_SECOND)
    await goDown()
    const begun = []
    for (const _ of range(20)) {
      begun.push(look())
      await clock.advance(100)
    }
    await service[Symbol.asyncDispose]()
    await clock.advance(0)
    for (const { looked } of begun) expect(looked.outcome).toBeInstanceOf(ServiceUnavailableError)
    await clock.advance(30_000)
    expect(clock.pendingTimers).toBe(0)
  })
})

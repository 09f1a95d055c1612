import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimitedError } from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallRequest } from '../../../../src/upstream/budget/request-budget.ts'
import { safePace } from '../../../../src/upstream/budget/safe-pace.ts'
import { SingleFlight } from '../../../../src/upstream/waiting/single-flight.ts'
import { type Asker, Stop } from '../../../../src/upstream/waiting/stop.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'
import { ask, createBudget, FOREVER, list, saturate } from '../../../support/upstream/budget-harness.ts'

const MINUTE: RateLimit = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }

/** A list of one token, for an operation of its own. */
const listFor = (callerKey: string): CallRequest => ({ ...list('token'), asker: { callerKey } })

describe('callers of one token', () => {
  it('take turns, so that a lone call waits for one call of the greedy caller', async () => {
    const { clock, budget } = createBudget(MINUTE)
    using _ = budget
    await saturate(budget, listFor('greedy'))
    const greedy = Array.from({ length: 50 }, () => ask(budget, listFor('greedy')))
    const lone = ask(budget, listFor('lone'))
    const countOf = (calls: { outcome: unknown }[]) => calls.filter(({ outcome }) => outcome === 'granted').length
    while (lone.outcome === 'waits') await clock.advance(100)
    expect([lone.outcome, countOf(greedy)]).toEqual(['granted', 1])
  })

  it('give turns to the operations of each', async () => {
    const { clock, budget } = createBudget(MINUTE)
    using _ = budget
    const large: Asker = { callerKey: 'greedy' }
    await saturate(budget, listFor('greedy'))
    const first = Array.from({ length: 20 }, () => ask(budget, { ...list('token'), asker: large }))
    const small = ask(budget, listFor('greedy'))
    while (small.outcome === 'waits') await clock.advance(100)
    expect(first.filter(({ outcome }) => outcome === 'granted')).toHaveLength(1)
  })

  it('count calls without an operation as one caller, so that a lone call waits for only one of them', async () => {
    const { clock, budget } = createBudget(MINUTE)
    using _ = budget
    await saturate(budget, list('token'))
    const background = Array.from({ length: 20 }, () => ask(budget, list('token')))
    const lone = ask(budget, listFor('lone'))
    while (lone.outcome === 'waits') await clock.advance(100)
    expect(background.filter(({ outcome }) => outcome === 'granted')).toHaveLength(1)
  })

  it('share an equal read, which leaves in the first turn of any caller that waits for it', async () => {
    const { clock, budget } = createBudget(MINUTE)
    using _ = budget
    await saturate(budget, listFor('greedy'))
    const flights = new SingleFlight()
    const sent: string[] = []
    const read = (key: string, asker: Asker) =>
      flights.share(
        key,
        async (signal) => {
          await budget.acquire({ ...list('token'), asker: signal.asker, deadline: FOREVER }, { signal })
          sent.push(key)
        },
        { signal: new Stop({ asker }) },
      )
    const reads = Array.from({ length: 20 }, (_, n) => read(`${n}`, { callerKey: 'greedy' }))
    reads.push(read('15', { callerKey: 'lone' }))
    await clock.advance(180_000)
    await Promise.all(reads)
    expect(sent.slice(0, 3)).toEqual(['0', '15', '1'])
    expect(sent).toHaveLength(20)
  })

  it('are told the time of their own turn, whatever the other caller was told', async () => {
    const { clock, budget } = createBudget(MINUTE)
    using _ = budget
    const toldMs = async (callerKey: string): Promise<number> => {
      const error = await budget.acquire({ ...listFor(callerKey), deadline: clock.now() }).catch((reason) => reason)
      if (!(error instanceof RateLimitedError)) throw new Error('expected a refusal')
      return error.retryAfterMs
    }
    await saturate(budget, listFor('greedy'))
    for (let n = 0; n < 50; n++) ask(budget, listFor('greedy'), clock.now() + 22_000)
    const greedy: number[] = []
    for (let n = 0; n < 20; n++) greedy.push(await toldMs('greedy'))
    expect(Math.max(...greedy)).toBeGreaterThan(60_000)
    const loneMs = await toldMs('lone')
    expect(loneMs).toBeLessThan(20_000)
    await clock.advance(loneMs)
    const again = ask(budget, listFor('lone'), clock.now() + 22_000)
    await clock.advance(22_000)
    expect(again.outcome).toBe('granted')
  })
})

it('a lone call waits for at most a turn of each other caller, no window is passed, and nothing starves', async () => {
  const flood = fc.record({
    callerKey: fc.constantFrom('a', 'b', 'c'),
    operations: fc.integer({ min: 1, max: 4 }),
    calls: fc.integer({ min: 1, max: 40 }),
    restMs: fc.nat(3000),
  })
  const limits = fc.record({ limit: fc.integer({ min: 1, max: 40 }), windowMs: fc.constantFrom(500, 1000, 10_000) })
  await fc.assert(
    fc.asyncProperty(
      limits,
      fc.array(flood, { minLength: 1, maxLength: 6 }),
      fc.nat(3000),
      async (numbers, floods, loneAfterMs) => {
        const limit: RateLimit = { ...numbers, scope: 'token', endpoint: 'all' }
        const { clock, budget } = createBudget(limit)
        const sent: { readonly callerKey: string; readonly at: number }[] = []
        let asked = 0
        const call = (asker: Asker): Promise<void> => {
          asked += 1
          return budget.acquire({ ...list('token'), asker, deadline: FOREVER }).then(({ grantedAt }) => {
            sent.push({ callerKey: asker.callerKey, at: grantedAt })
          })
        }
        for (const { callerKey, operations, calls, restMs } of floods) {
          for (let operation = 0; operation < operations; operation++) {
            const asker = { callerKey }
            for (let n = 0; n < calls; n++) void call(asker)
          }
          await clock.advance(restMs)
        }
        await clock.advance(loneAfterMs)
        const before = sent.length
        void call({ callerKey: 'lone' })
        await clock.advance(asked * safePace(limit).spanMs)
        const index = sent.findIndex(({ callerKey }) => callerKey === 'lone')
        const first = sent.slice(before, index).map(({ callerKey }) => callerKey)
        expect(new Set(first).size).toBe(first.length)
        expect(sent).toHaveLength(asked)
        expect(
          mostInAnyWindow(
            sent.map(({ at }) => at),
            limit.windowMs + 50,
          ),
        ).toBeLessThanOrEqual(limit.limit)
        expect([budget.waiting, clock.pendingTimers]).toEqual([0, 0])
        budget[Symbol.dispose]()
      },
    ),
    { numRuns: 60 },
  )
}, 60_000)

import { describe, expect, it } from 'vitest'
import { RateLimitedError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import type { CallOptions } from '../../../../src/upstream/http/client.ts'
import { callTimes } from '../../../../src/upstream/service/call-times.ts'
import { LISTS } from '../../../support/upstream/budget-harness.ts'
import { operationOf } from '../../../support/upstream/come-back.ts'
import { createLookups, examplePin } from '../../../support/upstream/lookup-harness.ts'
import { createSearchedAccount, outcomesOf } from '../../../support/upstream/search-at-once.ts'

const READ = { class: 'interactive', isRepeatable: true } as const
/** The time of an operation, and after how much of it a read must have left. In milliseconds. */
const TIMES_MS = [
  [8_000, 5_867],
  [30_000, 22_000],
  [60_000, 52_000],
] as const
const KNOWN = { count: 'matching', multiStatus: true } as const

/** Starts an account at a known provider of 30 lists a minute. */
function startAccount(requestTimeoutMs: number, perName = 1) {
  const pins = { perName, others: 0, spread: ['pinned'] } as const
  return createSearchedAccount({ ...pins, limits: [LISTS], capabilities: KNOWN, requestTimeoutMs })
}

describe('the time of a read', () => {
  it.each([
    [8_000, 5_867, 6_667],
    [30_000, 22_000, 25_000],
    [60_000, 52_000, 55_000],
    [600_000, 592_000, 595_000],
  ])('is that of its operation of %i ms, less a rest for what follows', (totalMs, lastStart, deadline) => {
    const times = callTimes(READ, 1000, 10_000, 1000 + totalMs)
    expect([times.lastStart - 1000, times.deadline - 1000].map(Math.round)).toEqual([lastStart, deadline])
  })

  it('is three tries where its operation has no time limit', () => {
    expect(callTimes(READ, 1000, 10_000)).toEqual({ askedAt: 1000, lastStart: 23_000, deadline: 26_000 })
  })

  it.each(TIMES_MS)('is used up by waiting for the budget: of %i ms up to %i', async (timeoutMs, lastStart) => {
    const account = startAccount(timeoutMs)
    const searches = Array.from({ length: 50 }, (_, n) => account.search(`search ${n}`, ['pinned'], `caller ${n}`))
    await account.clock.advance(timeoutMs - 1)
    const all = searches.map(({ search }) => search)
    const { answered, toldAt } = outcomesOf(all)
    expect(answered.length + toldAt.length).toBe(50)
    const longestMs = Math.max(...answered.map(({ tookMs }) => tookMs))
    expect(longestMs).toBeLessThanOrEqual(lastStart)
    // A burst of 15 at once, and one in four seconds.
    expect(longestMs).toBeGreaterThan(lastStart - 4_100)
    expect(new Set(toldAt).size).toBe(toldAt.length)
    expect(Math.min(...toldAt)).toBeGreaterThan(lastStart)
  })

  it.each(TIMES_MS)('ends with an error of its own where the service hangs, within %i ms', async (timeoutMs) => {
    const { clock, service } = startAccount(timeoutMs)
    const endsAt = clock.now() + timeoutMs
    const hang = async (options: CallOptions): Promise<never> => {
      await clock.sleep(options.timeoutMs)
      throw new ServiceUnavailableError('no answer', { service: 'test', mayHaveActed: true })
    }
    let outcome: unknown
    service
      .call({
        ...{ ...READ, tenantKey: 'test:a', token: 'a', endpoint: 'list', signal: operationOf('a', { endsAt }) },
        send: (_, options) => hang(options),
      })
      .catch((error: unknown) => {
        outcome = error
      })
    await clock.advance(timeoutMs - 1)
    expect(outcome).toBeInstanceOf(ServiceUnavailableError)
  })
})

describe('the time of a lookup', () => {
  it.each(TIMES_MS)('is that of its operation: of %i ms it may wait for %i', async (timeoutMs, lastStart) => {
    const pins = Array.from({ length: 600 }, (_, n) => examplePin(n))
    const { clock, lookUp } = createLookups(pins, { limits: [LISTS], total: 5_000 })
    const endsAt = clock.now() + timeoutMs
    const lookups = pins.map((_, n) => lookUp(n, { isContent: true, signal: operationOf(`caller ${n}`, { endsAt }) }))
    await clock.advance(timeoutMs - 1)
    const outcomes = lookups.map(({ outcome }) => outcome)
    expect(outcomes.every((outcome) => Array.isArray(outcome) || outcome instanceof RateLimitedError)).toBe(true)
    // Ten CIDs a list, 15 lists at once and one in four seconds.
    const lists = 15 + Math.floor(lastStart / 4_003)
    expect(outcomes.filter((outcome) => Array.isArray(outcome))).toHaveLength(Math.min(600, lists * 10))
  })
})

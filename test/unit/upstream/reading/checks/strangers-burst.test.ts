import { describe, expect, it } from 'vitest'
import { ServiceUnavailableError } from '../../../../../src/domain/errors.ts'
import { PIN_STATUSES, type PinStatus } from '../../../../../src/domain/pin.ts'
import type { ServiceRules } from '../../../../support/grammar/service-rules.ts'
import { FOREVER, LISTS } from '../../../../support/upstream/budget-harness.ts'
import { createSearchedAccount, outcomesOf } from '../../../../support/upstream/search-at-once.ts'

const GENEROUS = [{ limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' } as const]
const ALL_PINNED: readonly PinStatus[] = ['pinned']
const MIXED: readonly PinStatus[] = ['pinned', 'queued', 'pinned', 'failed', 'pinning']
const DEADLINE_MS = 30_000
const PER_NAME = [1, 4, 13]
/** Services whose lists hold all pins of the account. */
const WITH_SHARED_PINS: readonly Partial<ServiceRules>[] = [
  { count: 'matching' },
  { count: 'page' },
  { emptyList: '204' },
  { order: 'none', count: 'page' },
  { order: 'none', count: 'matching' },
  { order: 'oldest-first', count: 'page' },
  { order: 'oldest-first', count: 'matching' },
  { statuses: 'late' },
]
/** Services at which no list shows all pins of the account to be there. */
const WITHOUT_SHARED_PINS: readonly Partial<ServiceRules>[] = [
  { statuses: 'first' },
  { order: 'none', bounds: 'ignored' },
  { order: 'none', largestPage: { pins: 60, beyond: 'cut' } },
  { order: 'oldest-first', largestPage: { pins: 20, beyond: 'cut' } },
  { statuses: 'late', largestPage: { pins: 20, beyond: 'cut' } },
]

describe('20 searches at once at a new service of 30 lists a minute that nobody knows', () => {
  it.each([
    ['in an empty account', { perName: 0, others: 0, spread: ALL_PINNED }],
    ['that find nothing, where all pins are pinned', { perName: 0, others: 50, spread: ALL_PINNED }],
    ['that find nothing, where pins have any status', { perName: 0, others: 50, spread: MIXED }],
    ['that find one pin each', { perName: 1, others: 50, spread: ALL_PINNED }],
    ['that find four pins each', { perName: 4, others: 50, spread: MIXED }],
    ['that find a page and more', { perName: 13, others: 50, spread: MIXED }],
  ])('are answered in time, 12 at least, %s', async (_, pins) => {
    for (const statuses of [PIN_STATUSES, ['pinned'], ['queued', 'failed']] as const) {
      for (const rules of WITH_SHARED_PINS) {
        const account = createSearchedAccount({ ...pins, rules, limits: [LISTS] })
        const searches = account.searchAtOnce(statuses)
        await account.clock.advance(DEADLINE_MS)
        const { answered, toldMs, toldAt } = outcomesOf(searches)
        const which = JSON.stringify({ statuses, rules })
        expect(answered.length, which).toBeGreaterThanOrEqual(12)
        expect(answered.length + toldMs.length, which).toBe(20)
        expect(new Set(toldAt).size, which).toBe(toldAt.length)
        expect(Math.min(...toldMs), which).toBeGreaterThan(0)
        for (const { name, outcome } of answered)
          expect(outcome, which).toEqual(account.truth(name, statuses).slice(0, 10))
        expect(account.clock.pendingTimers).toBeLessThanOrEqual(1)
      }
    }
  })

  it.each(PER_NAME)(
    'are told different instants, whether the budget refuses them or their turns: %i pins a name',
    async (perName) => {
      for (const statuses of [PIN_STATUSES, ['pinned'], ['queued', 'failed']] as const) {
        for (const rules of WITHOUT_SHARED_PINS) {
          const account = createSearchedAccount({ perName, others: 50, spread: MIXED, rules, limits: [LISTS] })
          const searches = account.searchAtOnce(statuses)
          await account.clock.advance(DEADLINE_MS)
          const { answered, toldAt } = outcomesOf(searches)
          const which = JSON.stringify({ statuses, rules })
          expect(answered.length + toldAt.length, which).toBe(20)
          expect(new Set(toldAt).size, which).toBe(toldAt.length)
          for (const { name, outcome } of answered)
            expect(outcome, which).toEqual(account.truth(name, statuses).slice(0, 10))
        }
      }
    },
  )

  it.each(['none', 'oldest-first'] as const)('cost less than a list each where the order is %s', async (order) => {
    for (const statuses of [PIN_STATUSES, ['pinned']] as const) {
      const pins = { perName: 4, others: 50, spread: ALL_PINNED, rules: { order }, limits: [LISTS] } as const
      const account = createSearchedAccount(pins)
      const searches = account.searchAtOnce(statuses)
      await account.clock.advance(DEADLINE_MS)
      expect(outcomesOf(searches).answered).toHaveLength(20)
      expect(account.upstream.requests).toBeLessThan(20)
    }
  })

  it('cost as much at a known provider as they did: one list each', async () => {
    const capabilities = { count: 'matching', multiStatus: true } as const
    const account = createSearchedAccount({ perName: 4, others: 50, spread: MIXED, limits: [LISTS], capabilities })
    const searches = account.searchAtOnce(['pinned'])
    await account.clock.advance(0)
    expect([account.upstream.requests, outcomesOf(searches).answered]).toMatchObject([15, { length: 15 }])
    await account.clock.advance(DEADLINE_MS)
    expect([account.upstream.requests, outcomesOf(searches).answered]).toMatchObject([20, { length: 20 }])
  })
})

describe('lists of a stranger that are read at once', () => {
  it.each([
    { statuses: 'several' },
    { statuses: 'late' },
    { statuses: 'first' },
    { statuses: 'one' },
    { statuses: 'late', largestPage: { pins: 20, beyond: 'cut' } },
    { largestPage: { pins: 20, beyond: 'cut' }, cutLists: 'filtered' },
    { largestPage: { pins: 50, beyond: 'refused' } },
    { largestPage: { pins: 60, beyond: 'ten' } },
    { emptyList: '404 as text' },
    { order: 'none' },
    { order: 'oldest-first', bounds: 'after ignored' },
  ] as const)('have all of their pins, where the rules are %j', async (rules) => {
    for (const spread of [ALL_PINNED, MIXED]) {
      for (const statuses of [PIN_STATUSES, ['pinned'], ['queued', 'failed']] as const) {
        for (const [perName, others] of [
          [0, 30],
          [3, 30],
          [25, 30],
          [25, 1000],
        ] as const) {
          const account = createSearchedAccount({ perName, others, spread, rules, limits: GENEROUS })
          const found = Array.from({ length: 8 }, (_, n) => account.collect(`search ${n}`, statuses))
          await account.clock.advance(DEADLINE_MS)
          const ids = (await Promise.all(found)).map((pins) => pins.map(({ requestId }) => requestId))
          expect(ids).toEqual(found.map((_, n) => account.truth(`search ${n}`, statuses)))
        }
      }
    }
  })

  it('do not wait for each other where the budget has room for them and their checks', async () => {
    for (const spread of [ALL_PINNED, MIXED]) {
      const account = createSearchedAccount({ perName: 1, others: 50, spread, limits: GENEROUS })
      const searches = account.searchAtOnce(['pinned'])
      await account.clock.advance(0)
      expect(searches.filter(({ outcome }) => Array.isArray(outcome))).toHaveLength(20)
    }
  })

  it('ask a question about the service once: the first list asks, and the others wait', async () => {
    const pins = {
      perName: 12,
      others: 50,
      spread: ['pinned', 'pinned', 'queued', 'queued'],
      limits: GENEROUS,
    } as const
    const [single, account] = [createSearchedAccount(pins), createSearchedAccount(pins)]
    single.search('search 0', ['pinned'])
    await single.clock.advance(0)
    expect(single.upstream.requests).toBeGreaterThan(1)
    account.searchAtOnce(['pinned'])
    await account.clock.advance(0)
    expect(account.upstream.requests).toBe(single.upstream.requests + 19)
  })

  it.each([
    ['an empty list in other words', { emptyList: '410' }, 10],
    ['a `limit` that is refused', { largestPage: { pins: 50, beyond: 'refused' } }, 100],
  ] as const)('find out once what this is: %s', async (_, rules, expected) => {
    const pins = { perName: 0, others: 30, spread: MIXED, limits: GENEROUS, rules } as const
    const [single, account] = [createSearchedAccount(pins), createSearchedAccount(pins)]
    single.search('search 0', PIN_STATUSES, 'alone', expected)
    await single.clock.advance(0)
    account.searchAtOnce(PIN_STATUSES, expected)
    await account.clock.advance(0)
    // Each of the others may have sent its list before it was known. All pins are read once for them, and then both halves of these.
    expect(account.upstream.requests).toBeLessThanOrEqual(single.upstream.requests + 2 * 19 + 1)
  })

  it('share readings of everything also when they began too late for the one before', async () => {
    const pins = { perName: 10, others: 50, spread: ALL_PINNED, limits: GENEROUS } as const
    const account = createSearchedAccount(pins)
    const { clock, upstream } = account
    const dispatch = upstream.dispatch.bind(upstream)
    let readings = 0
    upstream.dispatch = (options, handler) => {
      if (/^\/pins\?status=[^&]*&limit=1000$/.test(options.path)) readings++
      clock.setTimeout(() => dispatch(options, handler), 100)
      return true
    }
    const searches = Array.from({ length: 20 }, (_, n) => `search ${n}`)
    const begin = (names: readonly string[]) => names.map((name) => account.search(name, PIN_STATUSES).search)
    const first = begin(searches.slice(0, 4))
    await clock.advance(150)
    const rest = begin(searches.slice(4))
    await clock.advance(DEADLINE_MS)
    for (const { name, outcome } of [...first, ...rest])
      expect(outcome).toEqual(account.truth(name, PIN_STATUSES).slice(0, 10))
    expect(readings).toBe(2)
  })

  it('are answered though a list of everything fails, as each would be alone', async () => {
    const account = createSearchedAccount({ perName: 10, others: 50, spread: ALL_PINNED, limits: GENEROUS })
    const dispatch = account.upstream.dispatch.bind(account.upstream)
    account.upstream.dispatch = (options, handler) => {
      if (options.path.includes('name=')) return dispatch(options, handler)
      handler.onError?.(new Error('too much'))
      return true
    }
    const searches = account.searchAtOnce(PIN_STATUSES)
    await account.clock.advance(DEADLINE_MS)
    for (const { name, outcome } of searches) expect(outcome).toEqual(account.truth(name, PIN_STATUSES).slice(0, 10))
  })

  it('ask again for those that wait, once, when the list that asked is aborted', async () => {
    const account = createSearchedAccount({ perName: 1, others: 50, spread: ALL_PINNED, limits: [LISTS] })
    const first = account.search('search 0', ['pinned'])
    const others = Array.from({ length: 5 }, (_, n) => account.search(`search ${n + 1}`, ['pinned']).search)
    first.signal.abort(new Error('went away'))
    await account.clock.advance(0)
    expect(first.search.outcome).toEqual(new Error('went away'))
    expect(others.map(({ outcome }) => outcome)).toEqual(others.map(({ name }) => account.truth(name, ['pinned'])))
    expect(account.upstream.requests).toBeLessThanOrEqual(14)
  })

  it('take turns by caller, so that nobody waits for all lists of another', async () => {
    const account = createSearchedAccount({ perName: 0, others: 50, spread: ALL_PINNED, limits: [LISTS] })
    const many = Array.from({ length: 40 }, (_, n) => account.search(`greedy ${n}`, PIN_STATUSES, 'greedy').search)
    await account.clock.advance(100)
    const lone = account.search('lone', PIN_STATUSES, 'lone').search
    await account.clock.advance(10_000)
    expect(lone.outcome).toEqual([])
    await account.clock.advance(DEADLINE_MS)
    const { answered, toldMs, toldAt } = outcomesOf(many)
    expect(answered.length).toBeGreaterThanOrEqual(12)
    expect([answered.length + toldMs.length, new Set(toldAt).size]).toEqual([40, toldMs.length])
  })

  it('are refused after 22 s if one of them hangs and other requests use up the budget, and are told a time each', async () => {
    const rules = { largestPage: { pins: 20, beyond: 'cut' } } as const
    const account = createSearchedAccount({ perName: 0, others: 50, spread: ALL_PINNED, rules, limits: [LISTS] })
    const searches = account.searchAtOnce(PIN_STATUSES)
    await account.clock.advance(100)
    const waiting = searches.filter(({ outcome }) => outcome === 'waits')
    account.upstream.dispatch = () => true
    const change = { tenantKey: 'test:a', endpoint: 'list', class: 'mutation', deadline: FOREVER } as const
    for (let n = 0; n < 60; n++) void account.service.budget.acquire(change)
    await account.clock.advance(21_899)
    expect(waiting.map(({ outcome }) => outcome)).toEqual(waiting.map(() => 'waits'))
    await account.clock.advance(1)
    const { toldAt } = outcomesOf(waiting)
    expect(toldAt.length).toBeGreaterThan(0)
    expect(toldAt).toHaveLength(waiting.length - 1)
    expect(new Set(toldAt).size).toBe(toldAt.length)
  })

  it('are told a time at which the budget has room, when lists that hang have kept them from their turns', async () => {
    const account = createSearchedAccount({ perName: 1, others: 50, spread: ALL_PINNED, limits: [LISTS] })
    account.upstream.dispatch = () => true
    const searches = account.searchAtOnce(PIN_STATUSES)
    await account.clock.advance(DEADLINE_MS)
    const { toldMs } = outcomesOf(searches)
    expect(toldMs.length).toBeGreaterThan(5)
    expect(Math.min(...toldMs)).toBeGreaterThan(0)
    expect(new Set(toldMs).size).toBe(toldMs.length)
  })

  it('that were aborted while another asks their question keep no room for checks', async () => {
    const account = createSearchedAccount({ perName: 1, others: 50, spread: ALL_PINNED, limits: [LISTS] })
    const dispatch = account.upstream.dispatch.bind(account.upstream)
    let pages = 0
    account.upstream.dispatch = (options, handler) => {
      const isPage = options.path.endsWith('status=pinned&limit=11')
      if (isPage) pages++
      return isPage ? dispatch(options, handler) : true
    }
    const begin = (first: number, count: number) =>
      Array.from({ length: count }, (_, n) => account.search(`search ${first + n}`, ['pinned']))
    const [, ...others] = begin(0, 6)
    await account.clock.advance(0)
    expect(pages).toBe(6)
    for (const { signal } of others) signal.abort(new Error('went away'))
    begin(6, 3)
    await account.clock.advance(0)
    expect(pages).toBe(9)
  })

  it('may be joined by an equal list in the moment in which they begin', async () => {
    const account = createSearchedAccount({ perName: 1, others: 50, spread: ALL_PINNED, limits: [LISTS] })
    const dispatch = account.upstream.dispatch
    account.upstream.dispatch = () => true
    const begun = Array.from({ length: 20 }, (_, n) => account.search(`search ${n}`, PIN_STATUSES))
    await account.clock.advance(0)
    account.upstream.dispatch = dispatch
    for (const { signal } of begun.slice(0, 7)) signal.abort(new Error('went away'))
    const equal = begun.slice(7).map(({ search: { name } }) => account.search(name, PIN_STATUSES, 'another').search)
    await account.clock.advance(DEADLINE_MS)
    expect(equal.map(({ outcome }) => outcome)).toEqual(equal.map(({ name }) => account.truth(name, PIN_STATUSES)))
    await account.clock.advance(60_000)
    const later = account.searchAtOnce(PIN_STATUSES).slice(0, 7)
    await account.clock.advance(0)
    expect(later.map(({ outcome }) => outcome)).toEqual(later.map(({ name }) => account.truth(name, PIN_STATUSES)))
  })

  it('that wait for a turn when the service goes down have 4.5 s each from then on', async () => {
    const account = createSearchedAccount({ perName: 0, others: 2000, spread: ALL_PINNED, limits: [LISTS] })
    const searches = account.searchAtOnce(['pinned'])
    await account.clock.advance(100)
    const waiting = searches.filter(({ outcome }) => outcome === 'waits')
    expect(waiting.length).toBeGreaterThan(5)
    const unreachable = new ServiceUnavailableError('test could not be reached', { service: 'test' })
    const poll = { tenantKey: 'test:a', token: 'a', endpoint: 'item', class: 'live', isRepeatable: true } as const
    const failing = [1, 2, 3].map(() => account.service.call({ ...poll, send: () => Promise.reject(unreachable) }))
    await Promise.allSettled(failing)
    expect(account.service.health('test:a').state).toBe('down')
    account.upstream.dispatch = (_, handler) => {
      handler.onError?.(new Error('unreachable'))
      return true
    }
    await account.clock.advance(7000)
    for (const { outcome } of waiting) expect(outcome).toBeInstanceOf(ServiceUnavailableError)
  })
})

import { describe, expect, it } from 'vitest'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { formatInstant, parseInstant } from '../../src/domain/instant.ts'
import type { Pin } from '../../src/domain/pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { createStranger, every } from '../support/grammar/create-stranger.ts'
import { MISREADINGS } from '../support/grammar/misread-times.ts'
import { readHistories } from '../support/grammar/read-histories.ts'
import { readHistory } from '../support/grammar/read-history.ts'
import type { ServiceRules } from '../support/grammar/service-rules.ts'
import { ALL, readAtOnce, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

/** So that a list can be known to be whole without times. */
const COUNTS = { count: 'matching' } as const
const CUT_TO_20 = { largestPage: { pins: 20, beyond: 'cut' } } as const
const text = (seconds: number): string => formatInstant(at(seconds), 3)
/** A pin every 47 seconds, for 71 minutes. */
const TIMES = every(90, 47_000)

/** The queries whose times lie in the middle of the pins, far from them, and nowhere. */
const QUERIES: readonly PinQuery[] = [
  ALL,
  { ...ALL, before: text(2_000) },
  { ...ALL, after: text(2_000) },
  { ...ALL, before: text(3_000), after: text(900) },
  { ...ALL, before: text(100_000) },
  { ...ALL, after: text(-100_000) },
]

/** Number of pins that match, of a reading at a service that was never read before. `refused`: a typed error. */
async function readNew(rules: Partial<ServiceRules>, times: readonly bigint[], query: PinQuery, isPaged: boolean) {
  const { service, tenant } = createStranger(rules, times)
  const before = query.before === undefined ? null : parseInstant(query.before).ns
  const after = query.after === undefined ? null : parseInstant(query.after).ns
  const wanted = service.pins
    .filter(({ created }) => (before === null || created < before) && (after === null || created > after))
    .map(({ requestId }) => requestId)
  const read = isPaged ? readInPages({ tenant }, query, [10]) : readAtOnce({ tenant }, query, 10)
  const pins = await read.catch((error: unknown) => error)
  if (pins instanceof MalformedResponseError) return { found: 'refused', wanted, tenant }
  return { found: (pins as Pin[]).map(({ requestId }) => requestId).sort(), wanted: wanted.sort(), tenant }
}

async function requestsOf(account: ReturnType<typeof createStranger>, read: (tenant: Tenant) => Promise<unknown>) {
  const before = account.service.requests
  await read(account.tenant)
  return account.service.requests - before
}

describe('#12 a service that misreads times', () => {
  it.each(MISREADINGS.flatMap((misreading) => QUERIES.map((query) => ({ misreading, query }))))(
    'is read whole: $misreading, $query.before, $query.after',
    async ({ misreading, query }) => {
      for (const order of ['newest-first', 'none'] as const)
        for (const isPaged of [true, false]) {
          const { found, wanted } = await readNew({ ...COUNTS, misreading, order }, TIMES, query, isPaged)
          expect(found).toEqual(wanted)
        }
    },
  )

  it.each(MISREADINGS)(
    'is an error rather than a list that lacks pins, where lists are cut: %s',
    async (misreading) => {
      for (const order of ['newest-first', 'oldest-first', 'none'] as const)
        for (const query of QUERIES) {
          const { found, wanted } = await readNew({ misreading, order, ...CUT_TO_20 }, TIMES, query, true)
          if (found !== 'refused') expect(found).toEqual(wanted)
        }
    },
  )

  it.each(['minute down', 'hour early', 'text ahead'] as const)('gets no times any more: %s', async (misreading) => {
    const { tenant } = await readNew({ ...COUNTS, misreading }, TIMES, ALL, true)
    expect(tenant.capabilities.timeFilter).toBe('unusable')
  })

  it('is noticed where it ignores `after`, too', async () => {
    const rules = { ...COUNTS, misreading: 'hour early', bounds: 'after ignored' } as const
    const { found, wanted } = await readNew(rules, every(90, 470_000), { ...ALL, before: text(30_000) }, true)
    expect(found).toEqual(wanted)
  })

  // Drawn by chance, since no shorter example is known.
  it('is noticed where it ignores `after`, and lists in no order need not have any pin', async () => {
    const { result } = await readHistory(370_002_822, {}, 'misread')
    expect(['exact', 'refused']).toContain(result)
  })

  it('is exact or an error in histories of chance', async () => {
    const { mistakes, exact } = await readHistories(1, 100, {}, 'misread')
    expect(mistakes).toEqual([])
    expect(exact).toBeGreaterThan(60)
  }, 60_000)
})

describe('#12 a service that prints times rounded to the nearest second, and compares them exactly', () => {
  // Half of the pins are printed with the second after theirs.
  const ROUNDED = { printed: 'nearest second', digits: 0 } as const

  it.each(['newest-first', 'oldest-first', 'none'] as const)('has all pins, or is an error: %s', async (order) => {
    let exact = 0
    for (const ms of [50, 130, 210, 370])
      for (const isPaged of [true, false]) {
        const rules = { ...ROUNDED, ...CUT_TO_20, order, ties: 'shuffled' } as const
        const { found, wanted } = await readNew(rules, every(150, ms), ALL, isPaged)
        if (found === 'refused') continue
        expect(found).toEqual(wanted)
        exact++
      }
    expect(exact).toBeGreaterThan(0)
  })

  // Drawn by chance, since no shorter example is known.
  it('is noticed where bounds are inclusive, and an exact time has hidden that before', async () => {
    const { result } = await readHistory(370_003_430, {}, 'misread')
    expect(['exact', 'refused']).toContain(result)
  })
})

describe('#12 an honest service that nobody knows', () => {
  it('pays nothing for a walk', async () => {
    const account = createStranger({}, every(200, 900))
    const walk = (tenant: Tenant): Promise<unknown> => readInPages({ tenant }, ALL, [100])
    // Without the proof that several statuses work, that the pages are whole, and that they are not made of runs, these would be three.
    expect([await requestsOf(account, walk), await requestsOf(account, walk)]).toEqual([8, 7])
  })

  it('pays nothing for a time that has a pin right behind it', async () => {
    const account = createStranger({}, every(30, 900))
    const search = (tenant: Tenant): Promise<unknown> => readInPages({ tenant }, { ...ALL, before: text(20) }, [100])
    await readInPages(account, ALL, [100])
    expect(await requestsOf(account, search)).toBe(1)
  })

  it('pays one request, once, for a time that has not', async () => {
    const account = createStranger({}, TIMES.slice(0, 5))
    const search = (tenant: Tenant): Promise<unknown> => readInPages({ tenant }, { ...ALL, before: text(9_000) }, [100])
    await readInPages(account, ALL, [100])
    expect([await requestsOf(account, search), await requestsOf(account, search)]).toEqual([2, 1])
  })
})

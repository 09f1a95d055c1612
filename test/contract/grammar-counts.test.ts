import { describe, expect, it } from 'vitest'
import { PIN_STATUSES } from '../../src/domain/pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import { type CountOutcome, countHistory, totalOf } from '../support/grammar/count-history.ts'
import { createStranger, createStrangerWith, every } from '../support/grammar/create-stranger.ts'
import type { NewGrammarPin } from '../support/grammar/random-service.ts'
import type { ServiceRules } from '../support/grammar/service-rules.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { ALL } from '../support/zoo/paging-histories.ts'

const HISTORIES = Number(process.env.PINQL_GRAMMAR ?? 80)
const FIRST_SEED = Number(process.env.PINQL_GRAMMAR_SEED ?? 1)

/** Returns the outcomes with a number that is not that of the pins which match. */
function wrong(outcomes: readonly CountOutcome[]): CountOutcome[] {
  return outcomes.filter(({ total, least, most }) => typeof total === 'number' && (total < least || total > most))
}

describe('totalCount at services of unknown providers', () => {
  it(`is right, null or a typed error, never another number (${HISTORIES} histories)`, async () => {
    const outcomes: CountOutcome[] = []
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) outcomes.push(...(await countHistory(seed)))

    expect(wrong(outcomes)).toEqual([])
    expect(outcomes.filter(({ total }) => typeof total === 'number').length).toBeGreaterThan(outcomes.length / 2)
  }, 300_000)

  // Lists with a pin twice, and lists that were read page by page before the rest was read whole.
  it.each([177, 1294, 1914])('is right in a history in which it once was not: seed %i', async (seed) => {
    expect(wrong(await countHistory(seed))).toEqual([])
  })
})

const QUERIES: readonly PinQuery[] = [ALL, { statuses: ['pinned'] }, { ...ALL, before: '2027-01-01T00:00:00Z' }]
const COUNTS: readonly ServiceRules['count'][] = [
  'matching',
  'total',
  'everything',
  'page',
  'absent',
  'zero',
  'capped',
  'more',
]

const mixed = every(150, 700).map((created, n) => ({
  created,
  status: PIN_STATUSES[n % 4] ?? ('pinned' as const),
  isOdd: false,
}))

describe('totalCount at a stranger', () => {
  it.each(COUNTS)('#17 is the number of pins, whatever its `count` means: %s', async (count) => {
    for (const query of QUERIES) {
      const { tenant } = createStrangerWith({ count }, mixed)
      const expected = mixed.filter(({ status }) => query.statuses.includes(status)).length
      // Where `count` claims more than a list has, the number is not known before a list was read to its end.
      if (count !== 'everything' && count !== 'more') expect(await totalOf(tenant, query, 10)).toBe(expected)
      await tenant.collectPins(query)
      const isOpen = count === 'more' && query === ALL
      for (const first of [10, 100, 10]) expect(await totalOf(tenant, query, first)).toBe(isOpen ? null : expected)
    }
  })

  it.each(COUNTS)('#17 is null or right where the `count` includes pins of others: %s', async (count) => {
    for (const query of QUERIES) {
      const { service, tenant } = createStrangerWith({ count }, mixed)
      service.others = 1_000
      const expected = mixed.filter(({ status }) => query.statuses.includes(status)).length
      expect([expected, null]).toContain(await totalOf(tenant, query, 10))
      await tenant.collectPins(query)
      const isOpen = query === ALL && count !== 'absent'
      for (const first of [10, 100, 10]) expect(await totalOf(tenant, query, first)).toBe(isOpen ? null : expected)
    }
  })

  it('#17 counts a record once that lists have twice', async () => {
    const { service, tenant } = createStranger({ count: 'matching' }, every(150, 700))
    service.repeats = true
    expect(await totalOf(tenant, ALL, 10)).toBe(150)
  })

  it('is null above the pins of one list, since nothing shows what its `count` means', async () => {
    for (const count of COUNTS) {
      const { tenant } = createStranger({ count }, every(1_200, 700))
      expect(await totalOf(tenant, ALL, 10)).toBeNull()
    }
  })

  async function costsOf({ service, tenant }: ReturnType<typeof createStrangerWith>): Promise<number[]> {
    const costs: number[] = []
    for (const first of [10, 10, 998]) {
      const before = service.requests
      expect(await totalOf(tenant, ALL, first)).toBe(150)
      costs.push(service.requests - before)
    }
    return costs.slice(1)
  }

  it('costs one list beside that of a full page, once the service is known, and nothing beside a short one', async () => {
    const times = every(150, 700)
    const mixed = times.map((created, n): NewGrammarPin => {
      const status = n % 3 === 0 ? 'queued' : 'pinned'
      return { created, status, isOdd: false, cid: exampleCid(n % 2), name: n % 5 === 0 ? 'site' : null }
    })
    expect(await costsOf(createStrangerWith({ count: 'matching' }, mixed))).toEqual([2, 1])
    // All pins have the same status, CID and name. So the page is compared with its newer part. That ends at a whole second, so that the
    // page is one pin short. The next page is then compared, too.
    expect(await costsOf(createStranger({ count: 'matching' }, times))).toEqual([5, 1])
  })
})

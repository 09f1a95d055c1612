import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { PIN_STATUSES } from '../../src/domain/pin.ts'
import { removePins } from '../../src/resolvers/remove-pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { contextOf } from '../support/grammar/context-of.ts'
import { createStranger, createStrangerWith, every } from '../support/grammar/create-stranger.ts'
import type { NewGrammarPin } from '../support/grammar/random-service.ts'
import { readHistories } from '../support/grammar/read-histories.ts'
import { createHistory } from '../support/grammar/read-history.ts'
import type { ServiceRules } from '../support/grammar/service-rules.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { ALL, readAtOnce, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

/** A sample: `npm run test:grammar` reads 10,000, and `npm run bench:grammar` a million. */
const HISTORIES = Number(process.env.PINQL_GRAMMAR ?? 80)
const FIRST_SEED = Number(process.env.PINQL_GRAMMAR_SEED ?? 1)

describe('paging through services of unknown providers', () => {
  it(`is exact or ends in a typed error, never in a shorter list that looks whole (${HISTORIES} histories)`, async () => {
    const { mistakes, exact, possible } = await readHistories(FIRST_SEED, HISTORIES)

    expect(mistakes).toEqual([])
    // So few may have too many that are hard. `npm run test:grammar` expects 95 %.
    expect(exact / possible).toBeGreaterThanOrEqual(0.9)
  }, 300_000)
})

const CUT_TO_37 = { pins: 37, beyond: 'cut' } as const
const CUT_TO_100 = { pins: 100, beyond: 'cut' } as const

const inSeconds = (...sizes: number[]) => sizes.flatMap((size, second) => Array<bigint>(size).fill(at(second)))

const EXAMPLES: readonly (readonly [what: string, rules: Partial<ServiceRules>, times: readonly bigint[]])[] = [
  ['cut to 100, newest first', { largestPage: CUT_TO_100 }, every(250, 700)],
  ['cut to 100, oldest first', { largestPage: CUT_TO_100, order: 'oldest-first' }, every(250, 700)],
  ['cut to 100, in no order', { largestPage: CUT_TO_100, order: 'none' }, every(250, 700)],
  ['whole seconds for milliseconds', { rounding: 'down' }, every(300, 130)],
  ['whole seconds for milliseconds, inclusive', { rounding: 'down', bounds: 'inclusive' }, every(300, 130)],
  ['900 in a second, inclusive', { digits: 0, bounds: 'inclusive' }, inSeconds(900, 900, 900, 5)],
  [
    '900 in a second, inclusive, oldest first',
    { digits: 0, bounds: 'inclusive', order: 'oldest-first' },
    inSeconds(900, 900, 5),
  ],
  [
    'no order, times ignored and no largest limit',
    { order: 'none', bounds: 'ignored', largestPage: null },
    every(4500, 900),
  ],
  ['one status at a time, and none is pinned', { statuses: 'one' }, every(30, 900)],
  ['404 for an empty list', { emptyList: '404 in JSON' }, []],
  ['cut to 37, and the count says nothing', { largestPage: CUT_TO_37 }, every(250, 700)],
  ['cut to 37, in no order', { largestPage: CUT_TO_37, order: 'none' }, every(250, 700)],
  ['only the first of several statuses', { statuses: 'first' }, every(30, 900)],
  ...[50, 100, 200, 250, 500].map(
    (pins) =>
      [
        `exactly ${pins} pins of one status, times ignored`,
        { bounds: 'ignored', count: 'matching' },
        every(pins, 900),
      ] as const,
  ),
]

describe('a service of an unknown provider', () => {
  it.each(EXAMPLES)('is read whole, page by page and at once: %s', async (_what, rules, times) => {
    for (const read of [
      ({ tenant }: ReturnType<typeof createStranger>) => readInPages({ tenant }, ALL, [100]),
      ({ tenant }: ReturnType<typeof createStranger>) => readAtOnce({ tenant }, ALL, 1000),
    ]) {
      const account = createStranger(rules, times, rules.statuses === 'one' ? 'failed' : 'pinned')
      const ids = new Set((await read(account)).map(({ requestId }) => requestId))
      expect(ids.size).toBe(times.length)
    }
  })

  it('is read with one request once the end of its list was checked', async () => {
    const { service, tenant } = createStranger({}, every(30, 900))
    const costs: number[] = []
    for (const added of [[], [], [at(1000)], [at(1001)]]) {
      service.add(added.map((created) => ({ created, status: 'pinned', isOdd: false })))
      const before = service.requests
      await readAtOnce({ tenant }, ALL, 1000)
      costs.push(service.requests - before)
    }
    // The first reading also shows that other statuses do not bring the default one. All pins have the same status, CID and name. So
    // both halves of the list are read.
    expect(costs).toEqual([4, 1, 1, 1])
  })

  it('that cuts its lists to 37 pins is noticed once, and remembered', async () => {
    const { service, tenant } = createStranger({ largestPage: CUT_TO_37 }, every(74, 700))
    expect(await readAtOnce({ tenant }, ALL, 1000)).toHaveLength(74)
    expect(tenant.reads.known.lessons.map(({ capability }) => capability)).toEqual(['maxLimit'])
    expect(tenant.capabilities.maxLimit).toBe(37)
    const before = service.requests
    expect(await readAtOnce({ tenant }, ALL, 1000)).toHaveLength(74)
    // All pins have the same status, CID and name. So the newer part of both full pages is read.
    expect(service.requests - before).toBe(3 + 2)
  })

  it('whose status filter comes after the cut shows the pins of a status that the first page lacks', async () => {
    const { service, tenant } = createStranger({ statuses: 'late' }, every(40, 900))
    service.add([{ created: at(-10), status: 'failed', isOdd: false }])
    expect(await readInPages({ tenant }, { statuses: ['failed'] }, [10])).toHaveLength(1)
    expect(tenant.capabilities.statusFilter).toBe('unusable')
  })

  it('that filters by status before the cut gets one extra request to find that out', async () => {
    const { service, tenant } = createStranger({}, every(40, 900))
    service.add([{ created: at(-10), status: 'failed', isOdd: false }])
    const costs: number[] = []
    for (let n = 0; n < 3; n++) {
      const before = service.requests
      expect(await readInPages({ tenant }, { statuses: ['failed'] }, [10])).toHaveLength(1)
      costs.push(service.requests - before)
    }
    expect(costs.slice(1)).toEqual([1, 1])
  })

  it.each(['one', 'first'] as const)(
    'that honours %s of several statuses is noticed even if its account was just empty',
    async (statuses) => {
      const { service, tenant } = createStranger({ statuses }, [])
      expect(await readInPages({ tenant }, ALL, [10])).toEqual([])
      service.add([{ created: at(0), status: 'pinned', isOdd: false }])
      expect(await readInPages({ tenant }, ALL, [10])).toHaveLength(1)
    },
  )

  it('that stops counting where it cuts lists is an error as soon as other pins show that', async () => {
    const rules = { largestPage: CUT_TO_100, count: 'capped like pages' } as const
    for (const [more, other] of [
      [{ bounds: 'ignored' }, { created: at(-10), status: 'failed', isOdd: false }],
      [{ digits: 0 }, { created: at(-10), status: 'pinned', isOdd: false }],
    ] as const) {
      const { service, tenant } = createStranger({ ...rules, ...more }, Array<bigint>(150).fill(at(0)))
      service.add([other])
      await expect(readAtOnce({ tenant }, ALL, 10)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
    }
  })

  it.each(['one', 'first'] as const)(
    'that honours %s of several statuses and ignores times is read by its honest count',
    async (statuses) => {
      const { service, tenant } = createStranger({ statuses, bounds: 'ignored', count: 'matching' }, every(57, 900))
      service.add([{ created: at(-10), status: 'queued', isOdd: false }])
      expect(await readInPages({ tenant }, { statuses: ['pinned'] }, [10])).toHaveLength(57)
    },
  )

  it('that ignores times and counts pages is read where a list of another CID is longer', async () => {
    const pinsOf = (cid: string, count: number) =>
      every(count, 900).map((created): NewGrammarPin => ({ created, status: 'pinned', isOdd: false, cid }))
    const few = exampleCid(2)
    const { tenant } = createStrangerWith({ bounds: 'ignored', largestPage: CUT_TO_100, statuses: 'one' }, [
      ...pinsOf(few, 60),
      ...pinsOf(exampleCid(3), 80),
    ])
    const query: PinQuery = { cids: [parseCid(few)], statuses: ['pinned'] }
    expect(await readAtOnce({ tenant }, query, 1000)).toHaveLength(60)
  })

  it('that ignores times and counts pages is an error rather than a list that may be cut', async () => {
    const { tenant } = createStranger({ bounds: 'ignored', largestPage: CUT_TO_37 }, every(250, 700))
    await expect(readAtOnce({ tenant }, ALL, 1000)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
  })
})

describe('a service that looks at statuses only after the cut', () => {
  const CUT_TO_TEN = { largestPage: { pins: 100, beyond: 'ten' }, cutLists: 'filtered', statuses: 'late' } as const

  it('is an error, and not taken for empty, by two CIDs that it takes for one text, whatever the order of its pins', async () => {
    const query: PinQuery = { statuses: ['failed'], cids: [1, 2].map((n) => parseCid(exampleCid(n))) }
    for (let count = 120; count < 200; count++) {
      const pins = Array.from(
        { length: count },
        (_, n): NewGrammarPin => ({
          created: at(0),
          status: n % 40 === 0 ? 'failed' : 'pinned',
          isOdd: false,
          cid: exampleCid(1 + (n % 2)),
        }),
      )
      const { tenant } = createStrangerWith({ ...CUT_TO_TEN, ties: 'shuffled', cids: 'one', emptyList: '[]' }, pins)
      await expect(readAtOnce({ tenant }, query, 100)).rejects.toThrow(MalformedResponseError)
    }
  })

  it('reports a record without a status that is behind the cut', async () => {
    // The last one is written without its status. See RandomService.
    const pins = Array.from(
      { length: 108 },
      (_, n): NewGrammarPin => ({
        created: at(200 - n),
        status: n === 0 || n === 50 ? 'queued' : 'pinned',
        isOdd: false,
      }),
    )
    pins[107] = { created: at(0), status: 'queued', isOdd: true }
    const { tenant } = createStrangerWith({ ...CUT_TO_TEN, largestPage: { pins: 73, beyond: 'cut' } }, pins)
    expect(await leftOutOf(tenant, { statuses: ['queued'] })).toBe(1)
  })
})

describe('a service that looks at the first of several CIDs', () => {
  it('reports a record of another one that is no valid pin, and has no other records', async () => {
    const pin: NewGrammarPin = { created: at(0), status: 'pinned', isOdd: true, cid: exampleCid(2) }
    const { tenant } = createStrangerWith({ cids: 'first' }, [pin])
    const cids = [1, 2].map((n) => parseCid(exampleCid(n)))
    expect(await leftOutOf(tenant, { statuses: PIN_STATUSES, cids })).toBe(1)
  })
})

async function leftOutOf(tenant: Tenant, query: PinQuery): Promise<number> {
  const streams = tenant.openStreams(query, { expected: 100 })
  for (const stream of streams) await stream.take(Number.POSITIVE_INFINITY)
  return streams.reduce((sum, { leftOut }) => sum + leftOut.length, 0)
}

/** Rules that together have hidden pins before, and that chance seldom puts together. */
const CORNERS: readonly Partial<ServiceRules>[] = [
  { cutLists: 'filtered', count: 'capped like pages', statuses: 'last', largestPage: CUT_TO_37 },
  { cutLists: 'filtered', count: 'capped like pages', statuses: 'late', bounds: 'inclusive', limit: 'one row more' },
  { cutLists: 'filtered', count: 'capped like pages' },
  { bounds: 'ignored', count: 'page', largestPage: CUT_TO_100 },
]

describe('a corner of the grammar', () => {
  it.each(CORNERS)(
    'is exact or refused: %o',
    async (rules) => {
      const { mistakes, exact } = await readHistories(1, 100, rules)
      expect(mistakes).toEqual([])
      expect(exact).toBeGreaterThan(0)
    },
    60_000,
  )
})

describe('a removal by filter at services of unknown providers', () => {
  it('removes no pin that does not match, and none that could not be read', async () => {
    const removals = { complete: 0, partial: 0, refused: 0 }
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 60; seed++) {
      const { service, tenant } = await createHistory(seed)
      const before = service.pins

      const results = await removePins({ filter: { status: ['failed'] } }, contextOf(tenant))

      const left = new Set(service.pins.map(({ requestId }) => requestId))
      const removed = before.filter(({ requestId }) => !left.has(requestId))
      expect(removed.filter(({ status, isOdd }) => status !== 'failed' || isOdd)).toEqual([])
      const told = results.filter(({ removedId }) => removedId !== null)
      expect(told).toHaveLength(removed.length)
      const matching = before.filter(({ status }) => status === 'failed')
      const isAll = removed.length === Math.min(1_000, matching.length)
      // If matching pins are left, the results contain an error.
      if (!isAll) expect(results.some(({ error }) => error !== null)).toBe(true)
      removals[isAll ? 'complete' : removed.length > 0 ? 'partial' : 'refused']++
    }
    expect(removals.complete).toBeGreaterThan(30)
    expect(removals.partial).toBeGreaterThan(0)
    expect(removals.refused).toBeGreaterThan(0)
  })
})

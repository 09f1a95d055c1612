import { describe, expect, it } from 'vitest'
import { type HistoryOutcome, readHistory } from '../support/grammar/read-history.ts'
import { type ServiceRules, serviceOf } from '../support/grammar/service-rules.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { createEmulatedTenant } from '../support/zoo/emulated-tenant.ts'
import { ALL, readAtOnce, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

/** The bench reads a million: `npx tsx bench/reading/grammar.ts`. */
const HISTORIES = Number(process.env.PINQL_GRAMMAR ?? 300)
const FIRST_SEED = Number(process.env.PINQL_GRAMMAR_SEED ?? 1)

describe('paging through services that nobody knows', () => {
  it(`is exact or ends in a typed error, never in a shorter list that looks whole (${HISTORIES} histories)`, async () => {
    const outcomes: (HistoryOutcome & { readonly seed: number })[] = []
    for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
      outcomes.push({ seed, ...(await readHistory(seed)) })
    }

    const mistakes = outcomes.filter(({ result }) => typeof result === 'object')
    expect(mistakes.map(({ seed, rules, result }) => ({ seed, rules, result }))).toEqual([])
    const possible = outcomes.filter(({ isPossible }) => isPossible)
    const exact = possible.filter(({ result }) => result === 'exact')
    expect(exact.length / possible.length).toBeGreaterThanOrEqual(0.95)
  }, 300_000)
})

/** The specification to the letter, but that its `count` says nothing. */
const PLAIN: ServiceRules = {
  order: 'newest-first',
  ties: 'stable',
  digits: 3,
  rounding: 'none',
  bounds: 'exclusive',
  largestPage: { pins: 1000, beyond: 'refused' },
  count: 'page',
  statuses: 'several',
  emptyListIs404: false,
}
const CUT_TO_100 = { pins: 100, beyond: 'cut' } as const
const MS = 1_000_000n

/** So many pins, one every so many milliseconds. */
const every = (count: number, ms: number) => Array.from({ length: count }, (_, n) => at(0, BigInt(n * ms) * MS))
const inSeconds = (...sizes: number[]) => sizes.flatMap((size, second) => Array<bigint>(size).fill(at(second)))

const EXAMPLES: readonly (readonly [what: string, rules: Partial<ServiceRules>, times: bigint[]])[] = [
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
  ['404 for an empty list', { emptyListIs404: true }, []],
]

describe('a stranger', () => {
  it.each(EXAMPLES)(
    'is read whole, page by page and at once: %s',
    async (_what, rules, times) => {
      for (const read of [
        (account: ReturnType<typeof createEmulatedTenant>) => readInPages(account, ALL, [100]),
        (account: ReturnType<typeof createEmulatedTenant>) => readAtOnce(account, ALL, 1000),
      ]) {
        const account = createEmulatedTenant(serviceOf({ ...PLAIN, ...rules }, seededRandom(1)), { provider: null })
        const status = rules.statuses === 'one' ? 'failed' : 'pinned'
        for (const created of times) account.store.add({ cid: exampleCid(1), created, status })
        const ids = new Set((await read(account)).map(({ requestId }) => requestId))
        expect(ids.size).toBe(times.length)
      }
    },
    60_000,
  )
})

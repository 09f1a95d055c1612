import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Pin } from '../../src/domain/pin.ts'
import { comparePositions } from '../../src/domain/pin-order.ts'
import {
  ALL,
  anyQuery,
  expectAllOnce,
  history,
  live,
  readAtOnce,
  readInPages,
  withPrecision,
} from '../support/zoo/paging-histories.ts'
import { storedTruth } from '../support/zoo/stored-truth.ts'
import { ZOO_CASES } from '../support/zoo/zoo-cases.ts'

/** Each member is paged through this often as its provider, and as often as a stranger. */
const RUNS = Number(process.env.PINQL_PAGINGS ?? 100)

/** Their filters hide pins as if they were not there, which nobody can see who does not know whose service it is. */
const HIDES_FROM_STRANGERS: readonly string[] = ['4everland', 'crust', 'functionland', 'filecoin-pin']

describe.each(ZOO_CASES)('paging through $profile.name as $as', ({ profile, provider }) => {
  const isSeenThrough = provider !== null || !HIDES_FROM_STRANGERS.includes(profile.name)

  it(`shows what was there all the time exactly once, in order, page by page (${RUNS} histories)`, async () => {
    await fc.assert(
      fc.asyncProperty(history, async (past) => {
        const { account, stable } = await live(withPrecision(profile, past), provider, past)
        const taken = await readInPages(account, ALL, past.pageSizes)
        expectAllOnce(taken, stable)

        // A client comes back with a cursor of an earlier page.
        const from = taken[past.resumeAt]
        if (!from) return
        const rest = await readInPages(account, ALL, past.pageSizes, from)
        const isAfter = (pin: Pin): boolean => comparePositions(pin, from) > 0
        expect(rest.every(isAfter), 'nothing before the cursor').toBe(true)
        expectAllOnce(
          rest,
          new Set(
            taken
              .filter(isAfter)
              .map(({ requestId }) => requestId)
              .filter((id) => stable.has(id)),
          ),
        )
      }),
      { numRuns: RUNS },
    )
  }, 300_000)

  it(`shows what was there all the time exactly once, in order, in one stream (${RUNS} histories)`, async () => {
    await fc.assert(
      fc.asyncProperty(history, async (past) => {
        const { account, stable } = await live(withPrecision(profile, past), provider, past)
        expectAllOnce(await readAtOnce(account, ALL, past.pageSizes[0] ?? 1), stable)
      }),
      { numRuns: RUNS },
    )
  }, 300_000)

  if (!isSeenThrough) return
  it(`shows what matches any filters all the time exactly once, page by page (${RUNS} histories)`, async () => {
    await fc.assert(
      fc.asyncProperty(history, anyQuery, async (past, query) => {
        const { account, stable, everything } = await live(withPrecision(profile, past), provider, past)
        const taken = await readInPages(account, query, past.pageSizes)

        const matching = everything.filter(storedTruth(query, provider)).map(({ requestId }) => requestId)
        expectAllOnce(taken, new Set(matching.filter((id) => stable.has(id))))
        expect(
          taken.map(({ requestId }) => requestId).filter((id) => !matching.includes(id)),
          'nothing else',
        ).toEqual([])
      }),
      { numRuns: RUNS },
    )
  }, 300_000)
})

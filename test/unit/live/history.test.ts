import fc from 'fast-check'
import { expect, it } from 'vitest'
import { runLiveHistory } from '../../support/live-history/run-live-history.ts'

/** Set it for a long run; `bench/live/history.ts` does a million. */
const TRANSITIONS = Number(process.env.LIVE_TRANSITIONS ?? 2_000)

it.each([false, true])(
  'loses no final state, and reports all states in order, with faults: %s',
  { timeout: 600_000 },
  async (isFaulty) => {
    const runs = isFaulty ? 2 : 1
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        const { violations } = await runLiveHistory({ seed, transitions: TRANSITIONS / runs / 2, isFaulty })
        expect(violations.slice(0, 5)).toEqual([])
      }),
      { numRuns: runs, endOnFailure: true },
    )
  },
)

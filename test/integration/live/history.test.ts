import { expect, it } from 'vitest'
import { runLiveHistory } from '../../support/live-history/run-live-history.ts'

// `bench/live/history.ts` does a million.
it.each([false, true])(
  'loses no final state, and tells all in order, over broken connections; with replicas that lag behind: %s',
  { timeout: 120_000 },
  async (hasReplicas) => {
    const seed = Date.now()
    const options = { seed, transitions: 2_000, isFaulty: true, isNetworked: true, subscribers: 12, hasReplicas }
    const { violations } = await runLiveHistory(options)
    expect(violations.slice(0, 5), `seed ${seed}`).toEqual([])
  },
)

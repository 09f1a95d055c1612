import { describe, expect, it } from 'vitest'
import { runLiveHistory } from '../../support/live-history/run-live-history.ts'

const SEED = 1

// Most of the time is waiting. `bench/live/history.ts` does a million, from any seed.
describe.concurrent.each([false, true])('over broken connections; with replicas that lag behind: %s', (hasReplicas) => {
  it('loses no final state, and reports all states in order', { timeout: 120_000 }, async () => {
    const options = { seed: SEED, transitions: 1_000, isFaulty: true, isNetworked: true, subscribers: 12, rests: 1 }
    const { violations } = await runLiveHistory({ ...options, hasReplicas })
    expect(violations.slice(0, 5)).toEqual([])
  })
})

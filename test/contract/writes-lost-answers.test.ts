import { expect, it } from 'vitest'
import { compliant } from '../support/providers/compliant.ts'
import { fourEverland } from '../support/providers/four-everland.ts'
import { addWithLosses } from '../support/writes/add-with-losses.ts'
import { startWriteSetup } from '../support/writes/start-write-setup.ts'

// bench/writes/lost-answers.ts does the same 10,000 times.
const LOSSES = { adds: 1000, concurrency: 50, lostPercent: 20, seed: 1 }
const TIMEOUT_MS = 120_000

it('makes each of 1,000 pins once while a fifth of the answers is lost, where meta is kept', {
  timeout: TIMEOUT_MS,
}, async () => {
  await using setup = await startWriteSetup({ profile: compliant })

  const report = await addWithLosses(setup, LOSSES)

  expect(report).toEqual({ ...report, adds: 1000, added: 1000, unknown: 0, failed: 0, duplicates: 0, wrong: 0 })
})

it('makes none of 1,000 pins twice if meta is dropped, and reports OUTCOME_UNKNOWN where it cannot know', {
  timeout: TIMEOUT_MS,
}, async () => {
  await using setup = await startWriteSetup({ profile: fourEverland, provider: '4everland' })

  const report = await addWithLosses(setup, LOSSES)

  expect(report).toEqual({ ...report, failed: 0, duplicates: 0, wrong: 0 })
  // A tenth of the requests fails before anything is done, which cannot be seen from outside.
  expect(report.unknown).toBeLessThan(200)
  expect(report.added + report.unknown).toBe(1000)
})

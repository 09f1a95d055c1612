/**
 * Adds whose answers get lost, against services that keep `meta` and that drop it: how many pins are made twice, and how
 * many clients are told something wrong. Clients try again with the same key, up to five times.
 *
 * Run: npx tsx bench/writes/lost-answers.ts [adds = 10000] [lost answers of a hundred = 20]
 * Exit code 1 when a pin was made twice, or a client was told something wrong, or failed without a typed unknown outcome.
 */
import { compliant } from '../../test/support/providers/compliant.ts'
import { fourEverland } from '../../test/support/providers/four-everland.ts'
import { addWithLosses } from '../../test/support/writes/add-with-losses.ts'
import { startWriteSetup } from '../../test/support/writes/start-write-setup.ts'

const [adds = 10_000, lostPercent = 20] = process.argv.slice(2).map(Number)

for (const [name, options] of [
  ['keeps meta, a stranger', { profile: compliant }],
  ['drops meta, 4EVERLAND', { profile: fourEverland, provider: '4everland' }],
] as const) {
  await using setup = await startWriteSetup(options)
  const startedAt = performance.now()
  const report = await addWithLosses(setup, { adds, concurrency: 50, lostPercent, seed: 1 })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  process.stdout.write(`${name}: ${JSON.stringify(report)} in ${seconds} s\n`)
  if (report.duplicates + report.wrong + report.failed > 0) process.exitCode = 1
}

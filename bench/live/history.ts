/**
 * A million changes under faults, and what every subscriber was told of them.
 *
 * Run: npx tsx bench/live/history.ts [changes = 1000000] [first seed = 1]
 * Exit code 1 when a final state was lost, or anything came out of order.
 */
import { runLiveHistory } from '../../test/support/live-history/run-live-history.ts'

const PER_RUN = 20_000
const [changes = 1_000_000, firstSeed = 1] = process.argv.slice(2).map(Number)
const totals = { transitions: 0, events: 0, connections: 0, requests: 0 }
const violations: string[] = []
for (let seed = firstSeed; totals.transitions < changes; seed++) {
  const run = await runLiveHistory({ seed, transitions: Math.min(PER_RUN, changes), isFaulty: seed % 4 !== 0 })
  totals.transitions += run.transitions
  totals.events += run.events
  totals.connections += run.connections
  totals.requests += run.requests
  violations.push(...run.violations)
  if (run.violations.length > 0) process.stdout.write(`${run.violations.slice(0, 5).join('\n')}\n`)
}
const { transitions, events, connections, requests } = totals
process.stdout.write(
  `${transitions} changes, ${events} events over ${connections} connections, ${requests} requests: ` +
    `${violations.length} violations\n`,
)
process.exitCode = violations.length === 0 ? 0 : 1

/**
 * Changes under faults, and what every subscriber was told of them: a million, with no final state lost and nothing out
 * of order.
 *
 * The gateway's servers, a service on HTTP, and clients on WebSockets and event streams, who come, go, stall and come
 * back; all faults of the fault proxy before the service and before the gateway, besides lost and late answers, refusals
 * and, in every third history, replicas that lag behind. Every fourth history has no faults. Nine times in each history all
 * comes to rest, mostly after everybody has left and come back, and everybody must know how everything is. The clock goes
 * twenty times as fast as time.
 *
 * Run: npx tsx bench/live/history.ts [changes = 1000000] [first seed = 1] [changes of each history = 100000]
 * Exit code 1 when a final state was lost, or anything came out of order, twice, or untrue.
 */
import { runLiveHistory } from '../../test/support/live-history/run-live-history.ts'

const [changes = 1_000_000, firstSeed = 1, perHistory = 100_000] = process.argv.slice(2).map(Number)
const totals = { transitions: 0, events: 0, connections: 0, requests: 0, violations: 0 }
const troubles = new Map<string, number>()
for (let seed = firstSeed; totals.transitions < changes; seed++) {
  const startedAt = performance.now()
  const run = await runLiveHistory({
    seed,
    transitions: Math.min(perHistory, changes - totals.transitions),
    isFaulty: seed % 4 !== 0,
    hasReplicas: seed % 3 === 0,
    isNetworked: true,
    tenants: 5,
    pinsPerTenant: 60,
    subscribers: 20,
  })
  for (const key of ['transitions', 'events', 'connections', 'requests'] as const) totals[key] += run[key]
  totals.violations += run.violations.length
  for (const [kind, count] of run.troubles) troubles.set(kind, (troubles.get(kind) ?? 0) + count)
  const { transitions, events, connections, requests, violations } = run
  process.stdout.write(
    `seed ${seed}: ${transitions} changes, ${events} events over ${connections} connections, ${requests} requests, ` +
      `${violations.length} violations, ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`,
  )
  if (violations.length > 0) process.stdout.write(`${violations.slice(0, 10).join('\n')}\n`)
}
process.stdout.write(`${JSON.stringify(totals)}\n${JSON.stringify(Object.fromEntries(troubles))}\n`)
// Node lists two sockets after long histories, which no object of JavaScript holds, and would wait for them for ever.
process.exit(totals.violations === 0 ? 0 : 1)

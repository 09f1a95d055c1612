// Claim: more calls than fit, for a minute, pass no limit of the service in any window and use at least 90 % of it;
// mutations leave within 50 ms all the same.
//
//   node --import tsx bench/gateway/greedy.ts [seconds = 60]
// Through the whole of a call, over HTTP: budget, breaker, retries, connections. bench/budget/run.ts has the budget alone.
import { PIN_STATUSES } from '../../src/domain/pin.ts'
import { EMULATED_TOKENS } from '../../test/support/providers/emulated-provider.ts'
import { jainFairness, percentile } from '../../test/support/sliding-log.ts'
import { createTenant } from '../../test/support/upstream/create-tenant.ts'
import { createTestRegistry } from '../../test/support/upstream/create-test-registry.ts'
import { startProcess } from './start-process.ts'

const SECONDS = Number(process.argv[2] ?? 60)
const [ALICE] = EMULATED_TOKENS
const TENANTS = Array.from({ length: 8 }, (_, n) => `tenant ${n}`)
const LIMITS = [{ limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }] as const
const print = (line: string): void => void process.stdout.write(`${line}\n`)

await using emulated = await startProcess('limited-service-process.ts', { pins: 0, latencyMs: 5 })
const settings = { name: 'test', endpoint: emulated.url, token: null, provider: null, limits: LIMITS }
await using registry = createTestRegistry([settings], 'test')
const service = registry.get('test')
const end = performance.now() + SECONDS * 1000
const answers = new Map(TENANTS.map((tenant) => [tenant, 0]))
const waitedMs: number[] = []

async function callGreedily(key: string, reader: number): Promise<void> {
  // Eight tenants for the budget, one account at the service.
  const tenant = createTenant(service, key, ALICE)
  for (let n = 0; performance.now() < end; n++) {
    // Equal lists of one tenant would share a call.
    const query = { statuses: PIN_STATUSES, limit: 1 + reader, name: `${key} ${n}` }
    await tenant.reads.listPins(query, { class: reader % 2 ? 'live' : 'interactive' })
    answers.set(key, (answers.get(key) ?? 0) + 1)
  }
}

/** A DELETE of nothing: the time until it leaves. */
async function mutate(): Promise<void> {
  const askedAt = performance.now()
  await service
    .call({
      tenantKey: 'editor',
      token: ALICE,
      endpoint: 'write',
      class: 'mutation',
      isRepeatable: true,
      send: (client, options) => {
        waitedMs.push(performance.now() - askedAt)
        return client.removePin('none', options)
      },
    })
    .catch(() => {})
}

const mutations = setInterval(() => void mutate(), 143)
await Promise.all(TENANTS.flatMap((key) => [0, 1, 2, 3, 4, 5].map((reader) => callGreedily(key, reader))))
clearInterval(mutations)
const { requests = 0, refused = 0 } = (await emulated.report()).counts
const use = requests / (SECONDS * 100)
const p99 = percentile(waitedMs, 0.99)
const fairness = jainFairness([...answers.values()])
print(
  `${SECONDS} s: ${requests} requests, ${(100 * use).toFixed(1)} % of the limit, ${refused} refused by an exact sliding log; ` +
    `mutations wait p50 ${percentile(waitedMs, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms (${waitedMs.length}); ` +
    `Jain ${fairness.toFixed(4)}`,
)
const isKept = refused === 0 && use >= 0.9 && p99 <= 50 && fairness >= 0.95
print(isKept ? 'kept' : 'NOT KEPT')
process.exitCode = isKept ? 0 : 1

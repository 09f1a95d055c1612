/**
 * Adds and lists over a link that fails for 0.4 to 1.9 s now and then: refused connections, resets, cut answers, black holes,
 * and slow bytes. pinql's must be answered, 99 % of adds and 98 % of lists, and no pin may be made twice. Beside them, a
 * client without retries sends the same over the same link.
 *
 * Run: npx tsx bench/upstream/flaky-link.ts [seconds = 600] [seed = random]
 * Exit code 1 when fewer were answered, or a pin was made twice or is missing.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseCid } from '../../src/domain/cid.ts'
import { PIN_STATUSES } from '../../src/domain/pin.ts'
import { createServiceClient } from '../../src/upstream/service/client.ts'
import { createServiceRegistry } from '../../src/upstream/tenant/service-registry.ts'
import { type Faults, startFaultProxy } from '../../test/support/fault-proxy.ts'
import { compliant } from '../../test/support/providers/compliant.ts'
import { EMULATED_TOKENS, startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'

const [seconds = 600, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number)
const EVERY_MS = 50
const LIMITS = [{ limit: 1000, windowMs: 1000, scope: 'address', endpoint: 'all' }] as const
const PAGE = { statuses: PIN_STATUSES, limit: 10 }
const FAULTS: readonly (Faults | 'down')[] = [
  'down',
  { resetPeer: { afterMs: 0 } },
  { downstream: { limitData: { bytes: 60 } } },
  { downstream: { timeout: { afterMs: 0 } } },
  { downstream: { slicer: { averageBytes: 10, delayMs: 50 } } },
]
const [ALICE, BOB] = EMULATED_TOKENS
const random = seededRandom(seed)

await using service = await startEmulatedProvider(compliant)
await using proxy = await startFaultProxy(service.endpoint, { seed })
const settings = { name: 'one', endpoint: proxy.endpoint, token: ALICE, provider: null, limits: LIMITS }
await using registry = createServiceRegistry([settings], 'one')
await using plain = createServiceClient({ name: 'plain', endpoint: proxy.endpoint })
const tenant = registry.tenant('one', null)

const answered = { add: 0, list: 0, 'plain add': 0, 'plain list': 0 }
const failures = new Map<string, number>()
const works: Promise<void>[] = []
let longestMs = 0
let isOver = false

function count(what: keyof typeof answered, work: Promise<unknown>): void {
  const startedAt = performance.now()
  const end = work
    .then(
      () => {
        answered[what]++
      },
      (error: unknown) => {
        const key = `${what}: ${error}`
        if (!what.startsWith('plain')) failures.set(key, (failures.get(key) ?? 0) + 1)
      },
    )
    .then(() => {
      if (!what.startsWith('plain')) longestMs = Math.max(longestMs, performance.now() - startedAt)
    })
  works.push(end)
}

/** Between 3 and 11 s without faults, and then one: a seventh of the time. */
async function fail(): Promise<void> {
  while (!isOver) {
    await delay(3_000 + random() * 8_000)
    const lastsMs = 400 + random() * 1_500
    const fault = FAULTS[Math.floor(random() * FAULTS.length)] ?? 'down'
    if (fault === 'down') await proxy.down()
    else proxy.set(fault)
    await delay(lastsMs)
    if (fault === 'down') await proxy.up()
    else proxy.clear()
  }
}

const failing = fail()
let asked = 0
for (const endsAt = performance.now() + seconds * 1000; performance.now() < endsAt; asked++) {
  const pin = { cid: parseCid(exampleCid(asked)), name: `pin ${asked}`, origins: [], meta: {} }
  count('add', tenant.addPin(pin, `key ${asked}`))
  count('list', tenant.listPins(PAGE))
  count('plain add', plain.addPin(pin, { token: BOB }))
  count('plain list', plain.listPins(PAGE, { token: BOB }))
  await delay(EVERY_MS)
}
isOver = true
await Promise.all([...works, failing])

const names = service.pins(ALICE).map(({ name }) => name)
const doubled = names.length - new Set(names).size
const lost = answered.add - new Set(names).size
const rates = Object.entries(answered).map(([what, n]) => `${what} ${((n / asked) * 100).toFixed(2)} %`)
process.stdout.write(`seed ${seed}: ${asked} each, ${rates.join(', ')}\n`)
process.stdout.write(`${doubled} doubled, ${Math.max(0, lost)} lost, longest ${Math.round(longestMs)} ms\n`)
for (const [failure, times] of failures) process.stdout.write(`${times} × ${failure}\n`)
if (answered.add < 0.99 * asked || answered.list < 0.98 * asked || doubled > 0 || lost > 0) process.exitCode = 1

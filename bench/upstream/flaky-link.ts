/**
 * The gateway over a link that fails for 0.4 to 1.9 s now and then: a tenth of the time a real Toxiproxy refuses connections,
 * resets them, cuts answers, lets requests hang, or sends bytes slowly. 99 % of adds and 98 % of lists must be answered (98 % of
 * adds with `--drops-meta`), no pin may be made twice, lost, or end in an untyped error, and at the end a subscriber must have
 * seen the last status of every pin. Beside it a client without retries sends the same over the same link.
 *
 * Run: npx tsx bench/upstream/flaky-link.ts [--seconds 600] [--seed <random>] [--share 0.1] [--drops-meta] [--lists-a-minute 30]
 * Needs Go, and the Go modules of Toxiproxy. Exit code 1 when something of this does not hold.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { parseCid } from '../../src/domain/cid.ts'
import { PIN_STATUSES } from '../../src/domain/pin.ts'
import { compliant } from '../../test/support/providers/compliant.ts'
import { startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { startTestGateway } from '../../test/support/start-test-gateway.ts'
import { openClient } from '../../test/support/upstream/open-client.ts'
import { failNowAndThen } from './link-faults.ts'
import { Tally } from './tally.ts'
import { startToxiproxy } from './toxiproxy.ts'
import { watchPins } from './watch-pins.ts'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    share: { type: 'string', default: '0.1' },
    'drops-meta': { type: 'boolean', default: false },
    'lists-a-minute': { type: 'string' },
  },
})
const seconds = Number(options.seconds)
const seed = Number(options.seed)
const isPaced = options['lists-a-minute'] !== undefined
/** An add and a list are sent so often, by pinql and by the client. With 30 lists a minute, ten adds can be looked for in two seconds. */
const EVERY_MS = isPaced ? 200 : 50
/** With 30 lists a minute ten are asked for: looks after lost answers need the rest. */
const ADDS_FOR_A_LIST = isPaced ? 30 : 1
const WATCHED = 300
const [PINQL, PLAIN, WATCHER] = ['pinql', 'plain', 'watcher']
const LISTS = { limit: Number(options['lists-a-minute']), windowMs: 60_000, scope: 'token', endpoint: 'list' } as const
const ALL = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' } as const
const PAGE = { statuses: PIN_STATUSES, limit: 10 }

const profile = options['drops-meta'] ? { ...compliant, keep: (body: object) => ({ ...body, meta: null }) } : compliant
await using service = await startEmulatedProvider(profile as typeof compliant, { tokens: [PINQL, PLAIN, WATCHER] })
await using link = await startToxiproxy(service.endpoint)
await using gateway = await startTestGateway({
  services: { one: { endpoint: link.endpoint, token: PINQL, limits: isPaced ? [LISTS] : [ALL] } },
})
await using plain = openClient({ name: 'plain', endpoint: link.endpoint })

const pinql = { adds: new Tally(), lists: new Tally() }
const without = { adds: new Tally(), lists: new Tally() }
const calls: Promise<void>[] = []

interface Result {
  readonly nodes?: readonly unknown[]
  readonly pin?: unknown
  readonly error?: { readonly code: string; readonly mayHaveActed: boolean } | null
}

/** Returns the result of an operation. Fails with the code of its error. An error without a code is a bug of pinql's. */
async function ask(query: string, variables: Record<string, unknown> = {}): Promise<Result> {
  const { data, errors } = await gateway.query<{ result: Result | null }>(query, variables)
  const { result } = data ?? {}
  if (result && (result.pin || result.nodes)) return result
  const { code, mayHaveActed } = result?.error ?? { code: errors?.[0]?.extensions?.code, mayHaveActed: true }
  throw Object.assign(new Error(String(code ?? 'UNTYPED')), { mayHaveActed })
}

/** Names of pins whose adds were answered, and of those whose adds were said to have had no effect. */
const told = { made: new Set<string>(), unsent: new Set<string>() }

async function add(input: { readonly name: string }): Promise<void> {
  try {
    await ask(ADD, { input })
    told.made.add(input.name)
  } catch (error) {
    if ((error as { mayHaveActed: boolean }).mayHaveActed === false) told.unsent.add(input.name)
    throw error
  }
}

const ADD =
  'mutation ($input: AddPinInput!) { result: addPin(input: $input) { pin { requestId } error { code mayHaveActed } } }'
const LIST = '{ result: pins(first: 10) { nodes { requestId status } } }'

service.seed(
  WATCHER,
  Array.from({ length: WATCHED }, (_, n) => ({ cid: exampleCid(n), name: `watched ${n}`, status: 'queued' as const })),
)
const watch = watchPins(gateway.url, WATCHER)
await watch.caughtUp
const random = seededRandom(seed)
const faults = failNowAndThen(link, random, Number(options.share))
let sent = 0
for (const endsAt = performance.now() + seconds * 1000; performance.now() < endsAt; sent++) {
  const input = { cid: exampleCid(sent), name: `pin ${sent}`, idempotencyKey: `key ${sent}` }
  const pin = { cid: parseCid(input.cid), name: input.name, origins: [], meta: {} }
  calls.push(pinql.adds.count(add(input)), without.adds.count(plain.addPin(pin, { token: PLAIN })))
  if (sent % ADDS_FOR_A_LIST === 0) {
    calls.push(pinql.lists.count(ask(LIST)), without.lists.count(plain.listPins(PAGE, { token: PLAIN })))
  }
  const watched = service.pins(WATCHER)[Math.floor(random() * WATCHED)]
  if (watched && sent % 10 === 0) service.setStatus(WATCHER, watched.requestId, PIN_STATUSES[sent % 4] ?? 'pinned')
  await delay(EVERY_MS)
}
await faults.stop()
await Promise.all(calls)
const wrong = await watch.compare(() => service.pins(WATCHER), isPaced ? 120_000 : 60_000)
await watch.stop()

const names = service.pins(PINQL).map(({ name }) => name ?? '')
const made = new Set(names)
const doubled = names.length - made.size
const lost = [...told.made].filter((name) => !made.has(name)).length
const madeUnsent = [...told.unsent].filter((name) => made.has(name)).length
const failures = [...pinql.adds.failures, ...pinql.lists.failures]
const untyped = failures.filter(([code]) => !/^[A-Z_]+$/.test(code) || code === 'UNTYPED')
const percent = (part: number): string => `${(part * 100).toFixed(2)} %`
const longestMs = Math.round(Math.max(pinql.adds.longestMs, pinql.lists.longestMs))
process.stdout.write(`seed ${seed}, ${sent} adds, faults ${percent(faults.share())} of the time
pinql: ${percent(pinql.adds.rate)} of adds, ${percent(pinql.lists.rate)} of lists, the longest after ${longestMs} ms
without: ${percent(without.adds.rate)} of adds, ${percent(without.lists.rate)} of lists
${doubled} doubled, ${lost} lost, ${madeUnsent} made though said to be unsent, ${wrong} of ${WATCHED} watched pins wrong\n`)
for (const [code, times] of failures) process.stdout.write(`${times} × ${code}\n`)
const leastAdds = options['drops-meta'] ? 0.98 : 0.99
// Otherwise the faults were not felt, and nothing was shown.
const isFelt = without.adds.rate < 1 - Number(options.share) / 3
const isKept = isFelt && pinql.adds.rate >= leastAdds && pinql.lists.rate >= 0.98
process.exitCode = isKept && doubled + lost + madeUnsent + wrong + untyped.length === 0 ? 0 : 1

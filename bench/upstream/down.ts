/**
 * The gateway before a service that is down for long: a real Toxiproxy refuses its connections, resets them, or lets requests hang.
 * Once the outage is known, the service must get one request a second at most, or two for a trial of a change in two seconds. Calls that
 * begin then and are not sent must end with a typed error within 5 s. When the service is back, callers that wait must be answered
 * within 2 s.
 *
 * Run: npx tsx bench/upstream/down.ts [--seconds 60] [--seed <random>]
 * `--seconds` is the length of each of the three outages, from when it is known. Needs Go, and the Go modules of Toxiproxy. Exit code 1
 * when something of this does not hold.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { compliant } from '../../test/support/providers/compliant.ts'
import { startEmulatedProvider } from '../../test/support/providers/emulated-provider.ts'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { startTestGateway } from '../../test/support/start-test-gateway.ts'
import { startRequestCounter } from './request-counter.ts'
import { startToxiproxy, type Toxic } from './toxiproxy.ts'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
})
const outageMs = Number(options.seconds) * 1000
const seed = Number(options.seed)
const random = seededRandom(seed)
/** Mean time between two calls, of which half are adds and half are lists. */
const EVERY_MS = 50
/** The pause between two trials is half of the outage's age, and a second from here on. */
const SETTLED_MS = 3_000
/** An error within 5 s, as the client sees it. */
const LONGEST_MS = 5_000
const LONGEST_RETURN_MS = 2_000
const TOKEN = 'pinql'
const LIMIT = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' } as const
const ADD =
  'mutation ($input: AddPinInput!) { result: addPin(input: $input) { pin { requestId } error { code mayHaveActed } } }'
const LIST = '{ result: pins(first: 10) { nodes { requestId status } } }'

interface Call {
  readonly kind: 'add' | 'list'
  readonly beganAt: number
  endedAt: number
  /** `answered`, or the code of the error. */
  outcome: string
  /** True if the error says that the request may have been sent. */
  mayHaveActed: boolean
}

interface Result {
  readonly nodes?: readonly unknown[]
  readonly pin?: unknown
  readonly error?: { readonly code: string; readonly mayHaveActed: boolean } | null
}

const FAULTS: Readonly<Record<string, readonly Toxic[] | 'down'>> = {
  refused: 'down',
  reset: [{ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 0 } }],
  hang: [
    { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } },
    { type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } },
  ],
}

await using service = await startEmulatedProvider(compliant, { tokens: [TOKEN] })
await using link = await startToxiproxy(service.endpoint)
await using counter = await startRequestCounter(link.endpoint)
await using gateway = await startTestGateway({
  services: { one: { endpoint: counter.endpoint, token: TOKEN, limits: [LIMIT] } },
})

const calls: Call[] = []
const running = new Set<Promise<void>>()

async function ask(kind: Call['kind']): Promise<void> {
  const call: Call = { kind, beganAt: performance.now(), endedAt: Number.NaN, outcome: 'UNTYPED', mayHaveActed: false }
  calls.push(call)
  const n = calls.length
  const input = { cid: exampleCid(n), name: `pin ${n}`, idempotencyKey: `key ${n}` }
  const { data, errors } = await gateway.query<{ result: Result | null }>(
    kind === 'add' ? ADD : LIST,
    kind === 'add' ? { input } : {},
  )
  const { result } = data ?? {}
  call.endedAt = performance.now()
  call.mayHaveActed = result?.error?.mayHaveActed ?? false
  call.outcome =
    result?.pin || result?.nodes
      ? 'answered'
      : String(result?.error?.code ?? errors?.[0]?.extensions?.code ?? 'UNTYPED')
}

const load = new AbortController()
async function keepCalling(): Promise<void> {
  while (!load.signal.aborted) {
    const call = ask(random() < 0.5 ? 'add' : 'list')
    running.add(call)
    void call.finally(() => running.delete(call))
    await delay(random() * 2 * EVERY_MS)
  }
}

async function until(isDue: () => boolean): Promise<void> {
  while (!isDue()) await delay(10)
}

const largest = (values: readonly number[]): number => Math.round(Math.max(0, ...values))
const calling = keepCalling()
let isKept = true
process.stdout.write(`seed ${seed}, ${options.seconds} s of each outage\n`)
for (const [name, fault] of Object.entries(FAULTS)) {
  await delay(3_000)
  const since = performance.now()
  if (fault === 'down') await link.down()
  else for (const toxic of fault) await link.add(toxic)
  await until(() =>
    calls.some(({ beganAt, outcome, endedAt }) => beganAt > since && endedAt > 0 && outcome !== 'answered'),
  )
  const knownAt = performance.now() + 500
  await delay(outageMs)
  const backFrom = performance.now()
  if (fault === 'down') await link.up()
  else await link.clear()
  const backAt = performance.now()
  await delay(6_000)

  const [from, to] = [knownAt + SETTLED_MS, backFrom]
  const requests = counter.times.filter((at) => at > from && at < to)
  const perSecond = (requests.length - 1) / ((to - from) / 1000)
  const during = calls.filter(({ beganAt }) => beganAt > knownAt && beganAt < to - LONGEST_MS - 1_000)
  const sent = during.filter(({ mayHaveActed, outcome }) => mayHaveActed || outcome === 'OUTCOME_UNKNOWN')
  const unsent = during.filter((call) => !sent.includes(call))
  const longestMs = largest(unsent.map(({ beganAt, endedAt }) => endedAt - beganAt))
  const untyped = during.filter(({ outcome }) => outcome !== 'SERVICE_UNAVAILABLE' && outcome !== 'OUTCOME_UNKNOWN')
  // Callers with two seconds left of the 4.5 that they wait.
  const waiting = calls.filter(({ beganAt }) => beganAt > backAt - 2_400 && beganAt < backFrom)
  const answered = waiting.filter(({ outcome }) => outcome === 'answered')
  const firstMs = Math.min(...answered.map(({ endedAt }) => endedAt - backAt))
  const lastMs = largest(answered.map(({ endedAt }) => endedAt - backAt))
  const holds =
    perSecond <= 1 &&
    longestMs <= LONGEST_MS &&
    untyped.length === 0 &&
    answered.length === waiting.length &&
    lastMs <= LONGEST_RETURN_MS
  isKept &&= holds
  process.stdout.write(`${name}: ${perSecond.toFixed(2)} requests a second; ${unsent.length} calls ended unsent, the last after ${longestMs} ms; \
${sent.length} were sent, ${untyped.length} untyped; back: ${answered.length} of ${waiting.length} that waited were answered, after \
${Math.round(firstMs)} to ${lastMs} ms: ${holds ? 'kept' : 'NOT KEPT'}\n`)
}
load.abort()
await calling
await Promise.all(running)
process.exitCode = isKept ? 0 : 1

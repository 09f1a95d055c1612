// Claim: a change costs the gateway at most 500 µs of processor time, and a burst of 50 adds at once leaves /health
// within 20 ms (the longest answer of a burst, median over bursts).
//
//   npm run build && node --import tsx bench/writes/cpu.ts [--changes 10000] [--rounds 3] [--keys] [--flag=--cpu-prof]
//
// A change is one `addPin` by POST over 64 connections, of one token. `--keys`: clients give idempotency keys. `--flag`: a
// flag of Node for the gateway. Needs Linux and two quiet cores: the gateway runs on core 0, the load and the service on core 1.
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { exampleCid } from '../../test/support/providers/example-cid.ts'
import { startProcess } from '../gateway/start-process.ts'
import { type BuiltGateway, startBuiltGateway } from './built-gateway.ts'
import { RawConnection, rawRequest } from './raw-connection.ts'

const { values: options } = parseArgs({
  options: {
    changes: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '3' },
    keys: { type: 'boolean', default: false },
    flag: { type: 'string', multiple: true, default: [] },
  },
})
const CONNECTIONS = 64
const FIRST = 500
const WARM_UP = 5_000
const BURSTS = 20
const BURST_SIZE = 50
const GOAL_MICROSECONDS = 500
const GOAL_HEALTH_MS = 20
const QUERY = `mutation Add($input: AddPinInput!) {
  addPin(input: $input) {
    pin { id requestId status cid name createdAt meta }
    error { code message }
    idempotencyKey
  }
}`
const HEALTH = rawRequest('GET', '/health', {})
const print = (line: string): void => void process.stdout.write(`${line}\n`)

let added = 0
function nextAdd(): string {
  const n = added++
  const key = options.keys && { idempotencyKey: `key-${exampleCid(n).slice(-20)}` }
  const input = { cid: exampleCid(n), name: `photo ${n}.jpg`, meta: { app: 'bench', album: `album ${n % 10}` }, ...key }
  const headers = { authorization: 'Bearer token', accept: 'application/json', 'content-type': 'application/json' }
  return rawRequest('POST', '/graphql', headers, JSON.stringify({ query: QUERY, variables: { input } }))
}

async function add(connection: RawConnection): Promise<void> {
  const answer = await connection.ask(nextAdd())
  if (!answer.includes('"requestId":"pin-') || !answer.includes('"error":null')) throw new Error(answer)
}

/** Adds pins one after the other over each connection. */
async function addMany(connections: RawConnection[], count: number): Promise<void> {
  let left = count
  const work = async (connection: RawConnection): Promise<void> => {
    while (left-- > 0) await add(connection)
  }
  await Promise.all(connections.map(work))
}

/** Costs of one change in microseconds, and transactions of the journal a change. */
async function measure(gateway: BuiltGateway, connections: RawConnection[], count: number) {
  const [cpu, transactions] = [gateway.cpuMicroseconds(), gateway.journalTransactions()]
  await addMany(connections, count)
  return {
    microseconds: (gateway.cpuMicroseconds() - cpu) / count,
    transactions: (gateway.journalTransactions() - transactions) / count,
  }
}

/** Latencies of `/health` in milliseconds while bursts of adds arrive, sorted. */
interface Health {
  readonly all: readonly number[]
  /** The longest of each burst. */
  readonly worst: readonly number[]
}

async function healthInBursts(port: number, connections: RawConnection[], bursts = BURSTS): Promise<Health> {
  using probe = await RawConnection.open(port)
  const all: number[] = []
  const worst: number[] = []
  for (let burst = 0; burst < bursts; burst++) {
    let [isOver, longest] = [false, 0]
    const adds = Promise.all(connections.slice(0, BURST_SIZE).map(add)).then(() => {
      isOver = true
    })
    while (!isOver) {
      const askedAt = performance.now()
      await probe.ask(HEALTH)
      const latency = performance.now() - askedAt
      all.push(latency)
      longest = Math.max(longest, latency)
    }
    await adds
    worst.push(longest)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return { all: all.sort((a, b) => a - b), worst: worst.sort((a, b) => a - b) }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function shown({ all, worst }: Health): string {
  const [p50, p99, max] = [0.5, 0.99, 1].map((share) => at(all, share).toFixed(1))
  return `p50 ${p50}, p99 ${p99}, max ${max}, longest of a burst p50 ${at(worst, 0.5).toFixed(1)} ms`
}

async function round(): Promise<{ microseconds: number; healthMs: number }> {
  await using service = await startProcess('../writes/echo-service-process.ts')
  await using gateway = await startBuiltGateway(service.url, 0, options.flag)
  const opened = Array.from({ length: CONNECTIONS }, () => RawConnection.open(gateway.port))
  const connections = await Promise.all(opened)
  const cold = await healthInBursts(gateway.port, connections, 1)
  await addMany(connections, WARM_UP)
  const warm = await measure(gateway, connections, Number(options.changes))
  const health = await healthInBursts(gateway.port, connections)
  for (const each of connections) each[Symbol.dispose]()
  const { others } = (await service.report()).counts
  print(
    `warm ${warm.microseconds.toFixed(0)} µs and ${warm.transactions.toFixed(3)} transactions a change; /health in ` +
      `bursts: ${shown(health)}; in the first of a new process max ${at(cold.all, 1).toFixed(0)} ms; ${others} lookups`,
  )
  return { microseconds: warm.microseconds, healthMs: at(health.worst, 0.5) }
}

/** In a process of its own, since nothing else may have warmed it up. */
async function first(): Promise<void> {
  await using service = await startProcess('../writes/echo-service-process.ts')
  await using gateway = await startBuiltGateway(service.url, 0)
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => RawConnection.open(gateway.port)))
  const { microseconds } = await measure(gateway, connections, FIRST)
  for (const each of connections) each[Symbol.dispose]()
  print(`first ${FIRST}: ${microseconds.toFixed(0)} µs a change`)
}

// Child processes of this process inherit its core.
execFileSync('taskset', ['-a', '-c', '-p', '1', String(process.pid)], { stdio: 'ignore' })
await first()
const rounds: Awaited<ReturnType<typeof round>>[] = []
for (let n = 0; n < Number(options.rounds); n++) rounds.push(await round())
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
const cost = median(rounds.map(({ microseconds }) => microseconds))
const healthMs = median(rounds.map((each) => each.healthMs))
const isKept = cost <= GOAL_MICROSECONDS && healthMs <= GOAL_HEALTH_MS
print(`median: ${cost.toFixed(0)} µs a change, /health ${healthMs.toFixed(1)} ms: ${isKept ? 'kept' : 'NOT KEPT'}`)
process.exitCode = isKept ? 0 : 1

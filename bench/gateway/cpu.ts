// Claim: one pin costs the gateway at most twice the processor time of a raw node:http -> undici proxy, a list of 100
// pins with all fields at most seven times as much.
//
//   npm run build && node --import tsx bench/gateway/cpu.ts [--rounds 3] [--seconds 4] [--tokens 1]
// Each server runs alone, on core 0 where `taskset` is there; the service and the clients are on core 1. Every round starts
// each server anew, and loads it for at least 3 s before anything is measured.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { percentile } from '../../test/support/sliding-log.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { CPU_LOADS, type CpuLoad } from './cpu-loads.ts'
import { loadHttp } from './load-http.ts'
import { leaveCoreToMeasured, type MeasuredServer, startMeasured } from './start-measured.ts'
import { startProcess } from './start-process.ts'

const CONNECTIONS = 64
/** Different requests, sent in turn. */
const REQUESTS = 1000
/** Repeated until there were enough answers, which takes longer on a busy machine. */
const WARM_UP = { seconds: 3, answers: 1500 }
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const RAW_PROXY = fileURLToPath(new URL('raw-proxy.mjs', import.meta.url))
const print = (line: string): void => void process.stdout.write(`${line}\n`)

const option = (value: string) => ({ type: 'string', default: value }) as const
const { values } = parseArgs({ options: { rounds: option('3'), seconds: option('4'), tokens: option('1') } })
const [rounds, seconds, tokens] = [Number(values.rounds), Number(values.seconds), Number(values.tokens)]

interface Target {
  readonly name: 'raw' | 'pinql'
  readonly start: (endpoint: string) => Promise<MeasuredServer>
  readonly path: (load: CpuLoad, n: number) => string
  /** Null for a GET. */
  readonly body: (load: CpuLoad, n: number) => string | null
}

interface Figures {
  readonly microseconds: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Measurement extends Figures {
  readonly round: number
  readonly target: Target['name']
  readonly load: CpuLoad
}

await using folder = await temporaryFolder()
const TARGETS: readonly Target[] = [
  {
    name: 'raw',
    start: (endpoint) => startMeasured(() => [RAW_PROXY], { cwd: folder.path, env: { UPSTREAM: endpoint } }),
    path: (load, n) => load.path(n),
    body: () => null,
  },
  { name: 'pinql', start: startGateway, path: () => '/graphql', body: (load, n) => load.body(n) },
]

/** The built gateway, in front of a service that leaves nothing to be found out or waited for. */
async function startGateway(endpoint: string): Promise<MeasuredServer> {
  const config = join(folder.path, 'pinql.config.yaml')
  const capabilities = {
    order: 'newest-first',
    createdDigits: 3,
    timeFilter: 'exact',
    count: 'everything',
    multiStatus: true,
  }
  const service = { endpoint, limits: [{ limit: 1_000_000, windowMs: 1000 }], capabilities }
  await writeFile(config, JSON.stringify({ services: { static: service } }))
  const options = ['--config', config, '--data-dir', folder.path, '--log-level', 'warn']
  return startMeasured((port) => [MAIN, 'serve', '--port', String(port), ...options], { cwd: folder.path })
}

async function measure(server: MeasuredServer, target: Target, load: CpuLoad): Promise<Figures> {
  const requests = Array.from({ length: REQUESTS }, (_, n) => formatRequest(target, load, n))
  const options = { connections: CONNECTIONS, answerBytes: await checkAnswer(server.port, target, load) }
  for (let answers = 0; answers < WARM_UP.answers; ) {
    answers += (await loadHttp(server.port, requests, { ...options, seconds: WARM_UP.seconds })).latenciesMs.length
  }
  const before = await server.cpuMicroseconds()
  const { latenciesMs, tookMs } = await loadHttp(server.port, requests, { ...options, seconds })
  return {
    microseconds: ((await server.cpuMicroseconds()) - before) / latenciesMs.length,
    perSecond: (1000 * latenciesMs.length) / tookMs,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
  }
}

function formatRequest(target: Target, load: CpuLoad, n: number): Buffer {
  const body = target.body(load, n)
  const lines = [
    `${body === null ? 'GET' : 'POST'} ${target.path(load, n)} HTTP/1.1`,
    'host: localhost',
    'accept: application/json',
    `authorization: Bearer token-${n % tokens}`,
  ]
  if (body !== null) lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(body)}`)
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`)
}

/** Reads one answer whole. @returns its length in bytes, which all others have too */
async function checkAnswer(port: number, target: Target, load: CpuLoad): Promise<number> {
  const body = target.body(load, 0)
  const answer = await fetch(`http://127.0.0.1:${port}${target.path(load, 0)}`, {
    method: body === null ? 'GET' : 'POST',
    headers: { accept: 'application/json', authorization: 'Bearer token-0', 'content-type': 'application/json' },
    body,
  })
  const text = await answer.text()
  if (text.includes('"errors"') || !load.parts.every((part) => text.includes(part))) {
    throw new Error(`${target.name}, ${load.name}: expected a whole answer, got ${text.slice(0, 400)}`)
  }
  return Buffer.byteLength(text)
}

/** @returns whether the goal was reached */
function printMedians(load: CpuLoad, measurements: readonly Measurement[]): boolean {
  const [raw = [], own = []] = TARGETS.map(({ name }) =>
    measurements.filter((each) => each.load === load && each.target === name),
  )
  const ratio = median(own.map(({ microseconds }, round) => microseconds / (raw[round]?.microseconds ?? Number.NaN)))
  print(`${load.name}: ${ratio.toFixed(1)} times raw, goal ${load.goal}`)
  for (const each of [raw, own]) {
    const of = (figure: keyof Figures) => median(each.map((measurement) => measurement[figure]))
    const figures = {
      microseconds: of('microseconds'),
      perSecond: of('perSecond'),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
    }
    print(`  ${each[0]?.target.padEnd(5)} ${formatFigures(figures)}`)
  }
  return ratio <= load.goal
}

function median(figures: readonly number[]): number {
  return percentile(figures, 0.5)
}

function formatFigures({ microseconds, perSecond, p50Ms, p99Ms }: Figures): string {
  const [cpu, rate, p50, p99] = [microseconds.toFixed(0), perSecond.toFixed(0), p50Ms.toFixed(1), p99Ms.toFixed(1)]
  return `${cpu.padStart(5)} µs  ${rate.padStart(6)} requests/s  p50 ${p50.padStart(6)} ms  p99 ${p99.padStart(6)} ms`
}

if (!existsSync(MAIN)) {
  process.stderr.write(`There is no ${MAIN}. Build it first: npm run build\n`)
  process.exit(1)
}
leaveCoreToMeasured()
await using service = await startProcess('static-service-process.ts', { pins: 100_000 })
const measurements: Measurement[] = []
for (let round = 0; round < rounds; round++) {
  for (const target of TARGETS) {
    await using server = await target.start(service.url)
    for (const load of CPU_LOADS) {
      const figures = await measure(server, target, load)
      measurements.push({ round, target: target.name, load, ...figures })
      const when = `round ${round + 1}, load average ${loadavg()[0]?.toFixed(1)}`
      print(`${when}: ${load.name.padEnd(11)} ${target.name.padEnd(5)} ${formatFigures(figures)}`)
    }
  }
}
const outcomes = CPU_LOADS.map((load) => printMedians(load, measurements))
const areKept = outcomes.every(Boolean)
print(areKept ? 'kept' : 'NOT KEPT')
process.exitCode = areKept ? 0 : 1

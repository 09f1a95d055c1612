// Claim: with a million stored pins, each filter's page takes under 50 ms and the service less than 300 MB.
//
//   npm run build && node --import tsx bench/embedded/list.ts             PINQL_BENCH_PINS=1000000
//
// Filling takes some minutes. PINQL_BENCH_DIR names a folder that keeps the store for the next run.
import { existsSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { PsaClient } from '../../test/support/embedded/psa-client.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { fillStore, pinAt } from './fill-store.ts'
import { peakRssMb } from './process-peak.ts'
import { startBuiltService } from './start-built-service.ts'

const PINS = Number(process.env.PINQL_BENCH_PINS ?? 1_000_000)
const ROUNDS = 50
const MAX_MS = 50
const MAX_MB = 300
const ALL = 'queued,pinning,pinned,failed'
const print = (line: string): void => void process.stdout.write(`${line}\n`)

await using folder = await temporaryFolder()
const dataDir = process.env.PINQL_BENCH_DIR ?? folder.path
if (!existsSync(join(dataDir, 'pins.db'))) {
  const started = performance.now()
  await fillStore(dataDir, PINS)
  print(`${PINS} pins stored in ${((performance.now() - started) / 1_000).toFixed(0)} s`)
}
using service = await startBuiltService(dataDir)
const client = new PsaClient(service.endpoint)

// A pin of the first token with a name of its own and all pairs of metadata.
const middle = pinAt(Math.floor(PINS / 2 / 10_000) * 10_000)
const name = middle.name ?? ''
const rare = name.slice(-12, -4)
const at = (share: number): string => new Date(pinAt(Math.floor(PINS * share)).created).toISOString()
const cids = Array.from({ length: 10 }, (_, i) => pinAt(i * 1_000).cid).join(',')

const FILTERS: Record<string, Record<string, string>> = {
  nothing: {},
  'status: failed': { status: 'failed' },
  'status: failed, queued': { status: 'failed,queued' },
  'status: all': { status: ALL },
  'a CID': { cid: middle.cid },
  'ten CIDs': { cid: cids, status: ALL },
  'before the middle': { before: at(0.5) },
  'between a fifth and four': { after: at(0.2), before: at(0.8), status: ALL },
  'name, one': { name },
  'name, 1 of 20': { name: 'untitled' },
  'name, none': { name: 'no such name' },
  'name, any case, one': { name: name.toUpperCase(), match: 'iexact' },
  'name, any case, 1 of 20': { name: 'UNTITLED', match: 'iexact' },
  'meta, nearly all': { meta: '{"kind":"upload"}' },
  'meta, 2 of 3': { meta: '{"env":"prod"}', status: ALL },
  'meta, 1 of 50': { meta: '{"app":"app0"}' },
  'meta, 1 of 10,000': { meta: '{"keep":"forever"}' },
  'meta, one': { meta: JSON.stringify({ id: middle.meta.id }) },
  'meta, none': { meta: '{"keep":"never"}' },
  'meta, two common': { meta: '{"env":"prod","kind":"upload"}' },
  'meta, common and rare': { meta: '{"env":"dev","app":"app0"}' },
  'meta, two that exclude each other': { meta: '{"app":"app0","keep":"never"}' },
  'meta common, failed': { meta: '{"kind":"upload","env":"dev"}', status: 'failed' },
  'part common, failed': { name: '.bin', match: 'ipartial', status: 'failed' },
  'part 1 of 10, meta 1 of 3': { name: 'photo', match: 'ipartial', meta: '{"env":"dev"}' },
  'part common, before the middle': { name: '.bin', match: 'partial', before: at(0.5) },
}
for (const match of ['partial', 'ipartial']) {
  const parts = { 'most have': '.bin', '1 of 10': 'Photo', one: rare, none: 'nothing like it', 'other case': 'photo' }
  const short = {
    'two letters, common': 'ho',
    'a letter, common': 'o',
    'two letters, none': 'zq',
    'a letter, rare': 'ß',
  }
  for (const [what, part] of Object.entries({ ...parts, ...short })) {
    FILTERS[`${match}, ${what}`] = { name: part, match, status: ALL }
  }
}

print(`load ${loadavg().map((load) => load.toFixed(1))}; p50 and p99 in ms of ${ROUNDS} pages`)
let slowest = 0
for (const limit of ['1', '10', '1000']) {
  for (const [what, filter] of Object.entries(FILTERS)) {
    const { p50, p99, count, results } = await measure({ ...filter, limit })
    slowest = Math.max(slowest, p99)
    print(
      `limit ${limit.padStart(4)}  ${what.padEnd(34)} ${p50.padStart(6)} ${p99.toFixed(1).padStart(6)}  ${results} of ${count}`,
    )
  }
}
const peakMb = peakRssMb(service.pid)
print(
  `slowest p99 ${slowest.toFixed(1)} ms; peak RSS ${peakMb} MB; load ${loadavg()[0]?.toFixed(1)}; ${process.version}`,
)
process.exitCode = slowest < MAX_MS && (peakMb ?? 0) < MAX_MB ? 0 : 1

async function measure(query: Record<string, string>) {
  const times: number[] = []
  let page = { count: 0, results: 0 }
  for (let i = 0; i < ROUNDS; i++) {
    const started = performance.now()
    const { status, body } = await client.list(query)
    times.push(performance.now() - started)
    if (status !== 200) throw new Error(JSON.stringify(body))
    page = { count: body.count, results: body.results.length }
  }
  times.sort((a, b) => a - b)
  return { p50: (times[ROUNDS >> 1] ?? 0).toFixed(1), p99: times[Math.ceil(ROUNDS * 0.99) - 1] ?? 0, ...page }
}

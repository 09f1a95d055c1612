// Claim: while the embedded service fetches 1 GiB, the gateway's p99 for `{ __typename }` stays under 20 ms.
//
//   npm run build && node --import tsx bench/embedded/gateway-latency.ts      PINQL_BENCH_MIB=1024
import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { open } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { spawnOrigin } from '../../test/support/embedded/spawn-origin.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { peakRssMb } from './process-peak.ts'

const MIB = Number(process.env.PINQL_BENCH_MIB ?? 1_024)
const EVERY_MS = 10

await using folder = await temporaryFolder()
const path = join(folder.path, 'large')
const file = await open(path, 'w')
const piece = Buffer.alloc(1024 * 1024)
for (let i = 0; i < MIB; i++) await file.write(randomFillSync(piece))
await file.close()

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const gateway = spawn(process.execPath, [main, 'serve'], {
  cwd: folder.path,
  env: { PATH: process.env.PATH, PINQL_PORT: '0' },
  stdio: ['ignore', 'pipe', 'ignore'],
})
process.once('exit', () => gateway.kill())
const url = await firstUrl()
await using origin = await spawnOrigin(path)
// It stands for another machine, which would take no processor time from the gateway.
if (origin.pid !== undefined) setPriority(origin.pid, constants.priority.PRIORITY_BELOW_NORMAL)

await ask('{ __typename }')
print('idle', await measure(() => delay(3_000, true)))
const { cid, origins } = origin
const added = await ask('mutation ($input: AddPinInput!) { addPin(input: $input) { pin { id } error { message } } }', {
  input: { cid, origins },
})
const id = (added as { addPin: { pin: { id: string } } }).addPin.pin.id
const started = performance.now()
let status = ''
const times = await measure(async () => {
  for (; !['PINNED', 'FAILED'].includes(status); await delay(1_000)) {
    const { node } = (await ask('query ($id: ID!) { node(id: $id) { ... on Pin { status } } }', { id })) as {
      node: { status: string }
    }
    status = node.status
  }
})
print(`fetching ${MIB} MiB in ${((performance.now() - started) / 1_000).toFixed(1)} s, ${status}`, times)
process.stdout.write(`gateway with service: peak RSS ${peakRssMb(gateway.pid)} MB, ${process.version}\n`)
gateway.kill()

/** Sends `{ __typename }` every 10 ms until the work is done; how long each answer took, in milliseconds. */
async function measure(work: () => Promise<unknown>): Promise<number[]> {
  const measured: Promise<number>[] = []
  let isDone = false
  const done = work().finally(() => {
    isDone = true
  })
  while (!isDone) {
    const asked = performance.now()
    measured.push(ask('{ __typename }').then(() => performance.now() - asked))
    await delay(EVERY_MS)
  }
  await done
  return (await Promise.all(measured)).sort((a, b) => a - b)
}

function print(what: string, times: number[]): void {
  const at = (share: number): string => (times[Math.floor(times.length * share)] ?? 0).toFixed(1)
  process.stdout.write(
    `${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, slowest ${times.at(-1)?.toFixed(1)} ms of ${times.length}\n`,
  )
}

async function ask(query: string, variables?: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  })
  return ((await response.json()) as { data: unknown }).data
}

async function firstUrl(): Promise<string> {
  let text = ''
  gateway.stdout.setEncoding('utf8')
  for (;;) {
    const [chunk] = (await once(gateway.stdout, 'data')) as [string]
    text += chunk
    const [found] = /http:\/\/[\d.:]+\/graphql/.exec(text) ?? []
    if (found) return found
  }
}

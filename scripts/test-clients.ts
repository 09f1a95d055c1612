// Generates clients in several languages from schema.graphql and runs each against two servers: the built package, and a gateway
// whose schema has grown. Some also run while the built package is stopped. test/clients/README.md says what is checked. Arguments: names of the clients to run. Default: all.
import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ClientPlace, ClientProgram } from '../test/clients/support/client-program.ts'
import { type ClientServer, environmentOf } from '../test/clients/support/client-server.ts'
import { CLIENTS } from '../test/clients/support/clients.ts'
import { differingFacts, expectedFacts, parseFacts } from '../test/clients/support/facts.ts'
import { proveTomorrow } from '../test/clients/support/prove-tomorrow.ts'
import { isInstalled, runCommand } from '../test/clients/support/run-command.ts'
import { runThroughStop } from '../test/clients/support/run-through-stop.ts'
import { startTodayServer } from '../test/clients/support/today-server.ts'
import { startTomorrowServer } from '../test/clients/support/tomorrow-server.ts'
import { PAGED_CLIENTS } from '../test/clients/typescript/paging.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pinql-clients')
const RUN_TIMEOUT_MS = 60_000

/** Something that the runner prints one line of. */
interface Check extends Pick<ClientProgram, 'name' | 'needs' | 'lockFile'> {
  /** Returns words for the line. Rejects when a fact is not as expected. */
  check(place: ClientPlace): Promise<string>
}

const PROGRAMS = CLIENTS.map((client): Check => ({ ...client, check: (place) => runAgainstBoth(client, place) }))
const CHECKS: readonly Check[] = [...PROGRAMS, ...PAGED_CLIENTS]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !CHECKS.some((client) => client.name === name))
if (unknown.length > 0) {
  throw new Error(`expected names of clients (${CHECKS.map(({ name }) => name).join(', ')}), got ${unknown.join(', ')}`)
}

await proveAdditions()
let failed = 0
let passed = 0
let skipped = 0
for (const check of CHECKS) {
  if (wanted.length > 0 && !wanted.includes(check.name)) continue
  const missing = check.needs.find((command) => !isInstalled(command))
  if (missing !== undefined) {
    if (process.env.CI) failed++
    else skipped++
    print(`${check.name}: ${process.env.CI ? 'failed' : 'skipped'}: ${missing} is not installed`)
    continue
  }
  try {
    print(`${check.name}: passed (${await check.check(await placeOf(check))})`)
    passed++
  } catch (error) {
    failed++
    print(`${check.name}: failed: ${error instanceof Error ? error.message : error}`)
  }
}
print(`${passed} passed, ${failed} failed, ${skipped} skipped`)
if (failed > 0) process.exitCode = 1

async function proveAdditions(): Promise<void> {
  await using server = await startTomorrowServer()
  await proveTomorrow(server)
  print("the server of tomorrow has all additions to today's schema")
}

async function runAgainstBoth(client: ClientProgram, place: ClientPlace): Promise<string> {
  const started = performance.now()
  await client.prepare(place)
  const prepared = performance.now()
  await runAgainst(client, place, startTodayServer)
  await runAgainst(client, place, startTomorrowServer)
  const ran = performance.now()
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  const words = `prepared in ${seconds(prepared - started)}, ran in ${seconds(ran - prepared)}`
  if (!client.watches) return words
  const outcome = await runThroughStop(client.run(place))
  return `${words}, saw a stop in ${seconds(performance.now() - ran)}: ${outcome}`
}

async function runAgainst(client: ClientProgram, place: ClientPlace, start: () => Promise<ClientServer>) {
  await using server = await start()
  const command = client.run(place)
  const env = { ...command.env, ...environmentOf(server) }
  const stdout = await runCommand({ ...command, env }, { timeoutMs: RUN_TIMEOUT_MS }).catch((cause: unknown) => {
    throw new Error(`against the server of ${server.name}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  })
  const differing = differingFacts(expectedFacts(client.name, server), parseFacts(stdout))
  if (differing.length > 0) throw new Error([`against the server of ${server.name}:`, ...differing].join('\n  '))
}

async function placeOf({ name, lockFile }: Check): Promise<ClientPlace> {
  const hash = createHash('sha256').update(await readFile(join(ROOT, lockFile)))
  const cache = join(CACHE, `${name}-${hash.digest('hex').slice(0, 12)}`)
  await mkdir(cache, { recursive: true })
  return { root: ROOT, cache }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

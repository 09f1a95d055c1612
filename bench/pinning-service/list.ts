// Claim: with a million stored pins, each filter's page takes under 50 ms and the service less than 300 MB.
//
//   node --import tsx bench/pinning-service/list.ts             PINQL_BENCH_PINS=1000000
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { CID } from 'multiformats/cid'
import { create as createDigest } from 'multiformats/hashes/digest'
import { parseCid } from '../../src/domain/cid.ts'
import { PIN_DATABASE } from '../../src/pinning-service/database-schema.ts'
import { PinStore } from '../../src/pinning-service/pin-store.ts'
import { TokenStore } from '../../src/pinning-service/token-store.ts'
import { openDatabase, transaction } from '../../src/storage/open-database.ts'
import { PsaClient } from '../../test/support/pinning-service/psa-client.ts'
import { temporaryFolder } from '../../test/support/pinning-service/temporary-folder.ts'
import { peakRssMb } from './process-peak.ts'

const PINS = Number(process.env.PINQL_BENCH_PINS ?? 1_000_000)
const ROUNDS = 21
const FIRST = 1_700_000_000_000
const WORDS = ['Photo', 'Video', 'backup', 'Größe', 'Docs', 'report', 'invoice', 'archive', 'Site', 'build']
const print = (line: string): void => void process.stdout.write(`${line}\n`)

await using folder = await temporaryFolder()
await fill(folder.path)
const script = fileURLToPath(new URL('../../test/support/pinning-service/service-process.ts', import.meta.url))
const child = spawn(process.execPath, ['--import', 'tsx', script, folder.path], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
process.once('exit', () => child.kill())
const [endpoint] = (await once(createInterface(child.stdout), 'line')) as [string]
const client = new PsaClient(endpoint)

const middle = Math.floor(PINS / 2)
const at = (index: number): string => new Date(FIRST + index).toISOString()
await measure('nothing (pinned)', {})
await measure('status=failed', { status: 'failed' })
await measure('all statuses, limit 1000', { status: 'queued,pinning,pinned,failed', limit: '1000' })
await measure('name exact', { name: nameOf(middle), status: 'pinned' })
await measure('name iexact', { name: nameOf(middle).toUpperCase(), match: 'iexact', status: 'pinned' })
await measure('name partial, rare', { name: hashOf(middle).slice(0, 6), match: 'partial', status: 'pinned' })
await measure('name ipartial, rare', {
  name: hashOf(middle).slice(0, 6).toUpperCase(),
  match: 'ipartial',
  status: 'pinned',
})
await measure('name ipartial, 1 of 10', { name: 'PHOTO', match: 'ipartial', status: 'pinned' })
await measure('name partial, two letters', { name: 'ho', match: 'partial', status: 'pinned' })
await measure('meta, 1 of 50', { meta: '{"app":"app7"}' })
await measure('meta, two keys', { meta: '{"app":"app7","env":"dev"}' })
await measure('meta, 2 of 3', { meta: '{"env":"prod"}' })
await measure('before, in the middle', { before: at(middle) })
await measure('after and before', { after: at(Math.floor(PINS / 5)), before: at(Math.floor((PINS * 4) / 5)) })
await measure('ten CIDs', {
  cid: Array.from({ length: 10 }, (_, i) => cidOf(i * 1_000)).join(','),
  status: 'queued,pinning,pinned,failed',
})
print(`service: peak RSS ${peakRssMb(child.pid)} MB, ${process.version}`)
child.kill()

async function measure(name: string, query: Record<string, string>): Promise<void> {
  const times: number[] = []
  let count = 0
  for (let i = 0; i < ROUNDS; i++) {
    const started = performance.now()
    const { status, body } = await client.list(query)
    times.push(performance.now() - started)
    if (status !== 200) throw new Error(`${name}: ${JSON.stringify(body)}`)
    count = body.count
  }
  times.sort((a, b) => a - b)
  const [fastest = 0, median = 0, slowest = 0] = [times[0], times[ROUNDS >> 1], times.at(-1)]
  print(
    `${name.padEnd(28)} median ${median.toFixed(1)} ms (${fastest.toFixed(1)} to ${slowest.toFixed(1)}), ${count} match`,
  )
}

async function fill(dataDir: string): Promise<void> {
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  database.exec('PRAGMA synchronous = OFF')
  const pins = new PinStore(database)
  const owner = new TokenStore(database).ownerOfConfigured('token-a')
  const settle = database.prepare('UPDATE pin SET status = ? WHERE created = ?')
  const started = performance.now()
  for (let first = 0; first < PINS; first += 20_000) {
    transaction(database, () => {
      for (let i = first; i < Math.min(PINS, first + 20_000); i++) {
        const pin = {
          cid: parseCid(cidOf(i)),
          name: nameOf(i),
          origins: [],
          meta: { app: `app${i % 50}`, env: i % 3 ? 'prod' : 'dev' },
        }
        pins.restore(owner, pin, { requestId: hashOf(i), created: FIRST + i })
        settle.run(i % 100 < 90 ? 'pinned' : 'failed', FIRST + i)
      }
    })
  }
  database.exec('PRAGMA optimize = 0x10002')
  database.close()
  print(`${PINS} pins stored in ${((performance.now() - started) / 1_000).toFixed(0)} s`)
}

function hashOf(index: number): string {
  return createHash('sha256').update(`pin ${index}`).digest('hex')
}

function nameOf(index: number): string {
  return `${WORDS[index % 10]}-${hashOf(index).slice(0, 8)}-${index % 1_000}.bin`
}

function cidOf(index: number): string {
  return CID.createV1(0x70, createDigest(0x12, Buffer.from(hashOf(index), 'hex'))).toString()
}

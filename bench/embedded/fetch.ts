// Claims: 1 GiB over loopback at no less than half the rate of a walker that stores nothing, in the same run, in less
// than 300 MB; a directory of 2,000 small files in under 6 s; 500 pins at once.
//
//   npm run build && node --import tsx bench/embedded/fetch.ts            PINQL_BENCH_MIB=1024
import { spawn } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PsaClient } from '../../test/support/embedded/psa-client.ts'
import { spawnOrigin } from '../../test/support/embedded/spawn-origin.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { peakRssMb } from './process-peak.ts'
import { startBuiltService } from './start-built-service.ts'

const MIB = Number(process.env.PINQL_BENCH_MIB ?? 1_024)
const print = (line: string): void => void process.stdout.write(`${line}\n`)

await using folder = await temporaryFolder()

async function referenceSeconds(cid: string, [address = '']: readonly string[]): Promise<number> {
  const path = fileURLToPath(new URL('./reference-walker.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', path, cid, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  process.once('exit', () => child.kill())
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  return Number(line)
}

async function pinAll(
  name: string,
  cids: { cid: string; origins: readonly string[] }[],
): Promise<{ seconds: number; peakMb: number | null }> {
  using service = await startBuiltService(join(folder.path, `data-${name}`))
  const client = new PsaClient(service.endpoint)
  const started = performance.now()
  const added = await Promise.all(cids.map((pin) => client.add({ ...pin })))
  for (const { requestid } of added) {
    const { status, info } = await client.settled(requestid)
    if (status !== 'pinned') throw new Error(`${name}: ${info.status_details}`)
  }
  const seconds = (performance.now() - started) / 1_000
  return { seconds, peakMb: peakRssMb(service.pid) }
}

{
  const path = join(folder.path, 'large')
  const file = await open(path, 'w')
  const piece = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < MIB; i++) await file.write(randomFillSync(piece))
  await file.close()
  await using origin = await spawnOrigin(path)
  const reference = await referenceSeconds(origin.cid, origin.origins)
  const { seconds, peakMb } = await pinAll('large', [origin])
  const rate = (MIB * 1.048576) / seconds
  const referenceRate = (MIB * 1.048576) / reference
  print(
    `${MIB} MiB: ${rate.toFixed(1)} MB/s, peak RSS ${peakMb} MB; reference ${referenceRate.toFixed(1)} MB/s; ratio ${(rate / referenceRate).toFixed(2)}`,
  )
}

{
  const path = join(folder.path, 'small')
  await mkdir(path)
  for (let i = 0; i < 2_000; i++) await writeFile(join(path, `${i}.txt`), `small file ${i}\n`)
  await using origin = await spawnOrigin(path)
  const reference = await referenceSeconds(origin.cid, origin.origins)
  const { seconds, peakMb } = await pinAll('small', [origin])
  print(`2,000 files: ${seconds.toFixed(2)} s, peak RSS ${peakMb} MB; reference ${reference.toFixed(2)} s`)
}

{
  const path = join(folder.path, 'many')
  await mkdir(path)
  const bytes = Buffer.alloc(300_000)
  for (let i = 0; i < 500; i++) await writeFile(join(path, `${i}`.padStart(3, '0')), randomFillSync(bytes))
  await using origin = await spawnOrigin(path)
  const links = await linksOf(origin.cid, origin.origins)
  const { seconds, peakMb } = await pinAll(
    'many',
    links.map((cid) => ({ cid, origins: origin.origins })),
  )
  print(`${links.length} pins of 300 KB at once: ${seconds.toFixed(2)} s, peak RSS ${peakMb} MB`)
}

async function linksOf(root: string, origins: readonly string[]): Promise<string[]> {
  const { CID } = await import('multiformats/cid')
  const dagPb = await import('@ipld/dag-pb')
  const { startPeer } = await import('../../src/embedded/bitswap/start-peer.ts')
  await using peer = await startPeer({ blocks: { get: () => null }, listen: [] })
  using session = peer.createSession()
  session.addPeer(await peer.dial(origins, { signal: AbortSignal.timeout(5_000) }))
  return dagPb.decode(await session.want(CID.parse(root))).Links.map(({ Hash }) => Hash.toString())
}

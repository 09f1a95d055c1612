import { createReadStream } from 'node:fs'
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CarReader } from '@ipld/car'
import { expect, it } from 'vitest'
import { exportPins } from '../../../../src/embedded/backup/export-pins.ts'
import { importPins } from '../../../../src/embedded/backup/import-pins.ts'
import { verifyStore } from '../../../../src/embedded/backup/verify-store.ts'
import { startOriginNode } from '../../../../src/embedded/bitswap/start-origin-node.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { openDatabase } from '../../../../src/storage/open-database.ts'
import { PsaClient } from '../../../support/embedded/psa-client.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const ALL = { status: 'queued,pinning,pinned,failed', limit: '1000' }
/** Its codec is git-raw, which nobody here can read: so it fails at once. */
const UNREADABLE = 'baf4beiaha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4dqobyha4'

/** A service's folder with a directory pinned twice, by two tokens, and a pin that failed; and the origin's content. */
async function filledFolder(path: string) {
  const files = join(path, 'files')
  await mkdir(files)
  for (let i = 0; i < 20; i++) await writeFile(join(files, `${i}.txt`), `file ${i} `.repeat(i))
  const origin = await startOriginNode({ path: files })
  const data = join(path, 'data')
  await using service = await startTestEmbedded({ dataDir: data })
  const other = new PsaClient(service.endpoint, 'token-b')
  const pin = { cid: origin.cid, origins: origin.origins }
  const pinned = await service.client.add({ ...pin, name: 'files', meta: { app: 'test' } })
  const settled = [
    await service.client.settled(pinned.requestid),
    await other.settled((await other.add(pin)).requestid),
    await service.client.settled((await service.client.add({ cid: UNREADABLE })).requestid),
  ]
  expect(settled.map(({ status }) => status)).toEqual(['pinned', 'pinned', 'failed'])
  const listing = (await service.client.list(ALL)).body
  return { origin, data, requestId: pinned.requestid, listing, otherListing: (await other.list(ALL)).body }
}

async function exportTo(dataDir: string, file: string) {
  await writeFile(file, '')
  return exportPins(dataDir, (bytes) => appendFile(file, bytes))
}

it('restores pins, ids, times, names and blocks in another folder, and leaves out what is there', async () => {
  await using folder = await temporaryFolder()
  const { data, origin, listing, otherListing } = await filledFolder(folder.path)
  await origin[Symbol.asyncDispose]()
  const car = join(folder.path, 'backup.car')
  const exported = await exportTo(data, car)
  expect(exported).toEqual({ pins: 3, blocks: 21 })
  // Somebody else's reader takes the file for a CAR, too.
  const reader = await CarReader.fromBytes(await readFile(car))
  let sections = 0
  for await (const _ of reader.cids()) sections++
  expect({ version: reader.version, sections }).toEqual({ version: 1, sections: 21 + 2 })

  const restored = join(folder.path, 'restored')
  expect(await importPins(restored, createReadStream(car))).toEqual({ pins: 3, blocks: 21, incomplete: 1 })
  expect(await importPins(restored, createReadStream(car))).toEqual({ pins: 0, blocks: 21, incomplete: 1 })

  const service = await startTestEmbedded({ dataDir: restored })
  const identify = ({ results }: typeof listing) =>
    results.map(({ requestid, created, pin }) => ({ requestid, created, pin }))
  expect(identify((await service.client.list(ALL)).body)).toEqual(identify(listing))
  const other = new PsaClient(service.endpoint, 'token-b')
  expect(identify((await other.list(ALL)).body)).toEqual(identify(otherListing))
  expect((await service.client.list({ status: 'pinned', meta: '{"app":"test"}' })).body.count).toBe(1)
  await service[Symbol.asyncDispose]()
  expect(await verifyStore(restored)).toEqual({ blocks: 21, broken: [], requeued: [] })
})

it('refuses a file that is cut short, changed, or no backup', async () => {
  await using folder = await temporaryFolder()
  const { data, origin } = await filledFolder(folder.path)
  await origin[Symbol.asyncDispose]()
  const car = join(folder.path, 'backup.car')
  await exportTo(data, car)
  const bytes = await readFile(car)
  const importOf = (changed: Uint8Array) =>
    importPins(
      join(folder.path, 'x'),
      (async function* () {
        yield changed
      })(),
    )
  await expect(importOf(bytes.subarray(0, 200))).rejects.toThrow('ends before')
  const flipped = Buffer.from(bytes)
  flipped[bytes.length - 1] = (flipped.at(-1) ?? 0) ^ 1
  await expect(importOf(flipped)).rejects.toThrow('has other bytes')
  await expect(importOf(Buffer.from('hello'))).rejects.toThrow()
})

it('imports nothing into the folder of a service that runs, and says what to do', async () => {
  await using folder = await temporaryFolder()
  const car = join(folder.path, 'backup.car')
  const data = join(folder.path, 'data')
  await using _service = await startTestEmbedded({ dataDir: data })
  await exportTo(data, car)
  await expect(importPins(data, createReadStream(car))).rejects.toThrow(
    `${data} is in use by another pinql: stop that one, or name another data directory`,
  )
})

it('finds a block that the disk changed, and has it fetched again', async () => {
  await using folder = await temporaryFolder()
  const { data, origin, requestId } = await filledFolder(folder.path)
  const database = await openDatabase(join(data, 'pins.db'), PIN_DATABASE)
  database.exec(`UPDATE block SET data = zeroblob(size) WHERE id = (SELECT id FROM block ORDER BY size DESC LIMIT 1)`)
  database.close()

  const report = await verifyStore(data)
  expect({ blocks: report.blocks, broken: report.broken.length, requeued: report.requeued.length }).toEqual({
    blocks: 21,
    broken: 1,
    requeued: 2,
  })
  expect(report.requeued).toContain(requestId)

  {
    await using service = await startTestEmbedded({ dataDir: data })
    const { status, info } = await service.client.settled(requestId)
    expect({ status, blocks: info.dag_blocks }).toEqual({ status: 'pinned', blocks: '21' })
    const other = new PsaClient(service.endpoint, 'token-b')
    for (const { requestid } of (await other.list(ALL)).body.results) await other.settled(requestid)
  }
  await origin[Symbol.asyncDispose]()
  expect(await verifyStore(data)).toEqual({ blocks: 21, broken: [], requeued: [] })
})

import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import type { NewPin } from '../../../../src/domain/pin.ts'
import { exportPins } from '../../../../src/embedded/backup/export-pins.ts'
import { importPins } from '../../../../src/embedded/backup/import-pins.ts'
import { type ExportedPin, encodePage, encodeRoot } from '../../../../src/embedded/backup/pin-list.ts'
import { verifyStore } from '../../../../src/embedded/backup/verify-store.ts'
import { carHeader, carSection } from '../../../../src/embedded/dag/car.ts'
import { BlockStore } from '../../../../src/embedded/store/block-store.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import type { StoredPin } from '../../../../src/embedded/store/stored-pin.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { lockDirectory } from '../../../../src/storage/lock-directory.ts'
import { openDatabase } from '../../../../src/storage/open-database.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const BYTES = Buffer.from('precious')
const ORIGIN = '/ip4/127.0.0.1/tcp/9/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const OTHER = 'bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let data: string
beforeEach(async () => {
  folder = await temporaryFolder()
  data = join(folder.path, 'data')
})
afterEach(() => folder[Symbol.asyncDispose]())

const newPin = (cid: string, more: Partial<NewPin> = {}): NewPin => ({
  cid: parseCid(cid),
  name: null,
  origins: [],
  meta: {},
  ...more,
})

async function openStore(path = data) {
  const database = await openDatabase(join(path, 'pins.db'), PIN_DATABASE)
  return {
    pins: new PinStore(database),
    blocks: new BlockStore(database),
    owner: new TokenStore(database).ownerNamed('a'),
    /** Returns the status of each pin, and the number of blocks. */
    look: () => ({
      pins: database.prepare('SELECT status, blocks FROM pin ORDER BY created').all(),
      blocks: database.prepare('SELECT count(*) AS n FROM block').get(),
    }),
    [Symbol.dispose]: () => database.close(),
  }
}

/** Stores a pin with its one block, as pinned, and writes a backup of it. */
async function pinAndExport(): Promise<{ pin: StoredPin; car: () => AsyncIterable<Uint8Array> }> {
  const cid = CID.createV1(0x55, await sha256.digest(BYTES))
  using store = await openStore()
  const pin = store.pins.add(store.owner, newPin(cid.toString()))
  store.blocks.put(pin.created, cid.multihash.bytes, BYTES)
  store.blocks.flush()
  store.pins.setStatus(pin.created, 'pinned', {})
  return { pin, car: await exported() }
}

async function exported(): Promise<() => AsyncIterable<Uint8Array>> {
  const file = join(folder.path, 'backup.car')
  await writeFile(file, '')
  await exportPins(data, (bytes) => appendFile(file, bytes))
  const car = await readFile(file)
  return async function* () {
    yield car
  }
}

const WHOLE = { pins: [{ status: 'pinned', blocks: 1 }], blocks: { n: 1 } }

/** A backup with the record of one pin, and nothing else. */
async function backupOf(record: Record<string, unknown>): Promise<AsyncIterable<Uint8Array>> {
  const pin = { owner: 'a', requestId: 'id', created: 1_700_000_000_000, cid: OTHER, name: null, origins: [], meta: {} }
  const page = await encodePage([{ ...pin, ...record } as ExportedPin])
  const root = await encodeRoot([page.cid])
  return (async function* () {
    yield carHeader(root.cid)
    yield carSection(root.cid, root.bytes)
    yield carSection(page.cid, page.bytes)
  })()
}

describe('a backup that somebody has changed', () => {
  it('is imported if its record is right', async () => {
    expect(await importPins(data, await backupOf({}))).toMatchObject({ pins: 1 })
  })

  it.each([
    ['created after the last time of JavaScript', { created: 8.64e15 + 1 }, 'created'],
    ['created in a year of five digits', { created: 253_402_300_800_000 }, 'created'],
    ['created at the largest key', { created: Number.MAX_SAFE_INTEGER }, 'created'],
    ['created before 1970', { created: -1 }, 'created'],
    ['created at no whole millisecond', { created: 1.5 }, 'created'],
    ['a CID that is none', { cid: 'hello' }, 'cid'],
    ['a name that is too long', { name: 'x'.repeat(256) }, 'name'],
    ['an origin that is no multiaddr', { origins: ['hello'] }, 'origins'],
    ['too many origins', { origins: Array.from({ length: 21 }, () => ORIGIN) }, 'origins'],
    ['metadata of more than 1 MiB', { meta: { a: 'x'.repeat(1024 * 1024) } }, 'meta'],
    [
      'more than 1000 keys of metadata',
      { meta: Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i, ''])) },
      'meta',
    ],
    ['a request id that no path can have', { requestId: 'a/b\n' }, 'requestId'],
    ['no owner', { owner: '' }, 'owner'],
  ])('is refused with the name of the record: %s', async (_, record, field) => {
    const imported = importPins(data, await backupOf(record))
    const { requestId = 'id' } = record as { requestId?: string }
    await expect(imported).rejects.toMatchObject({
      name: 'BackupError',
      message: expect.stringContaining(`Record 1 of a page, with request id ${JSON.stringify(requestId)}: ${field}`),
    })
    using store = await openStore()
    expect(store.look().pins).toEqual([])
    const earliest = Date.now()
    const { created } = store.pins.add(store.owner, newPin(OTHER))
    // The refused record has not raised the next key.
    expect([created >= earliest, created <= Date.now()]).toEqual([true, true])
  })
})

describe('restoring a backup', () => {
  it('brings a pin back whose blocks were still to be collected, and keeps them', async () => {
    const { pin, car } = await pinAndExport()
    {
      using store = await openStore()
      store.pins.remove(store.owner, pin.requestId)
    }
    expect(await importPins(data, car())).toEqual({ pins: 1, blocks: 1, incomplete: 0 })
    using store = await openStore()
    expect(store.look()).toEqual(WHOLE)
    expect(store.pins.remove(store.owner, pin.requestId)?.requestId).toBe(pin.requestId)
  })

  it('brings a pin back that was replaced, and keeps its blocks when the replacement has settled', async () => {
    const { pin, car } = await pinAndExport()
    {
      using store = await openStore()
      store.pins.replace(store.owner, pin.requestId, newPin(OTHER))
    }
    expect(await importPins(data, car())).toMatchObject({ pins: 1, incomplete: 0 })
    using store = await openStore()
    for (const { status, created } of store.pins.list(store.owner, ALL).results) {
      if (status === 'queued') store.pins.setStatus(created, 'failed', {})
    }
    while (store.blocks.collectSome());
    expect(store.look().blocks).toEqual({ n: 1 })
    expect(store.pins.get(store.owner, pin.requestId)).toMatchObject({ status: 'pinned', blocks: 1 })
  })

  it('goes on where it was interrupted', async () => {
    const { car } = await pinAndExport()
    const target = join(folder.path, 'target')
    const interrupted = async function* () {
      for await (const bytes of car()) yield bytes.subarray(0, -1)
      throw new Error('the disk was unplugged')
    }
    await expect(importPins(target, interrupted())).rejects.toThrow('unplugged')
    expect(await importPins(target, car())).toEqual({ pins: 0, blocks: 1, incomplete: 0 })
    using store = await openStore(target)
    expect(store.look()).toEqual(WHOLE)
  })

  it('heals what the disk has changed', async () => {
    const { car } = await pinAndExport()
    const database = await openDatabase(join(data, 'pins.db'), PIN_DATABASE)
    database.exec('UPDATE block SET data = zeroblob(size)')
    database.close()
    expect(await verifyStore(data)).toMatchObject({ blocks: 1, broken: [expect.any(String)] })
    expect(await importPins(data, car())).toEqual({ pins: 0, blocks: 1, incomplete: 0 })
    using store = await openStore()
    expect(store.look()).toEqual(WHOLE)
  })

  it('reads back what clients stored in as much metadata as they may', async () => {
    const meta = { much: 'a'.repeat(1_000_000) }
    {
      using store = await openStore()
      for (let i = 0; i < 10; i++) store.pins.add(store.owner, newPin(OTHER, { meta }))
    }
    const target = join(folder.path, 'target')
    expect(await importPins(target, (await exported())())).toEqual({ pins: 10, blocks: 0, incomplete: 10 })
    using store = await openStore(target)
    expect(store.pins.list(store.owner, ALL).results.map((pin) => pin.meta)).toEqual(Array(10).fill(meta))
  })
})

it('verifying that is interrupted leaves no pin pinned that lacks a block', async () => {
  await pinAndExport()
  const database = await openDatabase(join(data, 'pins.db'), PIN_DATABASE)
  // The second look at the pins meets what it cannot read, as if somebody had stopped it there.
  database.exec(`UPDATE block SET data = zeroblob(size);
    INSERT INTO pin (requestid, owner, status, cid, cid_key, origins, meta) VALUES ('torn', 1, 'pinned', '', '', '', '')`)
  database.close()
  await expect(verifyStore(data)).rejects.toThrow()
  using store = await openStore()
  expect(store.look().pins).toEqual([
    { status: 'queued', blocks: 0 },
    { status: 'pinned', blocks: 0 },
  ])
})

it('verifying refuses the folder of a service that runs, which may rely on what would be dropped', async () => {
  using _store = await openStore()
  using _lock = await lockDirectory(data)
  await expect(verifyStore(data)).rejects.toThrow('is in use by another pinql')
})

const ALL = {
  cidKeys: null,
  name: null,
  match: 'exact',
  statuses: ['queued', 'pinning', 'pinned', 'failed'],
  before: null,
  after: null,
  meta: {},
  limit: 1_000,
} as const

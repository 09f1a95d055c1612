import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startOriginNode } from '../../../src/embedded/bitswap/start-origin-node.ts'
import { startBlockKeeper } from '../../../src/embedded/fetch/start-block-keeper.ts'
import { createApp } from '../../../src/embedded/http/create-app.ts'
import { DEFAULT_LIMITS } from '../../../src/embedded/limits.ts'
import { BackgroundWork } from '../../../src/embedded/queue/background-work.ts'
import { PinQueue } from '../../../src/embedded/queue/pin-queue.ts'
import { PIN_DATABASE } from '../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../src/embedded/store/pin-store.ts'
import { TokenStore } from '../../../src/embedded/store/token-store.ts'
import type { PinStatusBody } from '../../../src/psa/print-pin-status.ts'
import { openDatabase } from '../../../src/storage/open-database.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const LEAF_BYTES = 1024 * 1024
const PLENTY_OF_PAGES = 1_000_000

/** The service without its HTTP server, on a database whose file can be kept from growing. */
async function startOnSmallDisk(dataDir: string) {
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  const pins = new PinStore(database)
  const owner = new TokenStore(database).ownerNamed('owner')
  const errors: string[] = []
  const onError = (error: unknown): void => void errors.push(String(error))
  const keeper = await startBlockKeeper({
    database,
    dataDir,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    limits: DEFAULT_LIMITS,
    dialRanges: ['loopback'],
    gateways: [],
    bytesOf: () => pins.usage(owner).bytes,
  })
  const collector = new BackgroundWork(() => keeper.collectSome(), onError)
  const queue = new PinQueue({ pins, keeper, limits: DEFAULT_LIMITS, onSettled: () => collector.wake(), onError })
  const app = createApp({
    pins,
    limits: DEFAULT_LIMITS,
    ownerOf: () => owner,
    delegates: () => keeper.addresses,
    onAdded: () => queue.wake(),
    onRemoved: (pin) => {
      queue.cancel(pin.created)
      collector.wake()
    },
    progressOf: (pin) => queue.progressOf(pin.created),
    onError,
  })
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization: 'Bearer token' }
    const answer = await app.request(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
    return { status: answer.status, body: (await answer.json().catch(() => null)) as PinStatusBody }
  }
  return {
    database,
    errors,
    ask,
    /** Lets the file grow by so many pages of 16 KiB. */
    leaveRoom: (pages: number) => {
      const { page_count: used } = database.prepare('PRAGMA page_count').get() as { page_count: number }
      database.exec(`PRAGMA max_page_count = ${used + pages}`)
    },
    [Symbol.asyncDispose]: async () => {
      await queue.stop()
      await collector.stop()
      await keeper[Symbol.asyncDispose]()
      database.close()
    },
  }
}

it('a full disk fails no pin and calls none pinned: it waits, says why, and goes on when there is room', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), randomBytes(10 * LEAF_BYTES))
  await using origin = await startOriginNode({ path: join(folder.path, 'file') })
  await using service = await startOnSmallDisk(join(folder.path, 'data'))
  service.leaveRoom(100)
  const added = await service.ask('POST', '/pins', { cid: origin.cid, origins: origin.origins })
  expect(added.status).toBe(202)
  const pin = async () => (await service.ask('GET', `/pins/${added.body.requestid}`)).body
  const waiting = { status: 'pinning', info: { status_details: 'Waits to be tried again: the disk is full' } }
  await expect.poll(pin).toMatchObject(waiting)

  // No page is left for another pin, sooner or later.
  service.leaveRoom(0)
  let refused: { status: number; body: unknown }
  do refused = await service.ask('POST', '/pins', { cid: 'bafkqaaa', name: 'x'.repeat(255) })
  while (refused.status === 202)
  expect(refused).toEqual({
    status: 503,
    body: { error: { reason: 'STORAGE_UNAVAILABLE', details: 'Nothing was changed: the disk is full' } },
  })
  await expect.poll(pin).toMatchObject(waiting)
  expect((await service.ask('GET', '/pins')).status).toBe(200)

  service.leaveRoom(PLENTY_OF_PAGES)
  await expect.poll(pin).toMatchObject({ status: 'pinned', info: { dag_blocks: `${origin.blocks}` } })
  const { blocks, bytes } = service.database
    .prepare('SELECT count(*) blocks, sum(length(data)) bytes FROM block JOIN pin_block ON block = id')
    .get() as { blocks: number; bytes: number }
  expect({ blocks, bytes }).toEqual({ blocks: origin.blocks, bytes: origin.bytes })
  const unsettled = async () => (await service.ask('GET', '/pins?status=queued,pinning,failed')).body
  await expect.poll(unsettled).toMatchObject({ count: 0 })
  expect(new Set(service.errors)).toEqual(new Set(['Error: database or disk is full']))
})

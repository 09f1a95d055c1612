import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import type { StringMap } from '../../../../src/domain/pin.ts'
import { DEFAULT_LIMITS } from '../../../../src/embedded/limits.ts'
import { type Keeper, PinFailedError, PinWaitsError } from '../../../../src/embedded/queue/keeper.ts'
import { PinQueue } from '../../../../src/embedded/queue/pin-queue.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import type { StoredPin } from '../../../../src/embedded/store/stored-pin.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { type Database, openDatabase } from '../../../../src/storage/open-database.ts'
import { type Deferred, deferred } from '../../../support/deferred.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let database: Database
let pins: PinStore
let owner: number
let added: StoredPin[]

beforeEach(async () => {
  folder = await temporaryFolder()
  database = await openDatabase(join(folder.path, 'pins.db'), PIN_DATABASE)
  pins = new PinStore(database)
  owner = new TokenStore(database).ownerNamed('a')
  added = ['f01550001aa', 'f01550001bb', 'f01550001cc'].map(add)
})
afterEach(async () => {
  vi.useRealTimers()
  database.close()
  await folder[Symbol.asyncDispose]()
})

function add(cid: string): StoredPin {
  return pins.add(owner, { cid: parseCid(cid), name: null, origins: [], meta: {} })
}

/** The service works on these pins, and breaks off. */
function breakOff(...pinning: StoredPin[]): void {
  for (const { created } of pinning) pins.setStatus(created, 'pinning', { ...pins.getByKey(created)?.info })
  pins.requeueInterrupted()
}

const interruptions = (): unknown[] => added.map(({ created }) => pins.getByKey(created)?.info.interruptions)

/** A queue whose transfers end when the test says so. */
function startQueue() {
  const running = new Map<number, Deferred<void> & { progress: StringMap }>()
  const keeper = {
    createTransfer: ({ created }: StoredPin) => {
      const transfer = { ...deferred<void>(), progress: {} as StringMap }
      running.set(created, transfer)
      return {
        run: () => transfer.promise.finally(() => running.delete(created)),
        cancel: (reason: Error) => transfer.reject(reason),
        progress: () => transfer.progress,
        summary: () => ({}),
      }
    },
  } as unknown as Keeper
  const queue = new PinQueue({ pins, keeper, limits: DEFAULT_LIMITS, onSettled: () => {}, onError: () => {} })
  queue.wake()
  return { queue, running, keys: () => [...running.keys()] }
}

const keyOf = (place: number): number => added[place]?.created ?? 0

it('counts break-offs of several pins at a time until they are suspected, and of a pin alone on', () => {
  for (let i = 0; i < 20; i++) breakOff(...added)
  expect(interruptions()).toEqual(['3', '3', '3'])
  for (let i = 0; i < 7; i++) breakOff(...added.slice(1, 2))
  expect(interruptions()).toEqual(['3', '10', '3'])
})

it('tries suspects one at a time, the most innocent first, before it starts anything else', async () => {
  for (let i = 0; i < 3; i++) breakOff(...added)
  breakOff(...added.slice(0, 1))
  const other = add('f01550001dd').created
  const { queue, running, keys } = startQueue()
  expect(keys()).toEqual([keyOf(1)])
  running.get(keyOf(1))?.resolve()
  await vi.waitUntil(() => keys()[0] === keyOf(2))
  expect(keys()).toEqual([keyOf(2)])
  running.get(keyOf(2))?.reject(new PinFailedError('nobody has it'))
  await vi.waitUntil(() => keys()[0] === keyOf(0))
  expect(keys()).toEqual([keyOf(0)])
  running.get(keyOf(0))?.resolve()
  await vi.waitUntil(() => keys()[0] === other)
  await queue.stop()
})

it('ends the trial of a pin that has got a block and is still there a second later', async () => {
  for (let i = 0; i < 3; i++) breakOff(...added.slice(0, 1))
  vi.useFakeTimers()
  const { queue, running, keys } = startQueue()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(keys()).toEqual([keyOf(0)])
  const transfer = running.get(keyOf(0))
  if (transfer) transfer.progress = { blocks_fetched: '1' }
  await vi.advanceTimersByTimeAsync(1_000)
  expect(keys()).toEqual([keyOf(0)])
  await vi.advanceTimersByTimeAsync(1_000)
  expect(keys()).toEqual(added.map(({ created }) => created))
  await queue.stop()
})

it('ends the trial of a pin that waits for something that is no fault of it', async () => {
  for (let i = 0; i < 3; i++) breakOff(...added.slice(0, 1))
  vi.useFakeTimers()
  const { queue, running, keys } = startQueue()
  expect(keys()).toEqual([keyOf(0)])
  // Each attempt fails, and the waits between them grow.
  for (let i = 0; keys().length < 2 && i < 10; i++) {
    running.get(keyOf(0))?.reject(new PinWaitsError('there is no memory'))
    await vi.advanceTimersByTimeAsync(1_000)
  }
  expect(keys()).toEqual(expect.arrayContaining([keyOf(1), keyOf(2)]))
  await queue.stop()
})

it('suspects nobody after a second break-off, nor a pin that has got further since', () => {
  for (let i = 0; i < 2; i++) breakOff(...added)
  expect(pins.suspects()).toEqual([])
  breakOff(...added)
  expect(pins.suspects()).toEqual(added.map(({ created }) => created))
  database.prepare('UPDATE pin SET blocks = 1 WHERE created <> ?').run(keyOf(1))
  expect(pins.suspects()).toEqual([keyOf(1)])
})

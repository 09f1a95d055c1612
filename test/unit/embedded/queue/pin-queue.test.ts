import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { DEFAULT_LIMITS } from '../../../../src/embedded/limits.ts'
import { type Keeper, PinFailedError, PinWaitsError } from '../../../../src/embedded/queue/keeper.ts'
import { PinQueue } from '../../../../src/embedded/queue/pin-queue.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { openDatabase } from '../../../../src/storage/open-database.ts'
import { deferred } from '../../../support/deferred.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

/** Adds a pin whose attempts end with these errors, one after the other, and are then complete. Returns it when it has settled. */
async function settledAfter(errors: Error[]) {
  await using folder = await temporaryFolder()
  const database = await openDatabase(join(folder.path, 'pins.db'), PIN_DATABASE)
  const pins = new PinStore(database)
  const owner = new TokenStore(database).ownerNamed('a')
  const reported: unknown[] = []
  const keeper = {
    createTransfer: () => ({
      run: async () => {
        const error = errors.shift()
        if (error) throw error
      },
      cancel: () => {},
      progress: () => ({}),
      summary: () => ({}),
    }),
  } as unknown as Keeper
  const settled = deferred()
  const onError = (error: unknown): void => void reported.push(error)
  const queue = new PinQueue({ pins, keeper, limits: DEFAULT_LIMITS, onSettled: settled.resolve, onError })
  pins.add(owner, { cid: parseCid('f01550000'), name: null, origins: [], meta: {} })
  queue.wake()
  await settled.promise
  await queue.stop()
  const [pin] = pins.list(owner, {
    cidKeys: null,
    name: null,
    match: 'exact',
    statuses: ['pinned', 'failed'],
    before: null,
    after: null,
    meta: {},
    limit: 1,
  }).results
  database.close()
  return { pin, reported }
}

it('shortens the reason of a failure, which every list shows, and cuts no surrogate pair', async () => {
  const { pin } = await settledAfter([new PinFailedError(`x${'😀'.repeat(1_000_000)}`)])
  expect(pin?.status).toBe('failed')
  const details = pin?.info.status_details ?? ''
  expect(details.length).toBeLessThanOrEqual(4_096)
  expect(details).toMatch(/^x(😀)+…$/u)
})

it('retries a pin that waits for other pins, without a report', async () => {
  const { pin, reported } = await settledAfter([new PinWaitsError('there is no memory')])
  expect(pin?.status).toBe('pinned')
  expect(reported).toEqual([])
})

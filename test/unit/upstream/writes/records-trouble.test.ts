import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { loadDriver } from '../../../../src/storage/open-database.ts'
import { openWriteRecords } from '../../../../src/upstream/writes/open-write-records.ts'
import { RecordsUnavailableError } from '../../../../src/upstream/writes/records-unavailable.ts'
import type { WriteRecord, WriteRecords } from '../../../../src/upstream/writes/write-records.ts'
import { expectInTime } from '../../../support/expect-in-time.ts'
import { exampleCid } from '../../../support/providers/example-cid.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let path: string
let records: WriteRecords
beforeEach(async () => {
  folder = await temporaryFolder()
  path = join(folder.path, 'writes.db')
  records = await openWriteRecords(path, Date.now)
})
afterEach(async () => {
  await records[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

function recordOf(key: string): WriteRecord {
  return {
    tenantKey: 'tenant',
    key,
    fingerprint: key,
    writeId: '0'.repeat(32),
    startedAt: Date.now(),
    state: 'pending',
    write: { pin: { cid: parseCid(exampleCid(1)), name: null, origins: [], meta: {} }, replaces: null },
    before: null,
    result: null,
    sweepId: null,
  }
}

/** Holds the write lock as another process would. Returns a function that releases it. */
async function holdLock(): Promise<() => void> {
  const database = new (await loadDriver())(path)
  database.exec('BEGIN IMMEDIATE')
  return () => database.close()
}

it('a change waits for another process without stopping the gateway, and goes on when the file is free', async () => {
  const release = await holdLock()
  const begun = records.begin(recordOf('a'))
  let turns = 0
  const waits = (async () => {
    // More turns than one that waits for the lock would allow within the patience of a change.
    for (; turns < 100; turns++) await setImmediate()
    release()
  })()
  expect(await begun).toBe(true)
  await waits
  expect(turns).toBe(100)
  expect((await records.find('tenant', 'a'))?.key).toBe('a')
})

it('changes fail with a typed error when the file is held for long, and all of them at the same time', async () => {
  const release = await holdLock()
  const refused = { name: 'RecordsUnavailableError', message: 'another process holds the database' }
  const changeMany = async (): Promise<void> => {
    const first = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => records.begin(recordOf(`${i}`))))
    expect(first).toEqual(first.map(() => ({ status: 'rejected', reason: expect.objectContaining(refused) })))
    // Reads need no lock.
    expect(await records.find('tenant', '1')).toBeNull()
    for (let i = 0; i < 20; i++) await expect(records.begin(recordOf(`${i}`))).rejects.toMatchObject(refused)
  }
  // If each of the twenty changes waited a second of its own, it would take longer.
  await expectInTime({ 'the wait for another process': 1_000 }, changeMany, { graceMs: 19_000 })
  release()
  expect(await records.begin(recordOf('later'))).toBe(true)
})

it('a record that cannot be written takes no other change of the same turn with it', async () => {
  const broken = { ...recordOf('broken'), startedAt: 'yesterday' as unknown as number }
  const outcomes = await Promise.allSettled([recordOf('a'), broken, recordOf('b')].map((each) => records.begin(each)))
  expect(outcomes).toEqual([
    { status: 'fulfilled', value: true },
    { status: 'rejected', reason: expect.any(Error) },
    { status: 'fulfilled', value: true },
  ])
  expect((outcomes[1] as PromiseRejectedResult).reason).not.toBeInstanceOf(RecordsUnavailableError)
})

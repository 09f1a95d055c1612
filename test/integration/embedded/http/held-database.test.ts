import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadDriver } from '../../../../src/storage/open-database.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const CID = 'f01550000'

/** Holds the write lock of the service's database as another process would. Returns a function that releases it. */
async function holdLock(dataDir: string): Promise<() => void> {
  const database = new (await loadDriver())(join(dataDir, 'pins.db'))
  database.exec('BEGIN IMMEDIATE')
  return () => database.close()
}

it('changes wait for another process that holds the database, while lists are answered', async () => {
  await using folder = await temporaryFolder()
  await using service = await startTestEmbedded({ dataDir: folder.path })
  const release = await holdLock(folder.path)
  let isAdded = false
  const added = service.client.add({ cid: CID }).then((pin) => {
    isAdded = true
    return pin
  })
  for (let i = 0; i < 3; i++) expect((await service.client.list()).status).toBe(200)
  expect(isAdded).toBe(false)
  release()
  expect(await service.client.settled((await added).requestid)).toMatchObject({ status: 'pinned' })
  expect(service.errors).toEqual([])
})

it('changes are refused with 503 when another process holds the database for long', async () => {
  await using folder = await temporaryFolder()
  await using service = await startTestEmbedded({ dataDir: folder.path })
  const release = await holdLock(folder.path)
  const body = {
    error: { reason: 'STORAGE_UNAVAILABLE', details: 'Nothing was changed: another process holds the database' },
  }
  expect(await service.client.request('POST', '/pins', { cid: CID })).toMatchObject({ status: 503, body })
  release()
  expect((await service.client.request('POST', '/pins', { cid: CID })).status).toBe(202)
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { TERM_OF_ALL } from '../../../src/embedded/store/pin-terms.ts'
import { hashOf } from '../../../src/embedded/store/token-store.ts'
import { openDatabase } from '../../../src/storage/open-database.ts'
import { startTestEmbedded } from '../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const CID = 'bafkqablimvwgy3y'

it('makes the names of an earlier version new, at the start and after it', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'pins.db')
  const sql = readFileSync(new URL('../../support/embedded/pins-version-2.sql', import.meta.url), 'utf8')
  const old = await openDatabase(path, { version: 2, sql })
  old.exec(`INSERT INTO owner VALUES (1, 'configured:${hashOf('token-a').toString('hex')}')`)
  const add =
    old.prepare(`INSERT INTO pin (created, requestid, owner, status, cid, cid_key, name, name_fold, origins, meta, terms)
    VALUES (?, ?, 1, 'pinned', '${CID}', 'k', ?, ?, '[]', '{}', '[${TERM_OF_ALL}]')`)
  for (let i = 0; i < 100; i++) add.run(i, `r${i}`, `Ele\u0301ment ${i}`, `ELE\u0301MENT ${i}`)
  old.exec(`INSERT INTO pin_name (rowid, grams) SELECT created, '' FROM pin`)
  old.close()

  await using service = await startTestEmbedded({ dataDir: folder.path })
  const found = async () => (await service.client.list({ name: 'ÉMENT 4', match: 'ipartial', limit: '20' })).body.count
  expect(await found()).toBe(11)
  const beside = await openDatabase(path, { version: 3, sql: '' })
  const stale = beside.prepare('SELECT count(*) AS n FROM stale_name')
  await expect.poll(() => stale.get(), { timeout: 20_000 }).toEqual({ n: 0 })
  beside.close()
  expect(await found()).toBe(11)
  expect(service.errors).toEqual([])
})

import { join } from 'node:path'
import { expect, it } from 'vitest'
import { loadDriver } from '../../../src/storage/open-database.ts'
import { startTestEmbedded } from '../../support/embedded/start-test-embedded.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const CIDS = ['f01550000', 'f0155000101']

it('each change fails by itself, and nothing else does, while another process holds the records of changes', async () => {
  await using folder = await temporaryFolder()
  await using service = await startTestEmbedded()
  await using gateway = await startTestGateway({
    dataDir: folder.path,
    services: { test: { endpoint: service.endpoint, token: 'token-a', provider: 'pinql' } },
  })
  const add = () =>
    gateway.query(
      `mutation ($pins: [AddPinInput!]!) {
        addPins(input: { pins: $pins }) { pin { requestId } error { code message mayHaveActed } }
      }`,
      { pins: CIDS.map((cid) => ({ cid })) },
    )
  const database = new (await loadDriver())(join(folder.path, 'writes.db'))
  database.exec('BEGIN IMMEDIATE')
  const held = add()
  const read = await gateway.query<{ pins: { totalCount: number } }>('{ pins { totalCount } }')
  expect(read).toEqual({ data: { pins: { totalCount: 0 } } })
  const message =
    'test was not asked for a change: the gateway cannot keep its records of changes (another process holds the database)'
  const refused = { pin: null, error: { code: 'SERVICE_UNAVAILABLE', message, mayHaveActed: false } }
  expect(await held).toEqual({ data: { addPins: [refused, refused] } })
  database.close()
  const made = { pin: { requestId: expect.any(String) }, error: null }
  expect(await add()).toEqual({ data: { addPins: [made, made] } })
})

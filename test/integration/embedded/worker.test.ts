import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startPinningService } from '../../../src/embedded/start-pinning-service.ts'
import { PsaClient } from '../../support/embedded/psa-client.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

it('runs in a thread of its own until it is disposed', async () => {
  await using folder = await temporaryFolder()
  const service = await startPinningService({ dataDir: folder.path, tokens: ['token-a'] })
  expect(service.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(service.addresses).toEqual([expect.stringMatching(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/p2p/${service.peerId}$`)])
  const client = new PsaClient(service.endpoint)
  const { requestid } = await client.add({ cid: 'bafkqaaa' })
  expect((await client.settled(requestid)).status).toBe('pinned')

  await service[Symbol.asyncDispose]()
  await expect(service.closed).resolves.toBeUndefined()
  await expect(client.list()).rejects.toThrow('fetch failed')
  await service[Symbol.asyncDispose]()
})

it('says why it cannot start', async () => {
  await using folder = await temporaryFolder()
  await writeFile(
    join(folder.path, 'pins.db'),
    'this is no database, but it is long enough to be taken for one'.repeat(99),
  )
  await expect(startPinningService({ dataDir: folder.path, tokens: [] })).rejects.toThrow(
    /The pinning service cannot start: .*file is not a database/,
  )
})

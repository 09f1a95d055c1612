import { createReadStream } from 'node:fs'
import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { exportPins } from '../../../../src/embedded/backup/export-pins.ts'
import { importPins } from '../../../../src/embedded/backup/import-pins.ts'
import { verifyStore } from '../../../../src/embedded/backup/verify-store.ts'
import { startOriginNode } from '../../../../src/embedded/bitswap/start-origin-node.ts'
import { startFakeKubo } from '../../../support/embedded/start-fake-kubo.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const KEPT_BY_KUBO = 'A Kubo daemon keeps the content of these pins: expected a data directory with blocks of its own'

/** A service's folder with one pin that Kubo keeps. */
async function folderWithKubo(dataDir: string) {
  const kubo = await startFakeKubo()
  const address = { endpoint: kubo.endpoint, token: null }
  await using service = await startTestEmbedded({ dataDir, kubo: address })
  const { requestid } = await service.client.add({ cid: await kubo.state.createDag('content'), name: 'content' })
  await service.client.settled(requestid)
  return { kubo, address, requestid }
}

it('a backup of pins that Kubo keeps is the list of them, which another service can fetch again', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const { kubo, address, requestid } = await folderWithKubo(data)
  const car = join(folder.path, 'backup.car')
  await writeFile(car, '')
  expect(await exportPins(data, (bytes) => appendFile(car, bytes))).toEqual({ pins: 1, blocks: 0 })
  const restored = join(folder.path, 'restored')
  expect(await importPins(restored, createReadStream(car))).toEqual({ pins: 1, blocks: 0, incomplete: 1 })
  await using service = await startTestEmbedded({ dataDir: restored, kubo: address })
  expect(await service.client.settled(requestid)).toMatchObject({ status: 'pinned', pin: { name: 'content' } })
  await kubo[Symbol.asyncDispose]()
})

it('refuses to work on blocks where Kubo has them', async () => {
  await using folder = await temporaryFolder()
  const data = join(folder.path, 'data')
  const { kubo } = await folderWithKubo(data)
  await kubo[Symbol.asyncDispose]()
  const car = join(folder.path, 'backup.car')
  await exportPins(data, (bytes) => appendFile(car, bytes))
  await expect(verifyStore(data)).rejects.toThrow(KEPT_BY_KUBO)
  await expect(importPins(data, createReadStream(car))).rejects.toThrow(KEPT_BY_KUBO)
  await expect(startTestEmbedded({ dataDir: data })).rejects.toThrow(KEPT_BY_KUBO)
})

it('refuses Kubo where the service has blocks of its own', async () => {
  await using folder = await temporaryFolder()
  await writeFile(join(folder.path, 'file'), 'hello')
  const dataDir = join(folder.path, 'data')
  {
    await using origin = await startOriginNode({ path: join(folder.path, 'file') })
    await using service = await startTestEmbedded({ dataDir })
    const { requestid } = await service.client.add({ cid: origin.cid, origins: origin.origins })
    await service.client.settled(requestid)
  }
  await expect(startTestEmbedded({ dataDir, kubo: { endpoint: 'http://127.0.0.1:1', token: null } })).rejects.toThrow(
    'The data directory has blocks of its own: with Kubo, expected a new one, or one used with Kubo',
  )
})

it('fetches what was pinned without blocks, such as a CID that is its own content, by Kubo from then on', async () => {
  await using folder = await temporaryFolder()
  let requestid: string
  {
    await using service = await startTestEmbedded({ dataDir: folder.path })
    requestid = (await service.client.add({ cid: 'bafkqaaa' })).requestid
    await service.client.settled(requestid)
  }
  await using kubo = await startFakeKubo()
  kubo.state.local.add('bafkqaaa')
  const address = { endpoint: kubo.endpoint, token: null }
  await using service = await startTestEmbedded({ dataDir: folder.path, kubo: address })
  await expect.poll(() => [...kubo.state.pins.keys()]).toEqual(['bafkqaaa'])
  expect((await service.client.settled(requestid)).status).toBe('pinned')
})

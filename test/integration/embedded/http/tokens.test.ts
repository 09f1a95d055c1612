import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openTokenStore } from '../../../../src/embedded/store/token-store.ts'
import { PsaClient } from '../../../support/embedded/psa-client.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

it('applies tokens that are created or revoked while it runs, and separates their pins', async () => {
  await using folder = await temporaryFolder()
  await using service = await startTestEmbedded({ dataDir: folder.path, tokens: [] })
  using store = await openTokenStore(folder.path)
  const app = new PsaClient(service.endpoint, store.tokens.createToken('app'))
  const other = new PsaClient(service.endpoint, store.tokens.createToken('other'))
  expect(() => store.tokens.createToken('app')).toThrow('There is a token named "app" already')

  const { requestid } = await app.add({ cid: 'bafkqaaa', name: 'mine' })
  expect((await other.list()).body).toEqual({ count: 0, results: [] })
  expect((await other.get(requestid)).status).toBe(404)
  expect(store.tokens.listTokens()).toEqual([
    { name: 'app', created: expect.any(Date), pins: 1 },
    { name: 'other', created: expect.any(Date), pins: 0 },
  ])

  expect(store.tokens.revokeToken('app')).toBe(true)
  expect(store.tokens.revokeToken('app')).toBe(false)
  expect((await app.get(requestid)).status).toBe(401)
  const successor = new PsaClient(service.endpoint, store.tokens.createToken('app'))
  expect((await successor.get(requestid)).body.pin.name).toBe('mine')
})

it('stores no token in clear', async () => {
  await using folder = await temporaryFolder()
  let created: string
  {
    await using service = await startTestEmbedded({ dataDir: folder.path, tokens: ['configured-token'] })
    using store = await openTokenStore(folder.path)
    created = store.tokens.createToken('app')
    expect((await new PsaClient(service.endpoint, 'configured-token').list()).status).toBe(200)
    expect((await new PsaClient(service.endpoint, created).list()).status).toBe(200)
  }
  const file = await readFile(join(folder.path, 'pins.db'))
  expect(file.includes(created)).toBe(false)
  expect(file.includes('configured-token')).toBe(false)
})

it('accepts a configured token only as long as it is configured, and keeps its pins for its return', async () => {
  await using folder = await temporaryFolder()
  const lists = async (tokens: string[]) => {
    await using service = await startTestEmbedded({ dataDir: folder.path, tokens })
    const client = new PsaClient(service.endpoint, 'first')
    const { status, body } = await client.list()
    if (status === 200 && body.count === 0) await client.add({ cid: 'bafkqaaa' })
    return status === 200 ? body.count : status
  }
  expect([await lists(['first']), await lists(['second']), await lists(['first', 'second'])]).toEqual([0, 401, 1])
})

it('answers 409 with the reason when a token has no room left', async () => {
  await using service = await startTestEmbedded({ limits: { maxPinsPerToken: 2 } })
  const { requestid } = await service.client.add({ cid: 'bafkqaaa' })
  await service.client.add({ cid: 'bafkqaaa' })
  const refused = await service.client.request('POST', '/pins', { cid: 'bafkqaaa' })
  expect(refused).toMatchObject({
    status: 409,
    body: { error: { reason: 'INSUFFICIENT_FUNDS', details: 'This token has 2 pins, of 2 at most' } },
  })
  // A replacement takes no more room, and another token has room of its own.
  expect((await service.client.replace(requestid, { cid: 'bafkqaaa' })).status).toBe(202)
  await new PsaClient(service.endpoint, 'token-b').add({ cid: 'bafkqaaa' })
})

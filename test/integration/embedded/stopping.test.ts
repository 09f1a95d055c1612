import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { parseConfig } from '../../../src/config/parse-config.ts'
import { startPinningService } from '../../../src/embedded/start-pinning-service.ts'
import { createGateway } from '../../../src/server/create-gateway.ts'
import { PsaClient } from '../../support/embedded/psa-client.ts'
import { startFakeKubo } from '../../support/embedded/start-fake-kubo.ts'
import { startTestEmbedded } from '../../support/embedded/start-test-embedded.ts'
import { seedPin, storedPins } from '../../support/embedded/stored-pins.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Nobody has it, so its pin is being fetched until it stalls. */
const CID = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const HEAD_ONLY = 'POST /pins HTTP/1.1\r\nhost: a\r\nauthorization: Bearer token-a\r\ncontent-length: 100\r\n\r\n{'

async function connectTo(port: string | undefined): Promise<Socket> {
  const socket = connect(Number(port), '127.0.0.1')
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  return socket
}

/** A connection may be reset, which `once` would reject with. */
const closeOf = (socket: Socket) => new Promise((resolve) => socket.once('close', resolve))

const UNHARMED = [{ status: 'queued', interruptions: null }]

it.each([
  ['to HTTP', ''],
  ['to HTTP that has sent half of a head', 'POST /pins HTTP/1.1\r\n'],
  ['to HTTP that has sent half of a body', HEAD_ONLY],
])('stops in order, though there are silent connections to the peer and %s', async (_, text) => {
  await using folder = await temporaryFolder()
  const service = await startPinningService({ dataDir: folder.path, tokens: ['token-a'] })
  await new PsaClient(service.endpoint).add({ cid: CID })
  const silent = await connectTo(new URL(service.endpoint).port)
  silent.write(text)
  const toPeer = await connectTo(/\/tcp\/(\d+)\//.exec(service.addresses[0] ?? '')?.[1])
  const closed = [closeOf(silent), closeOf(toPeer)]
  await service[Symbol.asyncDispose]()
  await Promise.all(closed)
  expect(await storedPins(folder.path)).toEqual(UNHARMED)
})

it('fails no pin that is fetched during ten stops in a row', async () => {
  await using folder = await temporaryFolder()
  for (let stops = 0; stops < 10; stops++) {
    const service = await startTestEmbedded({ dataDir: folder.path })
    if (stops === 0) await service.client.add({ cid: CID })
    expect((await service.client.list({ status: 'pinning' })).body.count).toBe(1)
    await connectTo(new URL(service.endpoint).port)
    await service[Symbol.asyncDispose]()
    expect(await storedPins(folder.path)).toEqual(UNHARMED)
  }
  await using service = await startTestEmbedded({ dataDir: folder.path })
  expect((await service.client.list({ status: 'pinning' })).body.count).toBe(1)
})

it('stops transfers for good while it answers on, so that a kill from then on is no interruption', async () => {
  await using folder = await temporaryFolder()
  await using service = await startTestEmbedded({ dataDir: folder.path })
  await service.client.add({ cid: CID })
  service.stopTransfers()
  expect(await storedPins(folder.path)).toEqual(UNHARMED)
  await service.client.add({ cid: CID })
  expect((await service.client.list({ status: 'queued' })).body.count).toBe(2)
})

it('stops in order while a Kubo daemon takes connections and answers nothing', { timeout: 20_000 }, async () => {
  await using kubo = await startFakeKubo()
  await using folder = await temporaryFolder()
  const options = { dataDir: folder.path, kubo: { endpoint: kubo.endpoint, token: null } }
  const service = await startTestEmbedded(options)
  kubo.fail('pin/ls', 'silence')
  kubo.fail('id', 'silence')
  await service.client.add({ cid: CID })
  await service[Symbol.asyncDispose]()
  expect(service.errors).toEqual([])
  expect(await storedPins(folder.path)).toEqual(UNHARMED)
})

it('stops the transfers of a gateway as soon as it drains, which may take seconds', async () => {
  await using folder = await temporaryFolder()
  await seedPin(folder.path, CID)
  await using gateway = await createGateway(parseConfig({ dataDir: folder.path }), { log: { write() {} } })
  await expect.poll(() => storedPins(folder.path)).toMatchObject([{ status: 'pinning' }])
  await gateway.drain()
  await expect.poll(() => storedPins(folder.path)).toEqual(UNHARMED)
})

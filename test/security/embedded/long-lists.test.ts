import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PIN_DATABASE } from '../../../src/embedded/store/database-schema.ts'
import { PinStore } from '../../../src/embedded/store/pin-store.ts'
import { TokenStore } from '../../../src/embedded/store/token-store.ts'
import { openDatabase, transaction } from '../../../src/storage/open-database.ts'
import { startAttackedService } from '../../support/embedded/start-attacked-service.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const MIB = 1024 ** 2
const CID = 'f01550000'

/** Stores pins as a version without a bound on `meta` did: with nearly 1 MiB each. */
async function storeLargePins(dataDir: string, count: number): Promise<void> {
  const database = await openDatabase(join(dataDir, 'pins.db'), PIN_DATABASE)
  const pins = new PinStore(database)
  const owner = new TokenStore(database).ownerOfConfigured('token-a')
  const pin = { cid: { text: CID, key: 'x' }, name: null, origins: [], meta: { a: 'x'.repeat(0.95 * MIB) } }
  transaction(database, () => {
    for (let i = 0; i < count; i++) {
      const { restored } = pins.restore(owner, pin, { requestId: `${i}`, created: 1_000 + i })
      pins.setStatus(restored.created, 'pinned', {})
    }
  })
  database.close()
}

it('300 pins of nearly 1 MiB each are listed page by page, and a gateway can read each page', async () => {
  await using folder = await temporaryFolder()
  await storeLargePins(folder.path, 300)
  await using service = await startAttackedService({ dataDir: folder.path })
  await using gateway = await startTestGateway({
    services: { test: { endpoint: service.endpoint, token: 'token-a', provider: 'pinql' } },
  })
  const state = await service.stateAfter(async () => {
    const { body } = await service.client.list({ limit: '1000' })
    expect(body.count).toBe(300)
    expect(body.results).toHaveLength(10)
    const { data, errors } = await gateway.query<{ pins: unknown }>(
      '{ pins(first: 15) { totalCount nodes { requestId } warnings { message } } }',
    )
    expect(errors).toBeUndefined()
    const nodes = Array.from({ length: 15 }, (_, i) => ({ requestId: `${299 - i}` }))
    expect(data?.pins).toEqual({ totalCount: 300, nodes, warnings: [] })
  })
  expect(state.longestBlockMs).toBeLessThan(1_000)
  expect(service.isAlive()).toBe(true)
})

it('fifty clients that read no answer leave room for the lists of others', async () => {
  await using folder = await temporaryFolder()
  await storeLargePins(folder.path, 12)
  await using service = await startAttackedService({ dataDir: folder.path })
  const before = await service.state()
  const { hostname, port } = new URL(service.endpoint)
  const sockets: Socket[] = []
  const after = await service.stateAfter(async () => {
    for (let i = 0; i < 50; i++) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      socket.pause()
      await once(socket, 'connect')
      const head = 'GET /pins?limit=1000 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer token-a\r\n\r\n'
      socket.write(head.repeat(10))
      sockets.push(socket)
    }
    // Whatever these requests cost is in memory once requests that came later are answered.
    for (let i = 0; i < 5; i++) expect((await service.client.get('1')).status).toBe(200)
  })
  for (const socket of sockets) socket.destroy()
  expect(after.usedBytes - before.usedBytes).toBeLessThan(128 * MIB)
  expect(after.longestBlockMs).toBeLessThan(1_000)
  // The room of the clients that went is free again, and their going is no failure of the service.
  for (let i = 0; i < 5; i++) expect((await service.client.list()).status).toBe(200)
  expect(service.errors).toEqual([])
})

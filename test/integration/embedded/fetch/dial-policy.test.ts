import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { startRudeOrigin } from '../../../support/embedded/start-rude-origin.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

const PEER = '12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN'
const CID = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'

/** A listener on all loopback addresses that counts who knocks. */
async function startListener(): Promise<{ port: number; knocks: () => number } & Disposable> {
  let knocks = 0
  const server = createServer((socket) => {
    knocks++
    socket.destroy()
  }).listen(0, '::', undefined)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, knocks: () => knocks, [Symbol.dispose]: () => server.close() }
}

it('sends no packet to a range that is not allowed, in whatever form it is written', async () => {
  using listener = await startListener()
  await using service = await startTestEmbedded({ dialRanges: ['public'], limits: { stallTimeoutMs: 1_500 } })
  const hosts = [
    '/ip4/127.0.0.1',
    '/ip4/127.1.2.3',
    '/ip4/0.0.0.0',
    '/ip6/::1',
    '/ip6/::ffff:127.0.0.1',
    '/ip6/64:ff9b::7f00:1',
    '/dns4/localhost',
    '/dns/localhost',
  ]
  const origins = hosts.map((host) => `${host}/tcp/${listener.port}/p2p/${PEER}`)
  const { requestid } = await service.client.add({ cid: CID, origins })
  const { status, info } = await service.client.settled(requestid)
  expect(status).toBe('failed')
  expect(info.status_details?.match(/refused, since (loopback|reserved) addresses are not dialled/g)).toHaveLength(8)
  expect(listener.knocks()).toBe(0)
})

it('dials that range by default, since the service is on loopback: the listener notices a dial', async () => {
  using listener = await startListener()
  await using service = await startTestEmbedded({ limits: { stallTimeoutMs: 500 } })
  const { requestid } = await service.client.add({
    cid: CID,
    origins: [`/ip4/127.0.0.1/tcp/${listener.port}/p2p/${PEER}`],
  })
  await service.client.settled(requestid)
  expect(listener.knocks()).toBeGreaterThan(0)
})

it('dials no address that a peer reports for itself', async () => {
  using listener = await startListener()
  await using service = await startTestEmbedded({ limits: { stallTimeoutMs: 2_000 } })
  const announce = `/ip4/127.0.0.1/tcp/${listener.port}`
  await using origin = await startRudeOrigin(({ hangUp }) => hangUp(), { announce })
  const { requestid } = await service.client.add({ cid: CID, origins: origin.origins })
  expect((await service.client.settled(requestid)).status).toBe('failed')
  expect(origin.connections()).toBeGreaterThan(1)
  expect(listener.knocks()).toBe(0)
})

import { expect, it } from 'vitest'
import { reachableAddresses } from '../../../src/embedded/fetch/delegates.ts'
import { startFakeKubo } from '../../support/embedded/start-fake-kubo.ts'
import { startTestEmbedded } from '../../support/embedded/start-test-embedded.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const ANNOUNCED = ['/ip4/203.0.113.7/tcp/4001', '/dns4/pins.example.com/tcp/4001']
const CID = 'bafkqablimvwgy3y'

it('gives loopback addresses while all is on this machine', async () => {
  await using service = await startTestEmbedded()
  const { delegates } = await service.client.add({ cid: CID })
  expect(delegates).toEqual(service.addresses)
  expect(delegates).toEqual([expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3Koo/)])
})

it('leaves loopback out where the peer has a better address', async () => {
  await using service = await startTestEmbedded({ listen: ['/ip4/0.0.0.0/tcp/0'] })
  const { delegates } = await service.client.add({ cid: CID })
  expect(delegates).toEqual(reachableAddresses(service.addresses))
  const isLoopback = delegates.map((address) => address.startsWith('/ip4/127.'))
  expect(new Set(isLoopback).size).toBe(1)
})

it('gives the announced addresses in place of all others, in every answer', async () => {
  await using service = await startTestEmbedded({ announce: ANNOUNCED })
  const expected = ANNOUNCED.map((address) => `${address}/p2p/${service.peerId}`)
  const added = await service.client.add({ cid: CID })
  expect(added.delegates).toEqual(expected)
  expect((await service.client.settled(added.requestid)).delegates).toEqual(expected)
  expect((await service.client.list()).body.results.map(({ delegates }) => delegates)).toEqual([expected])
  expect(service.addresses).not.toEqual(expected)
})

it('does not start with the address of another peer', async () => {
  await using folder = await temporaryFolder()
  const other = '/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAgaCP6pxrURbKAkvoFqNwUzwCKPzjNUVPLTCP1orkuf3'
  const started = startTestEmbedded({ dataDir: folder.path, announce: [other] })
  await expect(started).rejects.toThrow(`The announced address ${other} names another peer than this one`)
})

it('names the peer of Kubo in announced addresses', async () => {
  await using kubo = await startFakeKubo()
  await using service = await startTestEmbedded({ kubo: { endpoint: kubo.endpoint, token: null }, announce: ANNOUNCED })
  const { delegates } = await service.client.add({ cid: await kubo.state.createDag('one') })
  expect(delegates).toEqual(ANNOUNCED.map((address) => `${address}/p2p/${service.peerId}`))
})

it('works in a gateway, whose peer listens where it is told to', async () => {
  await using gateway = await startTestGateway({
    services: { local: { provider: 'embedded' } },
    announce: ANNOUNCED,
    listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0'],
  })
  const { data } = await gateway.query(
    `mutation { addPin(input: { cid: "${CID}" }) { pin { delegates } error { message } } }`,
  )
  expect(data).toEqual({
    addPin: {
      pin: { delegates: ANNOUNCED.map((address) => expect.stringMatching(`^${address}/p2p/12D3Koo`)) },
      error: null,
    },
  })
})

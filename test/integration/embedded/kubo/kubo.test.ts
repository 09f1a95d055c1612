import { expect, it } from 'vitest'
import type { EmbeddedOptions } from '../../../../src/embedded/start-in-this-thread.ts'
import { PsaClient } from '../../../support/embedded/psa-client.ts'
import { FAKE_PEER, type FakeKubo, startFakeKubo } from '../../../support/embedded/start-fake-kubo.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'

const PEER = '12D3KooWSHj3RRbBjD15g6wekV8y3mm57Pobmps2g2WJm6F67Lay'

const startService = ({ endpoint }: Pick<FakeKubo, 'endpoint'>, options: Partial<EmbeddedOptions> = {}) =>
  startTestEmbedded({ kubo: { endpoint, token: null }, ...options })

it('lets Kubo fetch and keep a pin, tells how far it is, and names its peer as delegate', async () => {
  await using kubo = await startFakeKubo()
  await using service = await startService(kubo)
  const cid = await kubo.state.createDag('photos')
  kubo.state.holdBack(cid)
  const { requestid, delegates } = await service.client.add({ cid })
  expect(delegates).toEqual([`/ip4/203.0.113.7/tcp/4001/p2p/${FAKE_PEER}`])
  const info = async () => (await service.client.get(requestid)).body.info
  await expect.poll(info).toEqual({ status_details: 'Fetching blocks', blocks_fetched: '3', bytes_fetched: '2100' })
  kubo.state.give()
  const { status, info: settled } = await service.client.settled(requestid)
  expect({ status, settled }).toEqual({
    status: 'pinned',
    settled: { status_details: 'All blocks are stored', dag_blocks: '4', dag_size: '3100' },
  })
  expect(kubo.state.isKept(cid)).toBe(true)
  expect([...kubo.state.pins.values()]).toEqual([expect.stringMatching(/^pinql-[0-9a-f]{8}$/)])
  expect(service.errors).toEqual([])
})

it.each([
  ['secret', 'Bearer secret'],
  ['bearer:secret', 'Bearer secret'],
  ['basic:user:pass:word', `Basic ${Buffer.from('user:pass:word').toString('base64')}`],
])('sends the secret of API.Authorizations as Kubo expects it: %s', async (token, authorization) => {
  await using kubo = await startFakeKubo({ authorization })
  for (const path of ['', '/', '/api/v0', '/api/v0/']) {
    await using service = await startTestEmbedded({ kubo: { endpoint: `${kubo.endpoint}${path}`, token } })
    const cid = await kubo.state.createDag(`of ${path}`)
    const { requestid } = await service.client.add({ cid })
    expect((await service.client.settled(requestid)).status).toBe('pinned')
  }
})

it('has Kubo dial the origins that the policy allows, at the addresses that were checked', async () => {
  await using kubo = await startFakeKubo()
  await using service = await startService(kubo, { dialRanges: ['private'] })
  const cid = await kubo.state.createDag('origins')
  kubo.state.holdBack(cid)
  const hosts = ['/ip4/127.0.0.1', '/dns4/localhost', '/ip4/8.8.8.8', '/ip4/10.1.2.3']
  const { requestid } = await service.client.add({ cid, origins: hosts.map((host) => `${host}/tcp/4001/p2p/${PEER}`) })
  const dialled = () => kubo.requests.filter((request) => request.startsWith('swarm/connect'))
  await expect.poll(dialled).toEqual([`swarm/connect /ip4/10.1.2.3/tcp/4001/p2p/${PEER}`])
  kubo.state.give()
  expect((await service.client.settled(requestid)).status).toBe('pinned')
  expect(dialled()).toHaveLength(1)
})

it('unpins with the last pin of a CID of any token, and keeps the content that both halves of a replacement need', async () => {
  await using kubo = await startFakeKubo()
  await using service = await startService(kubo)
  const other = new PsaClient(service.endpoint, 'token-b')
  const [one, two] = [await kubo.state.createDag('one'), await kubo.state.createDag('two')]
  const mine = await service.client.add({ cid: one })
  const theirs = await other.add({ cid: one })
  await service.client.settled(mine.requestid)
  await other.settled(theirs.requestid)

  kubo.state.holdBack(two)
  const replaced = (await service.client.replace(mine.requestid, { cid: two })).body
  await other.remove(theirs.requestid)
  // The other pin is gone, the replacement is not there yet.
  await expect.poll(async () => (await service.client.get(replaced.requestid)).body.info.blocks_fetched).toBe('3')
  expect([...kubo.state.pins.keys()]).toEqual([one])
  kubo.state.give()
  await service.client.settled(replaced.requestid)
  await expect.poll(() => [...kubo.state.pins.keys()]).toEqual([two])
  await service.client.remove(replaced.requestid)
  await expect.poll(() => kubo.state.pins.size).toBe(0)
})

it('never unpins what the owner of the daemon had pinned, before or since', async () => {
  await using kubo = await startFakeKubo()
  await using service = await startService(kubo)
  const [before, since] = [await kubo.state.createDag('before'), await kubo.state.createDag('since')]
  for (const cid of kubo.state.reachable(before)) kubo.state.local.add(cid)
  kubo.state.pins.set(before, 'mine')
  const first = await service.client.add({ cid: before })
  const second = await service.client.add({ cid: since })
  expect(await service.client.settled(first.requestid)).toMatchObject({
    status: 'pinned',
    info: { dag_blocks: '4', dag_size: '3100' },
  })
  await service.client.settled(second.requestid)
  expect(kubo.requests).not.toContain(`pin/add ${before}`)
  kubo.state.pins.set(since, '')
  for (const { requestid } of [first, second]) await service.client.remove(requestid)
  const third = await service.client.add({ cid: await kubo.state.createDag('third') })
  await service.client.settled(third.requestid)
  await service.client.remove(third.requestid)
  await expect
    .poll(() => [...kubo.state.pins])
    .toEqual([
      [before, 'mine'],
      [since, ''],
    ])
})

it('pins a CID once at a time, and goes on for the second pin when the first is removed', async () => {
  await using kubo = await startFakeKubo()
  await using service = await startService(kubo)
  const cid = await kubo.state.createDag('shared')
  kubo.state.holdBack(cid)
  const first = await service.client.add({ cid })
  const second = await service.client.add({ cid })
  const adds = () => kubo.requests.filter((request) => request === `pin/add ${cid}`).length
  await expect.poll(async () => (await service.client.get(first.requestid)).body.info.blocks_fetched).toBe('3')
  expect(adds()).toBe(1)
  await service.client.remove(first.requestid)
  await expect.poll(adds).toBe(2)
  kubo.state.give()
  expect((await service.client.settled(second.requestid)).status).toBe('pinned')
  expect(kubo.state.isKept(cid)).toBe(true)
})

it('works with a daemon that reports neither names of pins nor bytes of progress', async () => {
  await using kubo = await startFakeKubo({ isRecent: false })
  await using service = await startService(kubo)
  const [ours, theirs] = [await kubo.state.createDag('ours'), await kubo.state.createDag('theirs')]
  kubo.state.pins.set(theirs, '')
  const pins = [await service.client.add({ cid: ours }), await service.client.add({ cid: theirs })]
  for (const { requestid } of pins) {
    expect((await service.client.settled(requestid)).info).toMatchObject({ dag_blocks: '4', dag_size: '3100' })
    await service.client.remove(requestid)
  }
  await expect.poll(() => [...kubo.state.pins.keys()]).toEqual([theirs])
})

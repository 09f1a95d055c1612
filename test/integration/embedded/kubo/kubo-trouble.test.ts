import { describe, expect, it } from 'vitest'
import type { EmbeddedOptions } from '../../../../src/embedded/start-in-this-thread.ts'
import { FakeKuboState } from '../../../support/embedded/fake-kubo-state.ts'
import { type FakeKubo, type Fault, startFakeKubo } from '../../../support/embedded/start-fake-kubo.ts'
import { startTestEmbedded } from '../../../support/embedded/start-test-embedded.ts'
import { expectInTime } from '../../../support/expect-in-time.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const startService = ({ endpoint }: Pick<FakeKubo, 'endpoint'>, options: Partial<EmbeddedOptions> = {}) =>
  startTestEmbedded({ kubo: { endpoint, token: null }, ...options })

describe('a pin fails with the words of Kubo when it says twice that it cannot, ', () => {
  it.each<[string, Fault]>([
    ['before it answers', { status: 500, message: 'no space left on device' }],
    ['as to a wrong argument', { status: 400, message: 'no space left on device' }],
    ['in a trailer', { trailer: 'no space left on device' }],
    ['in its last line', { line: 'no space left on device' }],
  ])('%s', async (_, fault) => {
    await using kubo = await startFakeKubo()
    await using service = await startService(kubo)
    kubo.fail('pin/add', fault, fault)
    const { requestid } = await service.client.add({ cid: await kubo.state.createDag('full') })
    const { status, info } = await service.client.settled(requestid)
    expect({ status, details: info.status_details }).toEqual({
      status: 'failed',
      details: 'Kubo: no space left on device',
    })
    expect(kubo.state.pins.size).toBe(0)
    expect(service.errors).toEqual([])
  })
})

describe('a pin waits, says why and is tried again when Kubo ', () => {
  it.each<[string, Fault, string]>([
    ['hangs up', 'cut', 'Kubo cannot be reached (UND_ERR_SOCKET)'],
    ['is not Kubo', { answer: '<html>' }, 'Kubo broke off its answer to pin/add'],
    ['ends its answer early', { answer: '{"Progress":1}\n' }, 'Kubo ended its answer to pin/add without having pinned'],
    ['stands behind a proxy that cannot reach it', { status: 502, message: 'x' }, 'Kubo answered pin/add with 502'],
  ])('%s', async (_, fault, reason) => {
    await using kubo = await startFakeKubo()
    await using service = await startService(kubo)
    const cid = await kubo.state.createDag('torn')
    kubo.fail('pin/add', fault)
    const { requestid } = await service.client.add({ cid })
    const details = async () => (await service.client.get(requestid)).body.info.status_details
    await expect.poll(details).toBe(`Waits to be tried again: ${reason}`)
    expect((await service.client.settled(requestid)).status).toBe('pinned')
    expect(kubo.state.isKept(cid)).toBe(true)
    // Once when it goes away, and once when it is back, whatever is tried in between.
    const away = expect.stringMatching(/^warn: Kubo .*: pins wait, and are tried again$/)
    expect(service.notices.slice(-2)).toEqual([away, 'info: Kubo answers again'])
    expect(service.notices.at(-2)).toContain(reason)
    expect(service.errors).toEqual([])
  })

  it('was away when the service started, and goes away in the middle', async () => {
    const state = new FakeKuboState()
    const cid = await state.createDag('away')
    state.holdBack(cid)
    const first = await startFakeKubo({ state })
    const { port } = first
    await first[Symbol.asyncDispose]()
    await using service = await startService(first)
    const { requestid, delegates } = await service.client.add({ cid })
    expect(delegates).toEqual([])
    const pin = async () => (await service.client.get(requestid)).body
    await expect.poll(pin).toMatchObject({
      status: 'pinning',
      info: { status_details: 'Waits to be tried again: Kubo cannot be reached (ECONNREFUSED)' },
    })
    {
      await using _second = await startFakeKubo({ state, port })
      await expect.poll(pin).toMatchObject({ info: { blocks_fetched: '3' } })
      expect((await pin()).delegates).toHaveLength(1)
    }
    await expect.poll(async () => (await pin()).info.status_details).toMatch(/^Waits to be tried again: Kubo /)
    state.give()
    await using _third = await startFakeKubo({ state, port })
    expect((await service.client.settled(requestid)).status).toBe('pinned')
    const levels = service.notices.map((text) => text.split(':')[0])
    expect(levels).toEqual(['warn', 'info', 'warn', 'info'])
  })

  it('stops while it works, and says so as an error', async () => {
    const state = new FakeKuboState()
    const cid = await state.createDag('stopping')
    state.holdBack(cid)
    const first = await startFakeKubo({ state })
    await using service = await startService(first)
    first.fail('pin/add', { trailer: 'context canceled' })
    const { requestid } = await service.client.add({ cid })
    await expect.poll(() => first.requests).toContain(`pin/add ${cid}`)
    await first[Symbol.asyncDispose]()
    const details = async () => (await service.client.get(requestid)).body.info.status_details
    await expect.poll(details).toMatch(/^Waits to be tried again: Kubo cannot be reached/)
    state.give()
    await using _second = await startFakeKubo({ state, port: first.port })
    expect((await service.client.settled(requestid)).status).toBe('pinned')
  })

  it('refuses the token, until the token is corrected', async () => {
    await using folder = await temporaryFolder()
    await using kubo = await startFakeKubo({ token: 'secret' })
    const cid = await kubo.state.createDag('guarded')
    let requestid: string
    {
      await using service = await startService(kubo, { dataDir: folder.path })
      requestid = (await service.client.add({ cid })).requestid
      const details = async () => (await service.client.get(requestid)).body.info.status_details
      await expect.poll(details).toBe('Waits to be tried again: Kubo answered id with 403')
    }
    const { endpoint } = kubo
    await using service = await startTestEmbedded({ dataDir: folder.path, kubo: { endpoint, token: 'secret' } })
    expect((await service.client.settled(requestid)).status).toBe('pinned')
  })
})

it('forgets no pin that is removed while Kubo is away', async () => {
  const state = new FakeKuboState()
  const kubo = await startFakeKubo({ state })
  await using service = await startService(kubo)
  const { requestid } = await service.client.add({ cid: await state.createDag('removed') })
  await service.client.settled(requestid)
  await kubo[Symbol.asyncDispose]()
  await service.client.remove(requestid)
  await expect.poll(() => service.notices.length).toBeGreaterThan(0)
  expect(state.pins.size).toBe(1)
  await using _again = await startFakeKubo({ state, port: kubo.port })
  await expect.poll(() => state.pins.size).toBe(0)
})

it('stops at once while Kubo is silent', async () => {
  await using kubo = await startFakeKubo()
  const service = await startService(kubo)
  const { requestid } = await service.client.add({ cid: await kubo.state.createDag('silence') })
  await service.client.settled(requestid)
  kubo.fail('pin/ls', 'silence', 'silence')
  const asked = kubo.requests.length
  await service.client.remove(requestid)
  await service.client.add({ cid: await kubo.state.createDag('more silence') })
  await expect.poll(() => kubo.requests.slice(asked).filter((request) => request.startsWith('pin/ls'))).toHaveLength(2)
  // Sooner than its calls to Kubo end by themselves.
  await expectInTime({ 'the deadline of a call to Kubo': 30_000 }, () => service[Symbol.asyncDispose](), {
    graceMs: 0,
  })
  expect(service.errors).toEqual([])
})

describe('a pin fails, and leaves nothing pinned, when its DAG', () => {
  const outcome = async (limits: EmbeddedOptions['limits'], options: { isRecent?: boolean; isHeld?: boolean } = {}) => {
    await using kubo = await startFakeKubo(options)
    await using service = await startService(kubo, { limits })
    const cid = await kubo.state.createDag('large', { leaves: 20 })
    if (options.isHeld) kubo.state.holdBack(cid)
    const { requestid } = await service.client.add({ cid })
    const { status, info } = await service.client.settled(requestid)
    await expect.poll(() => kubo.state.pins.size).toBe(0)
    return { status, details: info.status_details }
  }

  it.each([
    ['has too many blocks', { maxDagBlocks: 5 }, 'The DAG has more than 5 blocks'],
    ['has too many bytes', { maxDagBytes: 3_000 }, 'The DAG has more than 3000 bytes'],
    ['is more than its token may have', { maxBytesPerToken: 3_000 }, `The token's pins hold more than its 3000 bytes`],
  ])('%s', async (_, limits, details) => {
    expect(await outcome(limits)).toEqual({ status: 'failed', details })
    expect(await outcome(limits, { isRecent: false })).toEqual({ status: 'failed', details })
    expect(await outcome(limits, { isHeld: true })).toEqual({ status: 'failed', details })
  })

  it('gets no further', async () => {
    expect(await outcome({ stallTimeoutMs: 100 }, { isHeld: true })).toEqual({
      status: 'failed',
      details: expect.stringMatching(/^No block arrived for 0.1 s; /),
    })
    expect(await outcome({ totalTimeoutMs: 100 }, { isHeld: true })).toEqual({
      status: 'failed',
      details: expect.stringMatching(/^The pin was not complete after 0.1 s; /),
    })
  })
})

it("does not mistake another failure for a CID that is not pinned, so that the owner's pin stays", async () => {
  await using kubo = await startFakeKubo()
  const { state } = kubo
  const cid = await state.createDag('of the owner')
  state.pins.set(cid, 'the owner')
  for (const block of state.reachable(cid)) state.local.add(block)
  await using service = await startService(kubo)
  const fault = { status: 500, message: 'failed to read pin state: context deadline exceeded' }
  // At the start, and when the pin is looked for.
  kubo.fail('pin/ls', fault, fault)
  const { requestid } = await service.client.add({ cid })
  expect(await service.client.settled(requestid)).toMatchObject({ status: 'pinned' })
  await service.client.remove(requestid)
  await service[Symbol.asyncDispose]()
  expect([...state.pins]).toEqual([[cid, 'the owner']])
})

it('tells why Kubo did not reach an origin when a pin gets no further', async () => {
  await using kubo = await startFakeKubo()
  await using service = await startService(kubo, { limits: { stallTimeoutMs: 1_000, dialTimeoutMs: 100 } })
  const cid = await kubo.state.createDag('unreachable')
  kubo.state.holdBack(cid)
  const origin = `/ip4/127.0.0.1/tcp/1/p2p/12D3KooWSHj3RRbBjD15g6wekV8y3mm57Pobmps2g2WJm6F67Lay`
  const failure = 'connect 12D3KooWSHj3RRbBjD15g6wekV8y3mm57Pobmps2g2WJm6F67Lay failure: connection refused'
  const outcomes: string[] = []
  for (const fault of ['silence', { status: 500, message: failure }] as const) {
    kubo.fail('swarm/connect', fault)
    const { info } = await service.client.settled((await service.client.add({ cid, origins: [origin] })).requestid)
    outcomes.push(info.status_details ?? '')
  }
  expect(outcomes).toEqual([
    `No block arrived for 1 s; ${origin}: Kubo did not answer swarm/connect within 0.1 s`,
    `No block arrived for 1 s; ${origin}: ${failure}`,
  ])
})

it('compares its pins with those of Kubo at the start: fetches what is gone, removes what is left over', async () => {
  await using folder = await temporaryFolder()
  await using kubo = await startFakeKubo()
  const { state } = kubo
  const [kept, gone, left] = [
    await state.createDag('kept'),
    await state.createDag('gone'),
    await state.createDag('left'),
  ]
  const requestIds: string[] = []
  {
    await using service = await startService(kubo, { dataDir: folder.path })
    for (const cid of [kept, gone]) requestIds.push((await service.client.add({ cid })).requestid)
    for (const requestid of requestIds) await service.client.settled(requestid)
  }
  const name = state.pins.get(kept) ?? ''
  state.pins.delete(gone)
  state.collectGarbage()
  state.holdBack(gone)
  // As if a pin had been removed in the moment in which Kubo made it.
  state.pins.set(left, name)
  state.pins.set(await state.createDag('another service'), `${name}-not`)

  await using service = await startService(kubo, { dataDir: folder.path })
  const statuses = async () =>
    Promise.all(requestIds.map(async (requestid) => (await service.client.get(requestid)).body.status))
  await expect.poll(statuses).toEqual(['pinned', 'pinning'])
  state.give()
  await expect.poll(statuses).toEqual(['pinned', 'pinned'])
  expect([...state.pins.values()]).toEqual([name, `${name}-not`, name])
  expect(state.isKept(gone)).toBe(true)
})

import { describe, expect, it } from 'vitest'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import {
  eventsOf,
  nextOf,
  PIN_STATUS_CHANGED,
  seedQueued,
  startLiveSetup,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { ALICE, BOB } from '../../support/start-test-api.ts'

const SUBSCRIBE_FOREVER = (ids: string[]) => ({
  id: 'live',
  type: 'subscribe',
  payload: { query: PIN_STATUS_CHANGED, variables: { ids, until: 'FOREVER' } },
})

describe('the stock client', () => {
  it('comes back with another token after 4403, and others of its service are left alone', async () => {
    await using setup = await startLiveSetup()
    const { service, url } = setup
    const [mine] = seedQueued(service, 1)
    const [theirs] = service.seed(BOB, [{ cid: 'bafkqablimvwgy3y', status: 'queued' }])
    if (!mine || !theirs) throw new Error('no pins')
    await using bob = await openRawSocket(url, { token: BOB })
    bob.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { pinsChanged { kind } }' } })
    const codes: number[] = []
    const on = { closed: (event: unknown) => void codes.push((event as { code: number }).code) }
    const tokens = ['revoked', ALICE]
    const client = stockClient(url, { on, connectionParams: () => ({ token: tokens.shift() }) })
    const events = eventsOf(client, { query: PIN_STATUS_CHANGED, variables: { ids: [mine.id] } })
    expect(await nextOf(events)).toMatchObject({ kind: 'SNAPSHOT', pin: { id: mine.id } })
    expect([codes, tokens]).toEqual([[4403], []])
    expect(bob.ws.readyState).toBe(bob.ws.OPEN)
    await client.dispose()
  })

  it('gets an error of its operation for a missing token, since reconnecting would not help', async () => {
    await using setup = await startLiveSetup()
    const { id } = seedQueued(setup.service, 1)[0] ?? { id: '' }
    await using socket = await openRawSocket(setup.url)
    socket.send({ type: 'connection_init' })
    await socket.next()
    socket.send(SUBSCRIBE_FOREVER([id]))
    expect(await socket.next()).toMatchObject({
      type: 'next',
      payload: { errors: [{ extensions: { code: 'UNAUTHORIZED', service: 'one' } }] },
    })
    expect(await socket.next()).toEqual({ id: 'live', type: 'complete' })
  })
})

describe('a gateway that stops', () => {
  it('closes sockets in slices with 1012, once what they asked for is answered', async () => {
    await using setup = await startLiveSetup({ liveDrainMs: 1_000, shutdownTimeoutMs: 5_000 })
    const { service, gateway, url } = setup
    const sockets = await Promise.all(Array.from({ length: 100 }, () => openRawSocket(url, { token: ALICE })))
    const closedAt: number[] = []
    const codes = sockets.map(({ closed }) => closed.then((code) => closedAt.push(performance.now()) && code))
    // One has a mutation under way, which the service answers late.
    let answer = () => {}
    const asked = new Promise<void>((resolve) => {
      service.hooks.beforeReply = async () => {
        resolve()
        await new Promise<void>((go) => {
          answer = go
        })
      }
    })
    sockets[0]?.send({
      id: '1',
      type: 'subscribe',
      payload: { query: 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { status } error { code } } }' },
    })
    await asked
    const startedAt = performance.now()
    const stopping = gateway[Symbol.asyncDispose]()
    await Promise.all(codes.slice(1))
    const span = performance.now() - startedAt
    expect(span).toBeGreaterThan(500)
    expect(sockets[0]?.ws.readyState).toBe(1)
    answer()
    expect(await sockets[0]?.next()).toMatchObject({
      type: 'next',
      payload: { data: { addPin: { pin: { status: 'QUEUED' }, error: null } } },
    })
    expect(new Set(await Promise.all(codes))).toEqual(new Set([1012]))
    await stopping
    // Not all at the same moment.
    const waves = new Set(closedAt.map((at) => Math.round((at - startedAt) / 100)))
    expect(waves.size).toBeGreaterThan(5)
  })
})

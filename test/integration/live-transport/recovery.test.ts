import { afterEach, describe, expect, it } from 'vitest'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedService } from '../../support/providers/emulated-service.ts'
import { ALICE, BOB } from '../../support/query-schema.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'
import { openRawSocket } from './raw-socket.ts'
import { eventsOf, nextOf, PIN_STATUS_CHANGED, seedQueued, startLiveSetup, stockClient } from './setup.ts'

const SUBSCRIBE_FOREVER = (ids: string[]) => ({
  id: 'live',
  type: 'subscribe',
  payload: { query: PIN_STATUS_CHANGED, variables: { ids, until: 'FOREVER' } },
})

describe('the stock client', () => {
  const codes: number[] = []
  const on = { closed: (event: unknown) => void codes.push((event as { code: number }).code) }
  afterEach(() => void codes.splice(0))

  it('goes on by itself when the gateway has been restarted', async () => {
    await using service = await startEmulatedService(compliant)
    const services = { one: { endpoint: service.endpoint } }
    const [pin] = seedQueued(service, 1)
    if (!pin) throw new Error('no pin')
    const first = await startTestGateway({ services, liveDrainMs: 0 })
    const port = Number(new URL(first.url).port)
    const client = stockClient(first.url.replace('http', 'ws'), { on, retryAttempts: 1_000, shouldRetry: () => true })
    const events = eventsOf(client, { query: PIN_STATUS_CHANGED, variables: { ids: [pin.id] } })
    expect(await nextOf(events)).toMatchObject({ __typename: 'PinSnapshot', pin: { status: 'QUEUED' } })
    await first[Symbol.asyncDispose]()
    service.setStatus(ALICE, pin.requestId, 'pinned')
    await using _second = await startTestGateway({ services, port, liveDrainMs: 0 })
    expect(await nextOf(events)).toMatchObject({ __typename: 'PinSnapshot', pin: { status: 'PINNED' } })
    expect((await events.next()).done).toBe(true)
    expect(codes[0]).toBe(1001)
    await client.dispose()
  })

  it('comes back with another token after 4403, and others of its service are left alone', async () => {
    await using setup = await startLiveSetup()
    const { service, url } = setup
    const [mine] = seedQueued(service, 1)
    const [theirs] = service.seed(BOB, [{ cid: 'bafkqablimvwgy3y', status: 'queued' }])
    if (!mine || !theirs) throw new Error('no pins')
    await using bob = await openRawSocket(url, { token: BOB })
    bob.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { pinsChanged { __typename } }' } })
    const tokens = ['revoked', ALICE]
    const client = stockClient(url, { on, connectionParams: () => ({ token: tokens.shift() }) })
    const events = eventsOf(client, { query: PIN_STATUS_CHANGED, variables: { ids: [mine.id] } })
    expect(await nextOf(events)).toMatchObject({ __typename: 'PinSnapshot', pin: { id: mine.id } })
    expect([codes, tokens]).toEqual([[4403], []])
    expect(bob.ws.readyState).toBe(bob.ws.OPEN)
    await client.dispose()
  })

  it('is told of a missing token as an error of its operation, since coming back would not help', async () => {
    await using setup = await startLiveSetup()
    const { id } = seedQueued(setup.service, 1)[0] ?? { id: '' }
    await using socket = await openRawSocket(setup.url)
    socket.send({ type: 'connection_init' })
    await socket.next()
    socket.send(SUBSCRIBE_FOREVER([id]))
    expect(await socket.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'UNAUTHORIZED', service: 'one' } }],
    })
  })

  it('comes back after 1013 when there was no room for its socket', async () => {
    await using setup = await startLiveSetup({ maxSockets: 1 })
    const first = await openRawSocket(setup.url, { token: ALICE })
    const refused = new Promise((resolve) => {
      on.closed = (event) => {
        codes.push((event as { code: number }).code)
        resolve(event)
      }
    })
    const client = stockClient(setup.url, { on, retryAttempts: 1_000 })
    const answer = nextOf(client.iterate({ query: '{ services { name } }' }))
    await refused
    await first[Symbol.asyncDispose]()
    expect(await answer).toEqual({ data: { services: [{ name: 'one' }] } })
    expect(new Set(codes)).toEqual(new Set([1013]))
    await client.dispose()
  })
})

describe('a gateway that stops', () => {
  it('closes sockets in slices with 1001, once what they asked for is answered', async () => {
    await using setup = await startLiveSetup({ liveDrainMs: 1_000, shutdownTimeoutMs: 5_000 })
    const { service, gateway, url } = setup
    const sockets = await Promise.all(Array.from({ length: 50 }, () => openRawSocket(url, { token: ALICE })))
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
      payload: { query: 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { __typename } }' },
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
      payload: { data: { addPin: { __typename: 'AddPinSuccess' } } },
    })
    expect(new Set(await Promise.all(codes))).toEqual(new Set([1001]))
    await stopping
    // Not all at the same moment.
    const waves = new Set(closedAt.map((at) => Math.round((at - startedAt) / 100)))
    expect(waves.size).toBeGreaterThan(5)
  })
})

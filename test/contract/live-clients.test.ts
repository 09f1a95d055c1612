import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { LIVE_CLIENTS, type LiveClient } from '../support/live-transport/live-clients.ts'
import { openRawSocket } from '../support/live-transport/raw-socket.ts'
import { seedQueued, startLiveSetup } from '../support/live-transport/start-live-setup.ts'
import { compliant } from '../support/providers/compliant.ts'
import { startEmulatedProvider } from '../support/providers/emulated-provider.ts'
import { ALICE } from '../support/start-test-api.ts'
import { startTestGateway } from '../support/start-test-gateway.ts'

/** Reads on until the pin is told to be as it is now: nobody promises by which event. */
async function until(client: LiveClient, status: string): Promise<void> {
  while ((await client.next()).pin?.status !== status);
}

// At once, since clients wait for seconds before they come back.
describe.concurrent.each(LIVE_CLIENTS)('$name', ({ open }) => {
  it('reconnects by itself when the gateway has been restarted', async () => {
    await using service = await startEmulatedProvider(compliant)
    const services = { one: { endpoint: service.endpoint } }
    const [pin] = seedQueued(service, 1)
    if (!pin) throw new Error('no pin')
    const first = await startTestGateway({ services, liveDrainMs: 0 })
    const { url } = first
    using client = open({ url, token: ALICE, ids: [pin.id] })
    await until(client, 'QUEUED')
    await first[Symbol.asyncDispose]()
    service.setStatus(ALICE, pin.requestId, 'pinned')
    await using _second = await startTestGateway({ services, port: Number(new URL(url).port), liveDrainMs: 0 })
    await until(client, 'PINNED')
    if (client.setReading) expect(client.closeCodes[0]).toBe(1012)
  })

  it('reconnects by itself until the gateway has room for it', async () => {
    await using setup = await startLiveSetup({ maxSockets: 1 })
    const [pin] = seedQueued(setup.service, 1)
    const first = await openRawSocket(setup.url, { token: ALICE })
    using client = open({ url: setup.gateway.url, token: ALICE, ids: [pin?.id ?? ''] })
    await expect.poll(() => client.connections()).toBeGreaterThan(1)
    await first[Symbol.asyncDispose]()
    await until(client, 'QUEUED')
    if (client.setReading) expect(new Set(client.closeCodes)).toEqual(new Set([1013]))
  })

  it('reconnects by itself when its connection has been reset', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    await using proxy = await startFaultProxy(setup.gateway.url)
    using client = open({ url: proxy.endpoint, token: ALICE, ids: [pin.id] })
    await until(client, 'QUEUED')
    proxy.set({ resetPeer: { afterMs: 0 } })
    await expect.poll(() => proxy.connections).toBe(0)
    proxy.clear()
    await setup.change(ALICE, pin.requestId, 'pinning')
    await until(client, 'PINNING')
    expect(client.connections()).toBeGreaterThan(1)
  })

  it('gives up after one attempt if the service refuses the token', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    using client = open({ url: setup.gateway.url, token: 'revoked', ids: [pin?.id ?? ''] })
    const reason = inspect(await client.ended, { getters: true })
    expect(reason).toContain(client.setReading ? '4403' : 'UNAUTHORIZED')
    expect(client.closeCodes).toEqual(client.setReading ? [4403] : [])
    expect(client.connections()).toBe(1)
  })
})

describe.concurrent.each(LIVE_CLIENTS.filter(({ name }) => name !== 'EventSource'))('$name', ({ open }) => {
  it('reconnects by itself when it was closed for reading nothing', async () => {
    await using setup = await startLiveSetup({ maxSockets: 1, livePingMs: 200, liveStallMs: 1_000 })
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    using client = open({ url: setup.gateway.url, token: ALICE, ids: [pin.id] })
    await until(client, 'QUEUED')
    client.setReading?.(false)
    // It is gone when there is room for another.
    for (let isGone = false; !isGone; ) {
      await using another = await openRawSocket(setup.url)
      another.send({ type: 'connection_init' })
      isGone = (await another.next().catch(() => null)) !== null
    }
    await setup.change(ALICE, pin.requestId, 'pinning')
    client.setReading?.(true)
    await until(client, 'PINNING')
    expect(client.closeCodes[0]).toBe(1013)
  })
})

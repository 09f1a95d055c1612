import { describe, expect, it } from 'vitest'
import { idOf } from '../../support/gateway/start-setup.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import {
  bearer,
  eventsOf,
  nextOf,
  PINS_CHANGED,
  type SeenEvent,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE, BOB } from '../../support/start-test-api.ts'
import { startTestGateway, type TestGateway } from '../../support/start-test-gateway.ts'

const NAMES = ['one', 'two'] as const
const TOKENS = { 'X-Pinning-Token-one': ALICE, 'X-Pinning-Token-two': BOB }

interface TwoServices extends AsyncDisposable {
  readonly gateway: TestGateway
  /** Of the WebSocket. */
  readonly url: string
  readonly one: EmulatedProvider
  readonly two: EmulatedProvider
}

/** A gateway over two services, `one` and `two`, each with one queued pin of ALICE and one of BOB. */
async function startTwoServices(): Promise<TwoServices> {
  const [one, two] = [await startEmulatedProvider(compliant), await startEmulatedProvider(compliant)]
  const services = { one: { endpoint: one.endpoint }, two: { endpoint: two.endpoint } }
  const gateway = await startTestGateway({ services, defaultService: 'one', liveDrainMs: 100 })
  for (const service of [one, two]) {
    for (const token of [ALICE, BOB]) service.seed(token, [{ cid: exampleCid(1), status: 'queued' }])
  }
  return {
    gateway,
    url: gateway.url.replace('http', 'ws'),
    one,
    two,
    async [Symbol.asyncDispose]() {
      for (const each of [gateway, one, two]) await each[Symbol.asyncDispose]()
    },
  }
}

/** Reads on to an event that is asked for. */
async function until(events: AsyncIterator<SeenEvent>, isIt: (event: SeenEvent) => boolean): Promise<SeenEvent> {
  for (;;) {
    const event = await nextOf(events)
    if (isIt(event)) return event
  }
}

describe('a subscription to several services', () => {
  it('follows the pins of each, and shows each pin once however often its service is named', async () => {
    await using setup = await startTwoServices()
    const { url, one, two } = setup
    const client = stockClient(url, { connectionParams: TOKENS })
    const variables = { services: ['one', 'two', 'one', 'two'] }
    const events = eventsOf(client, { query: PINS_CHANGED, variables })
    const snapshot = [await nextOf(events), await nextOf(events)].sort((a, b) => (a.service < b.service ? -1 : 1))
    const [first] = one.pins(ALICE)
    const [second] = two.pins(BOB)
    if (!first || !second) throw new Error('no pins')
    expect(snapshot.map(({ kind, service, pinId, remaining }) => [kind, service, pinId, remaining])).toEqual([
      ['SNAPSHOT', 'one', idOf(first, 'one'), 0],
      ['SNAPSHOT', 'two', idOf(second, 'two'), 0],
    ])
    two.setStatus(BOB, second.requestId, 'pinned')
    expect(await nextOf(events)).toMatchObject({ kind: 'STATUS_CHANGED', service: 'two', pin: { status: 'PINNED' } })
    one.setStatus(ALICE, first.requestId, 'failed')
    expect(await nextOf(events)).toMatchObject({ kind: 'STATUS_CHANGED', service: 'one', pin: { status: 'FAILED' } })
    await client.dispose()
  })

  it('says STALE of one that is down, and why, while the other goes on', async () => {
    await using setup = await startTwoServices()
    const { url, one, two } = setup
    two.hooks.beforeReply = () => 'drop'
    const client = stockClient(url, { connectionParams: TOKENS })
    const events = eventsOf(client, { query: PINS_CHANGED, variables: { services: NAMES } })
    const begun: SeenEvent[] = []
    while (begun.length < 2) begun.push(await nextOf(events))
    expect(begun.find(({ service }) => service === 'one')).toMatchObject({ kind: 'SNAPSHOT', remaining: 0 })
    const stale = begun.find(({ service }) => service === 'two')
    expect(stale).toMatchObject({ kind: 'STALE', error: { code: 'SERVICE_UNAVAILABLE', service: 'two' }, pin: null })
    one.setStatus(ALICE, one.pins(ALICE)[0]?.requestId ?? '', 'pinned')
    expect(await nextOf(events)).toMatchObject({ kind: 'STATUS_CHANGED', service: 'one', pin: { status: 'PINNED' } })
    two.hooks.beforeReply = undefined
    const back = [await nextOf(events), await nextOf(events)]
    expect(back.map(({ kind, service }) => `${service} ${kind}`).sort()).toEqual(['two RESUMED', 'two SNAPSHOT'])
    expect(back.find(({ kind }) => kind === 'RESUMED')?.since).toBe(stale?.since)
    await client.dispose()
  })

  it('goes on behind a cursor at the service of its event, and the others begin anew', async () => {
    await using setup = await startTwoServices()
    const { url, one } = setup
    const client = stockClient(url, { connectionParams: TOKENS })
    const before = eventsOf(client, { query: PINS_CHANGED, variables: { services: NAMES } })
    const snapshot = [await nextOf(before), await nextOf(before)]
    await before.return()
    one.setStatus(ALICE, one.pins(ALICE)[0]?.requestId ?? '', 'pinned')
    for (const [service, other] of [NAMES, NAMES.toReversed()] as const) {
      const after = snapshot.find((event) => event.service === service)?.cursor
      const events = eventsOf(client, { query: PINS_CHANGED, variables: { services: NAMES, after } })
      const begun = [await nextOf(events), await nextOf(events)]
      expect(begun.find((event) => event.service === other)).toMatchObject({ kind: 'SNAPSHOT', isResync: true })
      const resumed = begun.find((event) => event.service === service)
      // Nothing was missed, or what was: no snapshot.
      expect(['CAUGHT_UP', 'STATUS_CHANGED']).toContain(resumed?.kind)
      expect(resumed?.isResync ?? false).toBe(false)
      if (service === 'one') {
        const changed = resumed?.kind === 'STATUS_CHANGED' ? resumed : await until(events, ({ pin }) => pin !== null)
        expect(changed).toMatchObject({ kind: 'STATUS_CHANGED', service: 'one', pin: { status: 'PINNED' } })
      }
      await events.return()
    }
    const variables = { services: NAMES, filter: { name: 'x' }, after: snapshot[0]?.cursor }
    const others = eventsOf(client, { query: PINS_CHANGED, variables })
    await expect(nextOf(others)).rejects.toMatchObject({
      errors: [{ extensions: { code: 'BAD_REQUEST', argument: 'after' } }],
    })
    await client.dispose()
  })

  it('ends with UNKNOWN_SERVICE where one of them is not configured, and asks none of the others', async () => {
    await using setup = await startTwoServices()
    await using socket = await openRawSocket(setup.url)
    socket.send({ type: 'connection_init', payload: TOKENS })
    await socket.next()
    const payload = { query: PINS_CHANGED, variables: { services: ['one', 'three'] } }
    socket.send({ id: '1', type: 'subscribe', payload })
    expect(await socket.next()).toMatchObject({
      id: '1',
      type: 'next',
      payload: { errors: [{ extensions: { code: 'UNKNOWN_SERVICE', service: 'three', known: ['one', 'two'] } }] },
    })
    expect(await socket.next()).toEqual({ id: '1', type: 'complete' })
    socket.send({ id: '2', type: 'subscribe', payload: { query: PINS_CHANGED, variables: { services: [] } } })
    expect(await socket.next()).toMatchObject({
      id: '2',
      type: 'next',
      payload: { errors: [{ extensions: { code: 'BAD_REQUEST', argument: 'services', received: '[]' } }] },
    })
    expect([setup.one.requests.length, setup.two.requests.length]).toEqual([0, 0])
    expect(socket.ws.readyState).toBe(socket.ws.OPEN)
  })

  it('ends where one of them refuses the token, or there is none for it', async () => {
    await using setup = await startTwoServices()
    const subscribe = { id: '1', type: 'subscribe', payload: { query: PINS_CHANGED, variables: { services: NAMES } } }
    await using refused = await openRawSocket(setup.url)
    refused.send({ type: 'connection_init', payload: { ...TOKENS, 'X-Pinning-Token-two': 'revoked' } })
    await refused.next()
    refused.send(subscribe)
    expect(await refused.closed).toBe(4403)

    const { events } = await openEventStream(setup.gateway.url, subscribe.payload, {
      headers: { ...bearer(ALICE), 'x-pinning-token-two': 'revoked' },
    })
    let last = await nextOf(events)
    // Whatever the other service has shown by then comes first.
    while ('data' in JSON.parse(last.data)) last = await nextOf(events)
    expect(JSON.parse(last.data)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHORIZED', service: 'two' } }] })
    expect((await nextOf(events)).event).toBe('complete')

    await using missing = await openRawSocket(setup.url, { token: ALICE })
    missing.send(subscribe)
    expect(await missing.next()).toMatchObject({
      type: 'next',
      payload: { errors: [{ extensions: { code: 'UNAUTHORIZED', service: 'two' } }] },
    })
  })

  it('is one to the default service where none is named, and takes a lone name for a list in a document', async () => {
    await using setup = await startTwoServices()
    const client = stockClient(setup.url, { connectionParams: TOKENS })
    for (const [query, service] of [
      ['subscription { pinsChanged { service } }', 'one'],
      ['subscription { pinsChanged(services: null) { service } }', 'one'],
      ['subscription { pinsChanged(services: "two") { service } }', 'two'],
    ] as const) {
      const events = eventsOf(client, { query })
      expect(await nextOf(events)).toEqual({ service })
      await events.return()
    }
    await client.dispose()
  })
})

import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import {
  bearer,
  nextOf,
  PIN_STATUS_CHANGED,
  type SeenEvent,
  seedQueued,
  startLiveSetup,
} from '../../support/live-transport/start-live-setup.ts'
import { ALICE, BOB } from '../../support/start-test-api.ts'

const FOREVER = (...ids: string[]) => ({ query: PIN_STATUS_CHANGED, variables: { ids, until: 'FOREVER' } })
const SETTLED = (...ids: string[]) => ({ query: PIN_STATUS_CHANGED, variables: { ids } })

function seen(data: string): SeenEvent {
  return JSON.parse(data).data.pinStatusChanged
}

describe('an event stream', () => {
  it('is not started behind another one on the same connection, so that nothing remains when the client leaves', async () => {
    await using setup = await startLiveSetup({ maxSocketsPerAddress: 3 })
    const { host, hostname, port, pathname } = new URL(setup.gateway.url)
    const query = 'subscription { pinsChanged { kind } }'
    const head = [
      `GET ${pathname}?query=${encodeURIComponent(query)} HTTP/1.1`,
      `host: ${host}`,
      'accept: text/event-stream',
    ]
    const request = [...head, `authorization: Bearer ${ALICE}`, '', ''].join('\r\n')
    for (let visit = 0; visit < 5; visit++) {
      const socket = connect(Number(port), hostname)
      socket.write(request.repeat(10))
      await once(socket, 'data')
      const closed = once(socket, 'close')
      socket.destroy()
      await closed
    }
    // There is room for as many as before, once the gateway has heard of it.
    await expect
      .poll(async () => {
        const options = { method: 'POST', headers: bearer(ALICE) } as const
        const streams = await Promise.all([1, 2, 3].map(() => openEventStream(setup.gateway.url, { query }, options)))
        for (const { close } of streams) close()
        return streams.map(({ response }) => response.status)
      })
      .toEqual([200, 200, 200])
  })

  it.each(['GET', 'POST'] as const)('sends a snapshot, changes and the end, by %s', async (method) => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    const { response, events } = await openEventStream(setup.gateway.url, SETTLED(pin.id), {
      method,
      headers: bearer(ALICE),
    })
    expect([response.status, response.headers.get('content-type'), response.headers.get('content-encoding')]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      null,
    ])
    expect(seen((await nextOf(events)).data)).toMatchObject({ kind: 'SNAPSHOT', pin: { status: 'QUEUED' } })
    await setup.change(ALICE, pin.requestId, 'pinned')
    const last = await nextOf(events)
    expect([last.event, seen(last.data).pin?.status, last.id]).toEqual(['next', 'PINNED', seen(last.data).cursor])
    expect(await nextOf(events)).toEqual({ event: 'complete', id: null, data: '' })
    expect((await events.next()).done).toBe(true)
  })

  it('goes on behind the last event that a browser names, and begins anew where that is nonsense', async () => {
    await using setup = await startLiveSetup()
    const [first, second] = seedQueued(setup.service, 2)
    if (!first || !second) throw new Error('no pins')
    const before = await openEventStream(setup.gateway.url, FOREVER(first.id, second.id), { headers: bearer(ALICE) })
    const snapshot = [await nextOf(before.events), await nextOf(before.events)]
    // In the middle of a snapshot, there is nowhere to begin again.
    expect(snapshot[0]?.id).toBeNull()
    const lastId = snapshot[1]?.id ?? ''
    before.close()
    await setup.change(ALICE, first.requestId, 'pinning')
    const after = await openEventStream(setup.gateway.url, FOREVER(first.id, second.id), {
      headers: { ...bearer(ALICE), 'last-event-id': lastId },
    })
    expect(seen((await nextOf(after.events)).data)).toMatchObject({
      kind: 'STATUS_CHANGED',
      pin: { id: first.id },
    })
    after.close()
    const anew = await openEventStream(setup.gateway.url, FOREVER(first.id, second.id), {
      headers: { ...bearer(ALICE), 'last-event-id': 'nonsense' },
    })
    expect(seen((await nextOf(anew.events)).data)).toMatchObject({ kind: 'SNAPSHOT', remaining: 1 })
    anew.close()
  })

  it('ends with an error when the service refuses the token, and when the operation is wrong', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    const codesOf = async (operation: { query: string; variables?: unknown }, headers = {}) => {
      const { events } = await openEventStream(setup.gateway.url, operation, { headers })
      const [error] = JSON.parse((await nextOf(events)).data).errors
      expect((await nextOf(events)).event).toBe('complete')
      expect((await events.next()).done).toBe(true)
      return error.extensions?.code ?? error.message
    }
    expect(await codesOf(FOREVER(pin.id), bearer('revoked'))).toBe('UNAUTHORIZED')
    expect(await codesOf(FOREVER(pin.id))).toBe('UNAUTHORIZED')
    expect(await codesOf({ query: '{' })).toBe('GRAPHQL_PARSE_FAILED')
    expect(await codesOf({ query: 'mutation { removePin(input: { id: "x" }) { pinId } }' })).toBe('BAD_REQUEST')
  })

  it('is refused by a status where nothing can be told', async () => {
    await using setup = await startLiveSetup({ maxSocketsPerTenant: 1 })
    const headers = { accept: 'text/event-stream', 'content-type': 'application/json' }
    const statusOf = async (body: string) => (await fetch(setup.gateway.url, { method: 'POST', headers, body })).status
    expect(await statusOf('{')).toBe(400)
    expect(await statusOf('{"query":1}')).toBe(400)
    expect(await statusOf('{"query":"{a}","variables":[]}')).toBe(400)
    expect(await statusOf(JSON.stringify({ query: ' '.repeat(1_000_001) }))).toBe(413)
    const [pin] = seedQueued(setup.service, 1)
    const open = (method: 'GET' | 'POST') =>
      openEventStream(setup.gateway.url, FOREVER(pin?.id ?? ''), { method, headers: bearer(ALICE) })
    const first = await open('GET')
    expect([first.response.status, (await open('POST')).response.status]).toEqual([200, 429])
    // A browser's EventSource comes back after this, and would not after a 429.
    const { response, events } = await open('GET')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    await expect(events.next()).rejects.toThrow('terminated')
    first.close()
  })

  it.each(['GET', 'POST'] as const)(
    'answers a subscription whose accept header names it at any position, by %s',
    async (method) => {
      await using setup = await startLiveSetup()
      const [pin] = seedQueued(setup.service, 1)
      if (!pin) throw new Error('no pin')
      const headers = { ...bearer(ALICE), accept: 'application/json, text/event-stream;q=0.1' }
      const open = (operation: { query: string; variables?: unknown }) =>
        openEventStream(setup.gateway.url, operation, { method, headers })
      const { events, close } = await open(FOREVER(pin.id))
      const { event, id, data } = await nextOf(events)
      // Only events of pinql's own stream have ids, so this one answered.
      expect([event, id, seen(data).pin?.id]).toEqual(['next', seen(data).cursor, pin.id])
      close()
      const { response } = await open({ query: '{ services { name } }' })
      expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(await response.json()).toEqual({ data: { services: [{ name: 'one' }] } })
      const wrong = await open({ query: 'subscription { no }' })
      expect(await wrong.response.json()).toMatchObject({
        errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }],
      })
    },
  )

  it('is the only way to subscribe by a plain request', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    const body = JSON.stringify(FOREVER(pin?.id ?? ''))
    const ask = (accept: string) => {
      const headers = { ...bearer(ALICE), accept, 'content-type': 'application/json' }
      return fetch(setup.gateway.url, { method: 'POST', headers, body })
    }
    for (const accept of ['*/*', 'multipart/mixed, application/json', 'application/json']) {
      const answer = await ask(accept)
      expect([accept, answer.status]).toEqual([accept, 406])
      expect(await answer.text()).toContain('Expected text/event-stream among the types in accept, or a WebSocket')
    }
  })

  it('is distinguished from a query without failure, whatever body is sent', async () => {
    await using setup = await startLiveSetup()
    const accept = 'application/json, text/event-stream'
    const headers = { accept, 'content-type': 'application/json' }
    const statusOf = async (body: string | ReadableStream) =>
      (await fetch(setup.gateway.url, { method: 'POST', headers, body, duplex: 'half' } as RequestInit)).status
    expect(await statusOf('{')).toBe(400)
    expect(await statusOf('[]')).toBe(400)
    expect(await statusOf(JSON.stringify({ query: ' '.repeat(1_000_001) }))).toBe(413)
    const endless = new ReadableStream({ pull: (to) => to.enqueue(Buffer.alloc(65_536, ' ')) })
    await expect(statusOf(endless)).resolves.toBe(413)
    const gone = new AbortController()
    const half = new ReadableStream({ start: (to) => to.enqueue(Buffer.from('{"query"')), pull: () => gone.abort() })
    const cut = fetch(setup.gateway.url, {
      method: 'POST',
      headers,
      body: half,
      duplex: 'half',
      signal: gone.signal,
    } as RequestInit)
    await expect(cut).rejects.toThrow()
    expect(setup.gateway.logged.filter((line) => line.includes('Unexpected'))).toEqual([])
  })

  it('shows signs of life, and is broken off without a word of completion when the gateway stops', async () => {
    await using setup = await startLiveSetup({ livePingMs: 120 })
    const [pin] = seedQueued(setup.service, 1)
    const { events, response } = await openEventStream(setup.gateway.url, FOREVER(pin?.id ?? ''), {
      headers: bearer(ALICE),
    })
    await nextOf(events)
    const copy = await openEventStream(setup.gateway.url, FOREVER(pin?.id ?? ''), { headers: bearer(ALICE) })
    let pings = 0
    for await (const chunk of copy.response.body as unknown as AsyncIterable<Uint8Array>) {
      if (Buffer.from(chunk).toString().includes(':\n\n')) pings++
      if (pings === 3) break
    }
    expect(response.ok).toBe(true)
    const stopping = setup.gateway[Symbol.asyncDispose]()
    await expect(events.next()).rejects.toThrow('terminated')
    await stopping
  })

  it('brings a snapshot that is more than the buffers take, on every version of Node', async () => {
    await using setup = await startLiveSetup({ livePingMs: 200, liveStallMs: 1_000 })
    seedQueued(setup.service, 400)
    const query = 'subscription { pinsChanged { remaining pin { id cid name createdAt status } } }'
    const { events } = await openEventStream(setup.gateway.url, { query }, { headers: bearer(ALICE) })
    for (let remaining = 399; remaining >= 0; remaining--) {
      expect(JSON.parse((await nextOf(events)).data).data.pinsChanged.remaining).toBe(remaining)
    }
  })

  it('is cut when nothing of it is read', async () => {
    await using setup = await startLiveSetup({ liveStallMs: 500, livePingMs: 600, maxSockets: 1 })
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    const fields = Array.from({ length: 600 }, (_, index) => `a${index}: pin { failureReason id }`).join(' ')
    const query = `subscription ($ids: [ID!]!) { pinStatusChanged(ids: $ids, until: FOREVER) { ${fields} } }`
    const { response } = await openEventStream(
      setup.gateway.url,
      { query, variables: { ids: [pin.id] } },
      { method: 'POST', headers: bearer(ALICE) },
    )
    expect(response.status).toBe(200)
    let status = 429
    for (let change = 0; status === 429 && change < 500; change++) {
      await setup.change(ALICE, pin.requestId, 'failed', `${change} ${'.'.repeat(1_000)}`)
      const another = await openEventStream(setup.gateway.url, { query: '{ __typename }' }, { method: 'POST' })
      status = another.response.status
      await another.response.body?.cancel()
    }
    expect(status).toBe(200)
    await expect(response.text()).rejects.toThrow()
  })

  it('answers queries and mutations too, and keeps tenants apart', async () => {
    await using setup = await startLiveSetup()
    setup.service.seed(BOB, [{ cid: 'bafkqablimvwgy3y', name: 'of bob' }])
    const query = '{ pins { nodes { name } } }'
    const answers = [ALICE, BOB].map(async (token) => {
      const { events } = await openEventStream(setup.gateway.url, { query }, { headers: bearer(token) })
      return JSON.parse((await nextOf(events)).data).data.pins.nodes
    })
    expect(await Promise.all(answers)).toEqual([[], [{ name: 'of bob' }]])
    const mutation = 'mutation { addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { status } error { code } } }'
    const { events } = await openEventStream(
      setup.gateway.url,
      { query: mutation },
      { method: 'POST', headers: bearer(ALICE) },
    )
    expect(JSON.parse((await nextOf(events)).data)).toEqual({
      data: { addPin: { pin: { status: 'QUEUED' }, error: null } },
    })
  })
})

import { describe, expect, it } from 'vitest'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import { expectInTime } from '../../support/expect-in-time.ts'
import { openRawSocket, type RawSocket } from '../../support/live-transport/raw-socket.ts'
import {
  PIN_STATUS_CHANGED,
  PINS_CHANGED,
  type SeenEvent,
  seedQueued,
  startLiveSetup,
} from '../../support/live-transport/start-live-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { ALICE, BOB } from '../../support/start-test-api.ts'
import { startTestGateway } from '../../support/start-test-gateway.ts'

function subscribe(socket: RawSocket, id: string, payload: { query: string; variables?: object }): void {
  socket.send({ id, type: 'subscribe', payload })
}

function eventOf(message: Record<string, unknown>): SeenEvent {
  const { data } = message.payload as { data: Record<string, SeenEvent> }
  return Object.values(data)[0] as SeenEvent
}

describe('limits of live status', () => {
  it('refuse 10,000 operations on one socket beyond the cap, each with an error of its own', async () => {
    await using setup = await startLiveSetup({ maxStartsPerSocket: 1_000_000 })
    const [pin] = seedQueued(setup.service, 1)
    await using socket = await openRawSocket(setup.url, { token: ALICE })
    const payload = { query: PIN_STATUS_CHANGED, variables: { ids: [pin?.id], until: 'FOREVER' } }
    for (let id = 0; id < 10_000; id++) subscribe(socket, String(id), payload)
    const codes: unknown[] = []
    const snapshots = new Set<unknown>()
    while (codes.length < 9_900 || snapshots.size < 100) {
      const message = await socket.next()
      if (message.type === 'next') snapshots.add(message.id)
      else codes.push((message.payload as { extensions: object }[])[0]?.extensions)
    }
    expect(codes[0]).toEqual({ code: 'TOO_MANY_OPERATIONS', scope: 'socket', limit: 100 })
    expect([codes.length, snapshots.size]).toEqual([9_900, 100])
    socket.send({ type: 'complete', id: '0' })
    subscribe(socket, 'again', payload)
    expect(await socket.next()).toMatchObject({ type: 'next', id: 'again' })
  })

  it('say how many operations may begin in a second', async () => {
    await using setup = await startLiveSetup({ maxStartsPerSocket: 1 })
    await using socket = await openRawSocket(setup.url, { token: ALICE })
    for (const id of ['a', 'b', 'c']) subscribe(socket, id, { query: '{ __typename }' })
    const messages = [
      await socket.next(),
      await socket.next(),
      await socket.next(),
      await socket.next(),
      await socket.next(),
    ]
    expect(messages.find(({ type }) => type === 'error')).toMatchObject({
      id: 'c',
      payload: [
        {
          message: 'Expected at most 1 operations started per second for one socket',
          extensions: { code: 'TOO_MANY_STARTS' },
        },
      ],
    })
  })

  it('let as many ids into a subscription as fit into a message, and say how many', async () => {
    const name = 's'.repeat(63)
    await using service = await startEmulatedProvider(compliant)
    await using gateway = await startTestGateway({
      services: { [name]: { endpoint: service.endpoint } },
      liveDrainMs: 0,
    })
    const cid = { text: 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi' }
    const idAt = (at: number) => formatPinId({ service: name, requestId: String(at).padEnd(60, 'r'), cid })
    const ids = Array.from({ length: 251 }, (_, at) => idAt(at))
    service.seed(ALICE, [{ cid: cid.text, requestId: '1'.padEnd(60, 'r'), status: 'queued' }])
    await using socket = await openRawSocket(gateway.url.replace('http', 'ws'), { token: ALICE })
    subscribe(socket, 'too many', { query: PIN_STATUS_CHANGED, variables: { ids: ids.map((id) => id.slice(0, 4)) } })
    expect(await socket.next()).toMatchObject({
      id: 'too many',
      payload: { errors: [{ extensions: { code: 'BAD_REQUEST', expected: '1 to 250 ids', received: '"251 ids"' } }] },
    })
    expect(await socket.next()).toEqual({ id: 'too many', type: 'complete' })
    subscribe(socket, 'all', { query: PIN_STATUS_CHANGED, variables: { ids: ids.slice(1) } })
    expect(eventOf(await socket.next())).toMatchObject({ kind: 'SNAPSHOT', pin: { id: ids[1] } })
  })

  it('never show one tenant anything of another, whatever is equal between them', async () => {
    await using setup = await startLiveSetup()
    const { service, url } = setup
    const same = { cid: 'bafkqablimvwgy3y', requestId: 'same', status: 'queued' } as const
    // Not their tokens, which pinql would hide.
    const words = { [ALICE]: 'said to alice', [BOB]: 'said to bob' }
    service.seed(ALICE, [{ ...same, info: { status_details: 'said to alice' } }])
    service.seed(BOB, [{ ...same, info: { status_details: 'said to bob' } }])
    const open = async (token: string) => {
      const socket = await openRawSocket(url, { token })
      const bytes: string[] = []
      socket.ws.on('message', (data) => void bytes.push(data.toString()))
      subscribe(socket, '1', {
        query: PINS_CHANGED,
        variables: { filter: { status: ['QUEUED', 'PINNING', 'PINNED', 'FAILED'] } },
      })
      await socket.next()
      return { socket, bytes }
    }
    const all = await Promise.all([ALICE, BOB, ALICE, BOB].map(open))
    for (const [index, token] of [ALICE, BOB].entries()) {
      await setup.change(token, 'same', 'failed', `${words[token]} ${index}`)
      for (const each of all.filter((_, at) => at % 2 === index)) {
        expect(eventOf(await each.socket.next()).pin).toMatchObject({
          status: 'FAILED',
          failureReason: `${words[token]} ${index}`,
        })
      }
    }
    expect(
      all.map(({ bytes }) => [
        bytes.length,
        bytes.join('').includes('said to alice'),
        bytes.join('').includes('said to bob'),
      ]),
    ).toEqual([
      [2, true, false],
      [2, false, true],
      [2, true, false],
      [2, false, true],
    ])
    for (const { socket } of all) await socket[Symbol.asyncDispose]()
  })

  it('give late subscribers a snapshot once, and later events together with all others', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    const payload = { query: PIN_STATUS_CHANGED, variables: { ids: [pin.id], until: 'FOREVER' } }
    const sockets: { socket: RawSocket; from: number; seen: string[] }[] = []
    const states = ['pinning', 'queued', 'pinning', 'failed', 'pinned'] as const
    for (const [at, status] of states.entries()) {
      for (const id of ['x', 'y']) {
        const socket = await openRawSocket(setup.url, { token: ALICE })
        subscribe(socket, id, payload)
        const first = eventOf(await socket.next())
        expect(first.kind).toBe('SNAPSHOT')
        sockets.push({ socket, from: at, seen: [first.pin?.status ?? ''] })
      }
      await setup.change(ALICE, pin.requestId, status)
      for (const { socket, seen } of sockets) seen.push(eventOf(await socket.next()).pin?.status ?? '')
    }
    const all = ['QUEUED', ...states.map((status) => status.toUpperCase())]
    for (const { from, seen, socket } of sockets) {
      expect(seen).toEqual(all.slice(from))
      await socket[Symbol.asyncDispose]()
    }
  })

  it('close a client that stops reading with 1013, and delay no other', async () => {
    await using setup = await startLiveSetup({ liveStallMs: 10_000, livePingMs: 4_000, maxSockets: 2 })
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    await using stalled = await openRawSocket(setup.url, { token: ALICE })
    await using healthy = await openRawSocket(setup.url, { token: ALICE })
    // Much of the same, so that buffers fill.
    const fields = Array.from({ length: 500 }, (_, index) => `a${index}: pin { failureReason id }`).join(' ')
    const big = `subscription ($ids: [ID!]!) { pinStatusChanged(ids: $ids, until: FOREVER) { ${fields} } }`
    const payload = { query: big, variables: { ids: [pin.id] } }
    for (let id = 0; id < 90; id++) subscribe(stalled, String(id), payload)
    for (let id = 0; id < 90; id++) await stalled.next()
    subscribe(healthy, '1', { query: PIN_STATUS_CHANGED, variables: { ids: [pin.id], until: 'FOREVER' } })
    await healthy.next()
    stalled.ws.pause()
    const closes = async (): Promise<void> => {
      let last = ''
      // 90 × 100 KB each time go nowhere.
      for (let change = 0; change < 40; change++) {
        last = `${change} ${'.'.repeat(60)}`
        await setup.change(ALICE, pin.requestId, 'failed', last)
        expect(eventOf(await healthy.next()).pin?.failureReason).toBe(last)
      }
      // It is gone when there is room for another.
      for (let isRoom = false; !isRoom; ) {
        await using another = await openRawSocket(setup.url)
        another.send({ type: 'connection_init' })
        isRoom = (await another.next().catch(() => null)) !== null
      }
      stalled.ws.resume()
      expect([1013, 1006]).toContain(await stalled.closed)
    }
    // The grace is for the 40 changes.
    await expectInTime({ liveStallMs: 10_000 }, closes, { graceMs: 14_000 })
    expect(healthy.ws.readyState).toBe(healthy.ws.OPEN)
  })
})

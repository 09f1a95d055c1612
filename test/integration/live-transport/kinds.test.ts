import { describe, expect, it } from 'vitest'
import { DEFAULT_KINDS } from '../../../src/live/live-event.ts'
import { openEventStream } from '../../support/live-transport/event-stream.ts'
import { openRawSocket } from '../../support/live-transport/raw-socket.ts'
import {
  bearer,
  eventsOf,
  nextOf,
  PIN_STATUS_CHANGED,
  PINS_CHANGED,
  seedQueued,
  startLiveSetup,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { ALICE } from '../../support/start-test-api.ts'

describe('`kinds`', () => {
  it('chooses the events of both subscriptions, and all eight kinds come where it is null or left out', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    const client = stockClient(setup.url)
    const ids = [pin.id]
    const open = (query: string, variables: Record<string, unknown>) => eventsOf(client, { query, variables })
    for (const [query, variables] of [
      [PIN_STATUS_CHANGED, { ids, until: 'FOREVER' }],
      [PINS_CHANGED, {}],
    ] as const) {
      setup.service.setStatus(ALICE, pin.requestId, 'queued')
      const changes = open(query, { ...variables, kinds: ['STATUS_CHANGED'] })
      // The first `next()` subscribes.
      const firstChange = nextOf(changes)
      const choices = [{}, { kinds: null }, { kinds: [...DEFAULT_KINDS] }]
      const all = choices.map((choice) => open(query, { ...variables, ...choice }))
      for (const events of all) {
        expect(await nextOf(events)).toMatchObject({ kind: 'SNAPSHOT', pin: { status: 'QUEUED' } })
      }
      await setup.change(ALICE, pin.requestId, 'pinning')
      for (const change of [firstChange, ...all.map((events) => nextOf(events))]) {
        expect(await change).toMatchObject({ kind: 'STATUS_CHANGED', pin: { status: 'PINNING' } })
      }
      for (const events of [changes, ...all]) await events.return()
    }
    await client.dispose()
  })

  it('is refused where it names no kind, or one that there is not', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    await using socket = await openRawSocket(setup.url, { token: ALICE })
    const errorsOf = async (query: string, variables: object) => {
      socket.send({ id: 'x', type: 'subscribe', payload: { query, variables } })
      const { payload } = await socket.next()
      expect(await socket.next()).toEqual({ id: 'x', type: 'complete' })
      return (payload as { errors: { message: string; extensions?: object }[] }).errors[0]
    }
    for (const [query, variables] of [
      [PIN_STATUS_CHANGED, { ids: [pin?.id] }],
      [PINS_CHANGED, {}],
    ] as const) {
      expect(await errorsOf(query, { ...variables, kinds: [] })).toMatchObject({
        extensions: { code: 'BAD_REQUEST', argument: 'kinds', received: '[]' },
      })
      const { message } = (await errorsOf(query, { ...variables, kinds: ['PAUSED'] })) ?? {}
      expect(message).toContain('"PAUSED" does not exist in "PinEventKind"')
    }
    expect(setup.service.requests).toEqual([])
  })

  it('leaves the ids of an event stream where a browser can go on, though the end of a snapshot is left out', async () => {
    await using setup = await startLiveSetup()
    const { gateway, service } = setup
    const [kept, gone] = seedQueued(service, 2)
    if (!kept || !gone) throw new Error('no pins')
    const headers = bearer(ALICE)
    const variables = { ids: [kept.id, gone.id], until: 'FOREVER', kinds: ['SNAPSHOT', 'STATUS_CHANGED'] }
    const open = (more = {}) =>
      openEventStream(gateway.url, { query: PIN_STATUS_CHANGED, variables }, { headers: { ...headers, ...more } })
    const first = await open()
    for (const _ of [kept, gone]) await nextOf(first.events)
    await gateway.query('mutation ($id: ID!) { removePin(input: { id: $id }) { pinId } }', { id: gone.id }, headers)
    const second = await open()
    const { id, data } = await nextOf(second.events)
    expect(JSON.parse(data).data.pinStatusChanged).toMatchObject({ kind: 'SNAPSHOT', pinId: kept.id, remaining: 0 })
    for (const { close } of [first, second]) close()
    await setup.change(ALICE, kept.requestId, 'pinning')
    const third = await open({ 'last-event-id': id ?? '' })
    const event = JSON.parse((await nextOf(third.events)).data).data.pinStatusChanged
    expect(event).toMatchObject({ kind: 'STATUS_CHANGED', pinId: kept.id, previousStatus: 'QUEUED' })
    third.close()
  })

  it('is no part of a cursor, and an empty text is none', async () => {
    await using setup = await startLiveSetup()
    const [pin] = seedQueued(setup.service, 1)
    if (!pin) throw new Error('no pin')
    const client = stockClient(setup.url)
    const before = eventsOf(client, { query: PINS_CHANGED, variables: { kinds: ['STATUS_CHANGED'], after: '' } })
    const firstChange = nextOf(before)
    const snapshot = eventsOf(client, { query: PINS_CHANGED, variables: { kinds: ['SNAPSHOT'] } })
    expect((await nextOf(snapshot)).kind).toBe('SNAPSHOT')
    await setup.change(ALICE, pin.requestId, 'pinning')
    const { cursor } = await firstChange
    await before.return()
    await setup.change(ALICE, pin.requestId, 'pinned')
    const after = eventsOf(client, { query: PINS_CHANGED, variables: { after: cursor } })
    expect(await nextOf(after)).toMatchObject({ kind: 'STATUS_CHANGED', pin: { status: 'PINNED' } })
    await client.dispose()
  })
})

import { expect, it } from 'vitest'
import { idOf, seedPins } from '../../support/gateway/start-setup.ts'
import {
  bearer,
  eventsOf,
  nextOf,
  PINS_CHANGED,
  type SeenEvent,
  startLiveSetup,
  stockClient,
} from '../../support/live-transport/start-live-setup.ts'
import { ALICE } from '../../support/start-test-api.ts'

const ISO = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)

/** An event with exactly these of the fields that not every kind sets. */
function eventWith(kind: string, fields: Partial<Record<keyof SeenEvent, unknown>>): Record<string, unknown> {
  const always = { service: 'one', seq: expect.any(Number), cursor: expect.any(String), observedAt: ISO }
  const pin = { pin: null, pinId: null, previousStatus: null, replacedId: null }
  const rest = { remaining: null, isResync: null, error: null, since: null }
  return { kind, ...always, ...pin, ...rest, ...fields }
}

it('an event of each kind sets the fields of its kind, and all others are null', async () => {
  await using setup = await startLiveSetup()
  const { service, gateway, url } = setup
  const mutate = async (mutation: string): Promise<unknown> => {
    const { data, errors } = await gateway.query<{ change: unknown }>(`mutation { ${mutation} }`, {}, bearer(ALICE))
    expect(errors).toBeUndefined()
    return data?.change
  }
  const client = stockClient(url)
  const events = eventsOf(client, { query: PINS_CHANGED })
  expect(await nextOf(events)).toEqual(eventWith('CAUGHT_UP', { isResync: false }))

  await mutate('change: addPin(input: { cid: "bafkqablimvwgy3y" }) { pin { id } error { code } }')
  const [added] = service.pins(ALICE)
  if (!added) throw new Error('no pin')
  const id = idOf(added)
  const queued = { id, status: 'QUEUED', failureReason: null }
  expect(await nextOf(events)).toEqual(eventWith('ADDED', { pin: queued, pinId: id }))

  await setup.change(ALICE, added.requestId, 'failed', 'no peers')
  const failed = { id, status: 'FAILED', failureReason: 'no peers' }
  const change = { pin: failed, pinId: id, previousStatus: 'QUEUED' }
  expect(await nextOf(events)).toEqual(eventWith('STATUS_CHANGED', change))

  await mutate(`change: replacePin(input: { id: "${id}", name: "again" }) { pin { id } error { code } }`)
  const [replacement] = service.pins(ALICE)
  if (!replacement) throw new Error('no pin')
  const newId = idOf(replacement)
  expect(newId).not.toBe(id)
  const replaced = { pin: { ...queued, id: newId }, pinId: newId, replacedId: id }
  expect(await nextOf(events)).toEqual(eventWith('REPLACED', replaced))

  const snapshots = eventsOf(client, { query: PINS_CHANGED })
  const shown = { pin: { ...queued, id: newId }, pinId: newId, remaining: 0, isResync: false }
  expect(await nextOf(snapshots)).toEqual(eventWith('SNAPSHOT', shown))
  await snapshots.return()

  service.hooks.beforeReply = () => 'drop'
  const stale = await nextOf(events)
  expect(stale).toEqual(eventWith('STALE', { error: { code: 'SERVICE_UNAVAILABLE', service: 'one' }, since: ISO }))
  service.hooks.beforeReply = undefined
  expect(await nextOf(events)).toEqual(eventWith('RESUMED', { since: stale.since }))

  await mutate(`change: removePin(input: { id: "${newId}" }) { pinId error { code } }`)
  expect(await nextOf(events)).toEqual(eventWith('REMOVED', { pinId: newId }))
  await client.dispose()
})

it('the pins of a snapshot are counted down, and a snapshot behind a cursor that is not known any more says so', async () => {
  await using setup = await startLiveSetup()
  seedPins(setup.service, 3)
  const client = stockClient(setup.url)
  const first = eventsOf(client, { query: PINS_CHANGED })
  const snapshot = [await nextOf(first), await nextOf(first), await nextOf(first)]
  expect(snapshot.map(({ kind, remaining, isResync }) => [kind, remaining, isResync])).toEqual([
    ['SNAPSHOT', 2, false],
    ['SNAPSHOT', 1, false],
    ['SNAPSHOT', 0, false],
  ])
  const cursors = [snapshot[2]?.cursor, snapshot[1]?.cursor]
  const later = cursors.map((after) => eventsOf(client, { query: PINS_CHANGED, variables: { after } }))
  const told = await Promise.all(later.map((events) => nextOf(events)))
  expect(told.map(({ kind, remaining, isResync }) => [kind, remaining, isResync])).toEqual([
    ['CAUGHT_UP', null, false],
    ['SNAPSHOT', 2, true],
  ])
  await client.dispose()
})

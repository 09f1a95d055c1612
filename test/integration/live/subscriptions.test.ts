import { expect, it } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import { pinsChanged } from '../../../src/resolvers/live-pins.ts'
import { startLiveApi, TOKEN } from '../../support/gateway/start-live-api.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { functionland } from '../../support/providers/functionland.ts'

const EVENT = '{ kind pinId pin { status } previousStatus replacedId remaining isResync }'

/** An event with exactly these of the fields that not every kind sets. */
function eventWith(kind: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const rest = { pinId: expect.any(String), pin: null, previousStatus: null, replacedId: null }
  return { kind, ...rest, remaining: null, isResync: null, ...fields }
}

it('reports a snapshot, then each change, and ends when all pins have settled', async () => {
  await using live = await startLiveApi(compliant)
  const { service } = live
  const [pin] = service.seed(TOKEN, [{ cid: exampleCid(1), status: 'queued' }])
  const requestId = pin?.requestId ?? ''
  const id = formatPinId({ service: 'a', requestId, cid: { text: exampleCid(1) } })
  const stream = await live.subscribe('pinStatusChanged(ids: $ids)', EVENT, { ids: [id] })
  expect(await stream.next()).toEqual(
    eventWith('SNAPSHOT', { pin: { status: 'QUEUED' }, remaining: 0, isResync: false }),
  )
  service.setStatus(TOKEN, requestId, 'pinning')
  expect(await stream.next()).toEqual(
    eventWith('STATUS_CHANGED', { pin: { status: 'PINNING' }, previousStatus: 'QUEUED' }),
  )
  service.setStatus(TOKEN, requestId, 'pinned')
  expect(await stream.next()).toEqual(
    eventWith('STATUS_CHANGED', { pin: { status: 'PINNED' }, previousStatus: 'PINNING' }),
  )
  expect(await stream.next()).toBe('done')
})

it('does not report a removed pin again that the service lists once more', async () => {
  await using live = await startLiveApi(functionland)
  const { service, registry } = live
  const [first, second] = service.seed(TOKEN, [
    { cid: exampleCid(1), status: 'queued' },
    { cid: exampleCid(2), status: 'queued' },
  ])
  const stream = await live.subscribe('pinsChanged', EVENT)
  for (const remaining of [1, 0]) {
    expect(await stream.next()).toEqual(
      eventWith('SNAPSHOT', { pin: { status: 'QUEUED' }, remaining, isResync: false }),
    )
  }
  await registry.tenant('a', null).removePin(first?.requestId ?? '')
  const id = formatPinId({ service: 'a', requestId: first?.requestId ?? '', cid: { text: exampleCid(1) } })
  expect(await stream.next()).toEqual(eventWith('REMOVED', { pinId: id }))
  service.setStatus(TOKEN, second?.requestId ?? '', 'pinned')
  expect(await stream.next()).toEqual(
    eventWith('STATUS_CHANGED', { pin: { status: 'PINNED' }, previousStatus: 'QUEUED' }),
  )
})

it('follows a pin that pinql replaces in two steps', async () => {
  await using live = await startLiveApi(functionland)
  const { service, registry } = live
  const [old] = service.seed(TOKEN, [{ cid: exampleCid(1), status: 'queued' }])
  const ref = { service: 'a', requestId: old?.requestId ?? '', cid: exampleCid(1) }
  const replacedId = formatPinId({ service: 'a', requestId: ref.requestId, cid: { text: ref.cid } })
  const stream = await live.subscribe('pinStatusChanged(ids: $ids)', EVENT, { ids: [replacedId] })
  await stream.next()
  const newPin = { cid: parseCid(exampleCid(2)), name: 'two', origins: [], meta: {} }
  const { requestId } = await registry.tenant('a', null).replacePin(ref, newPin, 'a-key')
  expect(requestId).not.toBe(ref.requestId)
  expect(await stream.next()).toEqual(eventWith('REPLACED', { replacedId, pin: { status: 'QUEUED' } }))
  service.setStatus(TOKEN, requestId, 'pinned')
  expect(await stream.next()).toEqual(
    eventWith('STATUS_CHANGED', { pin: { status: 'PINNED' }, previousStatus: 'QUEUED' }),
  )
  expect(await stream.next()).toBe('done')
})

it('subscribes to a service once, however often it is named', async () => {
  await using setup = await startLiveApi(compliant)
  const { service } = setup
  service.seed(TOKEN, [{ cid: exampleCid(1), status: 'queued' }])
  const stream = await setup.subscribe('pinsChanged(services: ["a", "a", "a"])', EVENT)
  expect(await stream.next()).toEqual(
    eventWith('SNAPSHOT', { pin: { status: 'QUEUED' }, remaining: 0, isResync: false }),
  )
  expect(pinsChanged({ services: ['a', 'a', 'a'] }, setup.context).parts).toBe(1)
})

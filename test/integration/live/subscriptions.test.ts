import { parse, subscribe } from 'graphql'
import { expect, it } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { formatPinId } from '../../../src/domain/pin-id.ts'
import { Informers } from '../../../src/live/informers.ts'
import { createContext } from '../../../src/resolvers/context.ts'
import { createSchema } from '../../../src/schema/schema.ts'
import { createServiceRegistry } from '../../../src/upstream/registry.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { startEmulatedService } from '../../support/providers/emulated-service.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { functionland } from '../../support/providers/functionland.ts'
import type { ProviderProfile } from '../../support/providers/provider-profile.ts'

const TOKEN = 'alice-token'
const EVENT = `{
  __typename
  ... on PinSnapshot { pin { status } remaining isResync }
  ... on PinStatusChange { pin { status } previousStatus }
  ... on PinReplaced { pin { status } replacedId }
  ... on PinRemoved { id }
}`

async function startLive(profile: ProviderProfile) {
  const service = await startEmulatedService(profile)
  const settings = { name: 'a', endpoint: service.endpoint, token: TOKEN, provider: null }
  const registry = createServiceRegistry([settings], 'a')
  const live = new Informers()
  const contextValue = createContext(registry, live, {
    headers: new Headers(),
    signal: new AbortController().signal,
    requestId: 'test',
  })
  return {
    service,
    registry,
    async subscribe(field: string, variableValues: Record<string, unknown> = {}) {
      const document = parse(`subscription ($ids: [ID!]! = []) { ${field} ${EVENT} }`)
      const stream = await subscribe({ schema: createSchema(), document, variableValues, contextValue })
      if (!(Symbol.asyncIterator in stream)) throw new AggregateError(stream.errors ?? [], 'expected a stream')
      return {
        async next() {
          const { done, value } = await stream.next()
          return done
            ? 'done'
            : (JSON.parse(JSON.stringify(Object.values(value.data ?? {})[0] ?? value.errors)) as unknown)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      live[Symbol.dispose]()
      await registry[Symbol.asyncDispose]()
      await service[Symbol.asyncDispose]()
    },
  }
}

it('tells a snapshot, then each change, and ends when all have settled', async () => {
  await using live = await startLive(compliant)
  const { service } = live
  const [pin] = service.seed(TOKEN, [{ cid: exampleCid(1), status: 'queued' }])
  const requestId = pin?.requestId ?? ''
  const id = formatPinId({ service: 'a', requestId, cid: { text: exampleCid(1) } })
  const stream = await live.subscribe('pinStatusChanged(ids: $ids)', { ids: [id] })
  expect(await stream.next()).toEqual({
    __typename: 'PinSnapshot',
    pin: { status: 'QUEUED' },
    remaining: 0,
    isResync: false,
  })
  service.setStatus(TOKEN, requestId, 'pinning')
  expect(await stream.next()).toEqual({
    __typename: 'PinStatusChange',
    pin: { status: 'PINNING' },
    previousStatus: 'QUEUED',
  })
  service.setStatus(TOKEN, requestId, 'pinned')
  expect(await stream.next()).toEqual({
    __typename: 'PinStatusChange',
    pin: { status: 'PINNED' },
    previousStatus: 'PINNING',
  })
  expect(await stream.next()).toBe('done')
})

it('does not bring a removed pin back that the service shows once more', async () => {
  await using live = await startLive(functionland)
  const { service, registry } = live
  const [first, second] = service.seed(TOKEN, [
    { cid: exampleCid(1), status: 'queued' },
    { cid: exampleCid(2), status: 'queued' },
  ])
  const stream = await live.subscribe('pinsChanged')
  for (const remaining of [1, 0]) {
    expect(await stream.next()).toEqual({
      __typename: 'PinSnapshot',
      pin: { status: 'QUEUED' },
      remaining,
      isResync: false,
    })
  }
  await registry.tenant('a', null).removePin(first?.requestId ?? '')
  const id = formatPinId({ service: 'a', requestId: first?.requestId ?? '', cid: { text: exampleCid(1) } })
  expect(await stream.next()).toEqual({ __typename: 'PinRemoved', id })
  service.setStatus(TOKEN, second?.requestId ?? '', 'pinned')
  expect(await stream.next()).toEqual({
    __typename: 'PinStatusChange',
    pin: { status: 'PINNED' },
    previousStatus: 'QUEUED',
  })
})

it('follows a pin that its service cannot replace in one step', async () => {
  await using live = await startLive(functionland)
  const { service, registry } = live
  const [old] = service.seed(TOKEN, [{ cid: exampleCid(1), status: 'queued' }])
  const ref = { service: 'a', requestId: old?.requestId ?? '', cid: exampleCid(1) }
  const replacedId = formatPinId({ service: 'a', requestId: ref.requestId, cid: { text: ref.cid } })
  const stream = await live.subscribe('pinStatusChanged(ids: $ids)', { ids: [replacedId] })
  await stream.next()
  const newPin = { cid: parseCid(exampleCid(2)), name: 'two', origins: [], meta: {} }
  const { requestId } = await registry.tenant('a', null).replacePin(ref, newPin, 'a-key')
  expect(requestId).not.toBe(ref.requestId)
  expect(await stream.next()).toEqual({ __typename: 'PinReplaced', replacedId, pin: { status: 'QUEUED' } })
  service.setStatus(TOKEN, requestId, 'pinned')
  expect(await stream.next()).toEqual({
    __typename: 'PinStatusChange',
    pin: { status: 'PINNED' },
    previousStatus: 'QUEUED',
  })
  expect(await stream.next()).toBe('done')
})

import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../src/domain/cid.ts'
import { formatPinId, type PinRef } from '../../../src/domain/pin-id.ts'
import { createLoaders, type Loaders } from '../../../src/loaders/create-loaders.ts'
import { deferred } from '../../support/deferred.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { type EmulatedProvider, startEmulatedProvider } from '../../support/providers/emulated-provider.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { filebase } from '../../support/providers/filebase.ts'
import { ALICE, NOTHING_TO_CHECK, startTestApi } from '../../support/start-test-api.ts'
import { createTestRegistry } from '../../support/upstream/create-test-registry.ts'

const NODE = `query ($id: ID!) { node(id: $id) { ... on Pin { requestId } } }`
const PIN = `query ($id: ID!) { pin(id: $id) { requestId } }`
const CONTENTS = `query ($cids: [CID!]!) { contents(cids: $cids) { pins { requestId } } }`

interface SeededPin {
  readonly requestId: string
  readonly cid: string
  readonly ref: PinRef
  readonly id: string
}

/** New pins at a service, each of another CID. */
function seedPins(service: EmulatedProvider, count: number): SeededPin[] {
  const pins = service.seed(
    ALICE,
    Array.from({ length: count }, (_, n) => ({ cid: exampleCid(n) })),
  )
  return pins.map(({ requestId, cid }) => {
    const ref = { service: 'test', requestId, cid }
    return { requestId, cid, ref, id: formatPinId({ service: 'test', requestId, cid: parseCid(cid) }) }
  })
}

/** Starts the loaders of a GraphQL operation, without a document: parsing 10,000 documents would take most of the time. */
function startOperations({ endpoint }: EmulatedProvider): AsyncDisposable & { start(): Loaders } {
  const registry = createTestRegistry(
    [{ name: 'test', endpoint, token: ALICE, provider: null, capabilities: NOTHING_TO_CHECK }],
    'test',
  )
  return {
    start: () => createLoaders((name) => registry.tenant(name, null), new AbortController().signal),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  }
}

function refusals(service: EmulatedProvider): number {
  return service.requests.filter(({ status }) => status === 429).length
}

describe('batch while you wait', () => {
  it('answers 1,000 lookups of 1,000 operations with 110 requests at most, none of them refused', async () => {
    // 100 requests a second from one address, counted by an exact sliding log.
    await using service = await startEmulatedProvider(filebase, { rateRules: 'as documented' })
    await using operations = startOperations(service)
    const pins = seedPins(service, 1000)
    const found = await Promise.all(pins.map(({ ref }) => operations.start().pins.load(ref)))
    expect(found.map(({ requestId }) => requestId)).toEqual(pins.map(({ requestId }) => requestId))
    expect(service.requests.length).toBeLessThanOrEqual(110)
    expect(refusals(service)).toBe(0)
  })

  it('asks for 100 CIDs of one query with ten requests', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using api = startTestApi({ services: [{ name: 'test', endpoint: service.endpoint }] })
    const pins = seedPins(service, 100)
    const { data } = await api.query(CONTENTS, { cids: pins.map(({ cid }) => cid) })
    expect(data.contents).toEqual(pins.map(({ requestId }) => ({ pins: [{ requestId }] })))
    expect([service.count('GET', '/pins'), service.requests.length]).toEqual([10, 10])
  })

  it('makes one request for 10,000 equal lookups that are under way together', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using operations = startOperations(service)
    const [pin] = seedPins(service, 1) as [SeededPin]
    const [firstCame, everybodyAsked] = [deferred(), deferred()]
    service.hooks.beforeReply = async () => {
      firstCame.resolve()
      await everybodyAsked.promise
      return undefined
    }
    const asked = Array.from({ length: 10_000 }, () => operations.start().pins.load(pin.ref))
    await firstCame.promise
    everybodyAsked.resolve()
    const found = await Promise.all(asked)
    expect(new Set(found.map(({ requestId }) => requestId))).toEqual(new Set([pin.requestId]))
    expect(service.requests.length).toBe(1)
  })

  it('reads everything in one list once it is known to fit, and still answers rightly after pins were added elsewhere', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using api = startTestApi({ services: [{ name: 'test', endpoint: service.endpoint }] })
    const pins = seedPins(service, 60)
    const nodes = `query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Pin { requestId } } }`
    const counted = await api.query('{ pins(first: 1) { totalCount } }')
    expect(counted).toEqual({ data: { pins: { totalCount: 60 } } })
    service.resetLog()
    const first = await api.query(nodes, { ids: pins.map(({ id }) => id) })
    expect(first.data.nodes).toEqual(pins.map(({ requestId }) => ({ requestId })))
    expect(service.requests.length).toBe(1)

    service.seed(
      ALICE,
      Array.from({ length: 1000 }, (_, n) => ({ cid: exampleCid(1000 + n) })),
    )
    service.resetLog()
    const second = await api.query(nodes, { ids: pins.map(({ id }) => id) })
    expect(second.data.nodes).toEqual(first.data.nodes)
    // The list that was too short, and six of ten CIDs.
    expect(service.requests.length).toBe(7)
  })

  it('finds a pin that the lists do not show yet', async () => {
    await using service = await startEmulatedProvider({ ...compliant, listsUntilVisible: 1000 })
    await using api = startTestApi({ services: [{ name: 'test', endpoint: service.endpoint }] })
    const [listed] = seedPins(service, 1)
    const added = await fetch(`${service.endpoint}/pins`, {
      method: 'POST',
      headers: { authorization: `Bearer ${ALICE}` },
      body: JSON.stringify({ cid: exampleCid(7) }),
    })
    const { requestid: requestId } = (await added.json()) as { requestid: string }
    const ids = [listed?.id, formatPinId({ service: 'test', requestId, cid: parseCid(exampleCid(7)) })]
    const answers = await Promise.all(ids.map((id) => api.query(NODE, { id })))
    expect(answers).toEqual([listed?.requestId, requestId].map((each) => ({ data: { node: { requestId: each } } })))
    expect([service.count('GET', '/pins'), service.count('GET', `/pins/${requestId}`)]).toEqual([1, 1])
  })

  it('reports that a pin is gone, whether it was looked up alone or with others', async () => {
    await using service = await startEmulatedProvider(compliant)
    await using api = startTestApi({ services: [{ name: 'test', endpoint: service.endpoint }] })
    const [gone, ...others] = seedPins(service, 3)
    service.removeDirectly(ALICE, gone?.requestId ?? '')
    const notFound = {
      data: { pin: null },
      errors: [
        {
          message: `test has no pin "${gone?.requestId}" that this token may see`,
          path: ['pin'],
          extensions: { code: 'PIN_NOT_FOUND', service: 'test' },
        },
      ],
    }
    expect(await api.query(PIN, { id: gone?.id })).toEqual(notFound)
    const together = await Promise.all([gone, ...others].map((pin) => api.query(PIN, { id: pin?.id })))
    expect(together).toEqual([notFound, ...others.map(({ requestId }) => ({ data: { pin: { requestId } } }))])
  })
})

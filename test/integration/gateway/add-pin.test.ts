import { describe, expect, it } from 'vitest'
import {
  A_MADE_KEY,
  badInput,
  ERROR_FIELDS,
  type ErrorParts,
  failedPayload,
  thrownError,
  unreachable,
} from '../../support/gateway/expected-errors.ts'
import { OPERATION_META, requestsAt, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid, exampleCidV0 } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

const PAYLOAD = `
  pin { cid name status origins meta service { name } }
  error { ${ERROR_FIELDS} }
  idempotencyKey
  candidates { id }
`
const ADD = `mutation ($input: AddPinInput!) { addPin(input: $input) { ${PAYLOAD} } }`
const ADD_MANY = `mutation ($pins: [AddPinInput!]!) { addPins(input: { pins: $pins }) { ${PAYLOAD} } }`

const peer = 'QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
const origin = `/ip4/198.51.100.1/tcp/4001/p2p/${peer}`
const A_CID = 'a CID such as "bafybei…" or "Qm…"'
const A_KEY = '1 to 255 printable characters, or null to have a key made'

/** The payload of an add that succeeded. */
const added = (pin: { readonly cid: string; readonly [field: string]: unknown }, idempotencyKey = A_MADE_KEY) => ({
  pin: { name: null, status: 'QUEUED', origins: [], meta: {}, service: { name: 'one' }, ...pin },
  error: null,
  idempotencyKey,
  candidates: [],
})

describe('addPin', () => {
  it('refreshes the other pins of its content in the same operation, whichever CID they were selected by', async () => {
    await using setup = await startSetup({ provider: 'pinql' })
    const PINS = 'pin { content { pins { name } } }'

    const { data } = await setup.api.query(
      `mutation ($v1: CID!, $v0: CID!) {
        a: addPin(input: { cid: $v1, name: "a" }) { ${PINS} }
        b: addPin(input: { cid: $v0, name: "b" }) { ${PINS} }
        c: addPin(input: { cid: $v1, name: "c" }) { ${PINS} }
      }`,
      { v1: exampleCid(1), v0: exampleCidV0(1) },
    )

    const names = (pins: { name: string }[]) => pins.map(({ name }) => name)
    expect(names(data.a.pin.content.pins)).toEqual(['a'])
    expect(names(data.b.pin.content.pins)).toEqual(['b', 'a'])
    expect(names(data.c.pin.content.pins)).toEqual(['c', 'b', 'a'])
  })

  it('pins at the default service with one POST, and answers what the service made of it', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const pin = { cid: exampleCid(1), name: 'n', origins: [origin], meta: { app: 'blog' } }

    expect(await api.query(ADD, { input: pin })).toEqual({ data: { addPin: added(pin) } })
    expect(requestsAt(service)).toEqual(['POST /pins'])
    expect(JSON.parse(service.requests[0]?.body ?? '')).toEqual({ ...pin, meta: { app: 'blog', ...OPERATION_META } })
  })

  it('sends a bare CID as it was given, and no more than the name of the write', async () => {
    await using setup = await startSetup()
    const cid = exampleCid(1).toUpperCase()

    await setup.api.query(ADD, { input: { cid, name: null, origins: [], meta: null } })

    expect(setup.service.requests.map(({ body }) => JSON.parse(body))).toEqual([{ cid, meta: OPERATION_META }])
  })

  it('pins at the service that is named', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const cid = exampleCid(1)

    expect(await api.query(ADD, { input: { service: 'two', cid } })).toEqual({
      data: { addPin: added({ cid, service: { name: 'two' } }) },
    })
    expect([services.one.count(), services.two.count()]).toEqual([0, 1])
  })

  it('answers with the key that was given also where the input is refused, and the key can be used afterwards', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const refusal = badInput('input.cid', A_CID, 'no')

    expect(await api.query(ADD, { input: { cid: 'no', idempotencyKey: 'my key' } })).toEqual({
      data: { addPin: failedPayload(refusal, { idempotencyKey: 'my key' }) },
    })
    expect(await api.query(ADD, { input: { cid: exampleCid(1), idempotencyKey: 'my key' } })).toEqual({
      data: { addPin: added({ cid: exampleCid(1) }, 'my key') },
    })
    expect(requestsAt(service)).toEqual(['POST /pins'])
  })
})

describe('addPins', () => {
  it('gives each input its own payload, in order', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    await services.two[Symbol.asyncDispose]()
    const good = Array.from({ length: 20 }, (_, n) => ({ cid: exampleCid(n), name: `pin ${n}` }))
    const pins = [
      ...good.slice(0, 10),
      { cid: 'no' },
      { cid: exampleCid(1), service: 'two' },
      { cid: exampleCid(1), service: 'three', idempotencyKey: 'a key' },
      { cid: exampleCid(1), idempotencyKey: '' },
      ...good.slice(10),
    ]

    const unknownService: ErrorParts = {
      code: 'UNKNOWN_SERVICE',
      message: 'Unknown service "three": expected one of one, two',
      service: 'three',
      known: ['one', 'two'],
    }
    expect(await api.query(ADD_MANY, { pins })).toEqual({
      data: {
        addPins: [
          ...good.slice(0, 10).map((pin) => added(pin)),
          failedPayload(badInput('input.pins[10].cid', A_CID, 'no')),
          failedPayload(unreachable('two')),
          failedPayload(unknownService, { idempotencyKey: 'a key' }),
          failedPayload(badInput('input.pins[13].idempotencyKey', A_KEY, ''), { idempotencyKey: '' }),
          ...good.slice(10).map((pin) => added(pin)),
        ],
      },
    })
    expect(requestsAt(services.one)).toEqual(Array(20).fill('POST /pins'))
  })

  it('gives each payload a key of its own, by which that pin is found again', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const pins = [1, 2, 3].map((n) => ({ cid: exampleCid(n) }))

    const first = await api.query(ADD_MANY, { pins })
    const keys: string[] = first.data.addPins.map((payload: { idempotencyKey: string }) => payload.idempotencyKey)
    const again = await api.query(ADD_MANY, {
      pins: pins.map((pin, n) => ({ ...pin, idempotencyKey: keys[n] })),
    })

    expect(new Set(keys).size).toBe(3)
    expect(again).toEqual(first)
    expect(requestsAt(service)).toEqual(Array(3).fill('POST /pins'))
  })

  it('names the wrong part of each element by its path', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const pins = [
      { cid: exampleCid(1), name: 'ä'.repeat(256) },
      { cid: exampleCid(1), origins: [origin, 'peer'] },
      { cid: exampleCid(1), meta: { a: 1 } },
      { cid: '' },
    ]

    const { data, errors } = await api.query(ADD_MANY, { pins })

    expect(errors).toBeUndefined()
    expect(data.addPins).toEqual([
      failedPayload(badInput('input.pins[0].name', 'at most 255 characters', '256 characters')),
      failedPayload(badInput('input.pins[1].origins[1]', 'a multiaddr that ends in /p2p/{peerId}', 'peer')),
      failedPayload(badInput('input.pins[2].meta.a', 'a string', 1)),
      failedPayload(badInput('input.pins[3].cid', A_CID, '')),
    ])
    expect(service.count()).toBe(0)
  })

  it('refuses more than 1,000 with one error, and sends none of them', async () => {
    await using setup = await startSetup()
    const pins = Array(1001).fill({ cid: exampleCid(1) })

    const { data, errors } = await setup.api.query(
      'mutation ($pins: [AddPinInput!]!) { addPins(input: { pins: $pins }) { error { code } } }',
      { pins },
    )

    expect([data, errors]).toMatchObject([
      null,
      [thrownError(badInput('input.pins', 'at most 1000 items', '1001 items'), 'addPins')],
    ])
    expect(setup.service.count()).toBe(0)
  })

  it('adds nothing for no input', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(ADD_MANY, { pins: [] })).toEqual({ data: { addPins: [] } })
    expect(setup.service.count()).toBe(0)
  })

  it('makes two pins of two equal inputs, since each has a key of its own', async () => {
    await using setup = await startSetup()
    const { service, api } = setup

    await api.query(ADD_MANY, { pins: Array(2).fill({ cid: exampleCid(1) }) })

    expect(service.pins(ALICE)).toHaveLength(2)
  })
})

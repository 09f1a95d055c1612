import { describe, expect, it } from 'vitest'
import { exampleCid, exampleCidV0 } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/query-schema.ts'
import { idOf, OPERATION_META, PIN_ERROR_FIELDS, requestsAt, seedPins, startServices, startSetup } from './setup.ts'

const ADDED = '... on AddPinSuccess { pin { cid name status origins meta service { name } } }'
const ADD = `mutation ($input: AddPinInput!) { addPin(input: $input) { ${PIN_ERROR_FIELDS} ${ADDED} } }`
const ADD_MANY = `mutation ($inputs: [AddPinInput!]!) { addPins(inputs: $inputs) { __typename ... on Error { message } ${ADDED} } }`
const REPLACE = `mutation ($input: ReplacePinInput!) {
  replacePin(input: $input) { ${PIN_ERROR_FIELDS} ... on ReplacePinSuccess { pin { id cid name origins meta } } }
}`
const REMOVE = `mutation ($id: ID!) { removePin(id: $id) { ${PIN_ERROR_FIELDS} ... on RemovePinSuccess { id } } }`
const REMOVE_MANY = `mutation ($ids: [ID!]!) {
  removePins(ids: $ids) { __typename ... on Error { code } ... on RemovePinSuccess { id } }
}`
const COPY = `mutation ($ids: [ID!]!, $to: String!) { copyPins(ids: $ids, to: $to) { __typename ... on Error { message } ${ADDED} } }`

const peer = 'QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
const DELEGATE = `/ip4/203.0.113.1/tcp/4001/p2p/${peer}`
const origin = (n: number) => `/ip4/198.51.100.${n}/tcp/4001/p2p/${peer}`

describe('addPin', () => {
  it('has what else is known of its content looked up anew, by whatever CID that was asked for', async () => {
    await using setup = await startSetup({ provider: 'pinql' })
    const PINS = '... on AddPinSuccess { pin { content { pins { name } } } }'

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
    const cid = exampleCid(1)

    const answer = await api.query(ADD, { input: { cid, name: 'n', origins: [origin(1)], meta: { app: 'blog' } } })

    expect(answer).toEqual({
      data: {
        addPin: {
          __typename: 'AddPinSuccess',
          pin: {
            cid,
            name: 'n',
            status: 'QUEUED',
            origins: [origin(1)],
            meta: { app: 'blog' },
            service: { name: 'one' },
          },
        },
      },
    })
    expect(requestsAt(service)).toEqual(['POST /pins'])
    expect(JSON.parse(service.requests[0]?.body ?? '')).toEqual({
      cid,
      name: 'n',
      origins: [origin(1)],
      meta: { app: 'blog', ...OPERATION_META },
    })
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

    const { data } = await api.query(ADD, { input: { service: 'two', cid: exampleCid(1) } })

    expect(data.addPin.pin.service).toEqual({ name: 'two' })
    expect([services.one.count(), services.two.count()]).toEqual([0, 1])
  })
})

describe('addPins', () => {
  it('gives each input its own result, in order', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    await services.two[Symbol.asyncDispose]()
    const good = Array.from({ length: 20 }, (_, n) => ({ cid: exampleCid(n), name: `pin ${n}` }))
    const inputs = [...good.slice(0, 10), { cid: 'no' }, { cid: exampleCid(1), service: 'two' }, ...good.slice(10)]

    const { data } = await api.query(ADD_MANY, { inputs })

    const added = ({ cid, name }: { cid: string; name: string }) => ({
      __typename: 'AddPinSuccess',
      pin: { cid, name, status: 'QUEUED', origins: [], meta: {}, service: { name: 'one' } },
    })
    expect(data.addPins).toEqual([
      ...good.slice(0, 10).map(added),
      {
        __typename: 'BadRequestError',
        message: 'inputs[10].cid: expected a CID such as "bafybei…" or "Qm…", got "no"',
      },
      { __typename: 'ServiceUnavailableError', message: 'two could not be reached: ECONNREFUSED' },
      ...good.slice(10).map(added),
    ])
    expect(requestsAt(services.one)).toEqual(Array(20).fill('POST /pins'))
  })

  it('refuses each of more than 1,000, and keeps what else the operation did', async () => {
    await using setup = await startSetup()
    const inputs = Array(1001).fill({ cid: exampleCid(1) })

    const { data } = await setup.api.query(
      `mutation ($input: AddPinInput!, $inputs: [AddPinInput!]!) {
        addPin(input: $input) { __typename }
        addPins(inputs: $inputs) { ... on Error { message } }
      }`,
      { inputs, input: inputs[0] },
    )

    const refusal = { message: 'inputs: expected at most 1000 items, got "1001 items"' }
    expect(data).toEqual({ addPin: { __typename: 'AddPinSuccess' }, addPins: Array(1001).fill(refusal) })
    expect(requestsAt(setup.service)).toEqual(['POST /pins'])
  })

  it('adds nothing for no input', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(ADD_MANY, { inputs: [] })).toEqual({ data: { addPins: [] } })
    expect(setup.service.count()).toBe(0)
  })
})

describe('replacePin', () => {
  it('puts another pin in the place of one with one POST, and takes nothing over', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [old] = seedPins(service, 1, { meta: { app: 'blog' } })

    const answer = await api.query(REPLACE, { input: { id: old && idOf(old), cid: exampleCid(9), name: 'new' } })

    const [current] = service.pins(ALICE)
    expect(answer).toEqual({
      data: {
        replacePin: {
          __typename: 'ReplacePinSuccess',
          pin: { id: current && idOf(current), cid: exampleCid(9), name: 'new', origins: [], meta: {} },
        },
      },
    })
    expect(service.pins(ALICE)).toHaveLength(1)
    expect(requestsAt(service)).toEqual([`POST /pins/${old?.requestId}`])
  })

  it('finds no pin that is gone', async () => {
    await using setup = await startSetup()
    const [old] = seedPins(setup.service, 1)
    setup.service.removeDirectly(ALICE, old?.requestId ?? '')

    const { data } = await setup.api.query(REPLACE, { input: { id: old && idOf(old), cid: exampleCid(9) } })

    expect(data.replacePin).toEqual({
      __typename: 'PinNotFoundError',
      code: 'PIN_NOT_FOUND',
      message: `one has no pin "${old?.requestId}" that this token may see`,
      service: 'one',
      requestId: old?.requestId,
    })
  })
})

describe('removePin', () => {
  it('removes with one DELETE, and finds nothing the second time', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [pin] = seedPins(service, 1)
    const id = pin && idOf(pin)

    expect(await api.query(REMOVE, { id })).toEqual({ data: { removePin: { __typename: 'RemovePinSuccess', id } } })
    expect(service.pins(ALICE)).toEqual([])
    expect(requestsAt(service)).toEqual([`DELETE /pins/${pin?.requestId}`])
    expect((await api.query(REMOVE, { id })).data.removePin.__typename).toBe('PinNotFoundError')
  })
})

describe('removePins', () => {
  it('gives each id its own result, in order', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const pins = seedPins(service, 12)
    const [gone, ...kept] = pins
    service.removeDirectly(ALICE, gone?.requestId ?? '')
    const ids = [...pins.map((pin) => idOf(pin)), 'nonsense']

    const { data } = await api.query(REMOVE_MANY, { ids })

    expect(data.removePins).toEqual([
      { __typename: 'PinNotFoundError', code: 'PIN_NOT_FOUND' },
      ...kept.map((pin) => ({ __typename: 'RemovePinSuccess', id: idOf(pin) })),
      { __typename: 'BadRequestError', code: 'BAD_REQUEST' },
    ])
    expect(service.pins(ALICE)).toEqual([])
    expect(service.count('DELETE')).toBe(12)
  })
})

describe('copyPins', () => {
  it('pins the same elsewhere, with the holders of the content as origins, and looks all up together', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const pins = seedPins(services.one, 10, { meta: { app: 'blog' }, origins: [origin(1), DELEGATE] })

    const { data } = await api.query(COPY, { ids: pins.map((pin) => idOf(pin)), to: 'two' })

    expect(data.copyPins).toEqual(
      pins.map(({ cid, name }) => ({
        __typename: 'AddPinSuccess',
        pin: {
          cid,
          name,
          status: 'QUEUED',
          origins: [DELEGATE, origin(1)],
          meta: { app: 'blog' },
          service: { name: 'two' },
        },
      })),
    )
    expect(requestsAt(services.one)).toEqual(['GET /pins'])
    expect(requestsAt(services.two)).toEqual(Array(10).fill('POST /pins'))
    expect(services.one.pins(ALICE)).toHaveLength(10)
  })

  it('gives each id its own result, in order', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const [kept, gone] = seedPins(services.one, 2)
    services.one.removeDirectly(ALICE, gone?.requestId ?? '')

    const { data } = await api.query(COPY, { ids: ['nonsense', gone && idOf(gone), kept && idOf(kept)], to: 'two' })

    expect(data.copyPins).toMatchObject([
      { __typename: 'BadRequestError', message: 'ids[0]: expected an id that pinql gave out, got "nonsense"' },
      { __typename: 'PinNotFoundError' },
      { __typename: 'AddPinSuccess', pin: { cid: kept?.cid } },
    ])
  })

  it('asks nobody when the target is unknown', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const pins = seedPins(services.one, 3)

    const { data } = await api.query(COPY, { ids: pins.map((pin) => idOf(pin)), to: 'three' })

    expect(data.copyPins).toEqual(
      Array(3).fill({
        __typename: 'UnknownServiceError',
        message: 'Unknown service "three": expected one of one, two',
      }),
    )
    expect([services.one.count(), services.two.count()]).toEqual([0, 0])
  })
})

describe('several changes in one operation', () => {
  it('are made one after the other, in order', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [pin] = seedPins(service, 1)
    const id = pin && idOf(pin)

    const { data } = await api.query(
      `mutation ($id: ID!, $input: AddPinInput!) {
        a: addPin(input: $input) { __typename }
        b: removePin(id: $id) { __typename }
        c: removePin(id: $id) { __typename }
        d: addPin(input: $input) { __typename }
      }`,
      { id, input: { cid: exampleCid(5) } },
    )

    expect(data).toEqual({
      a: { __typename: 'AddPinSuccess' },
      b: { __typename: 'RemovePinSuccess' },
      c: { __typename: 'PinNotFoundError' },
      d: { __typename: 'AddPinSuccess' },
    })
    expect(service.requests.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'DELETE', 'POST'])
  })
})

import { describe, expect, it } from 'vitest'
import { badInput, failedPayload, thrownError } from '../../support/gateway/expected-errors.ts'
import { OPERATION_DOCUMENTS } from '../../support/gateway/operation-documents.ts'
import {
  idOf,
  OPERATION_META,
  requestsAt,
  seedPins,
  startServices,
  startSetup,
} from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

// Clients that are generated in Go, Rust and Python send the zero value of its type for whatever is not set.

describe('an empty text', () => {
  it.each([
    ['id', { id: '', requestId: 'r1', service: 'one' }],
    ['requestId', { id: idOf({ requestId: 'r1', cid: exampleCid(1) }), requestId: '', service: 'one' }],
    ['service, beside an id', { id: idOf({ requestId: 'r1', cid: exampleCid(1) }), service: '' }],
    ['service, beside a requestId', { requestId: 'r1', service: '' }],
  ])('is not given, as %s of pin', async (_what, variables) => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    services.one.seed(ALICE, [{ cid: exampleCid(1), requestId: 'r1' }])

    expect(await api.query(OPERATION_DOCUMENTS.pin, variables)).toEqual({
      data: { result: { id: idOf({ requestId: 'r1', cid: exampleCid(1) }) } },
    })
    expect([requestsAt(services.one), requestsAt(services.two)]).toEqual([['GET /pins/r1'], []])
  })

  it('is neither an id nor a requestId of pin', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(OPERATION_DOCUMENTS.pin, { id: '', requestId: '', service: '' })).toEqual({
      data: { result: null },
      errors: [thrownError(badInput('id', 'either id or requestId', 'neither'), 'result')],
    })
    expect(setup.service.count()).toBe(0)
  })

  it('is the first page, as after of pins, and any name, as a part of its filter', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const stored = seedPins(service, 2)
    const variables = { after: '', filter: { name: '', match: 'EXACT' }, first: 10 }

    expect(await api.query(OPERATION_DOCUMENTS.pins, variables)).toEqual({
      data: { result: { nodes: stored.map((pin) => ({ id: idOf(pin) })) } },
    })
    expect(service.requests.map(({ query }) => Object.fromEntries(query))).toEqual([
      { status: 'queued,pinning,pinned,failed', limit: '11' },
    ])
  })

  it.each([
    ['createdBefore', ''],
    ['createdAfter', ''],
    ['createdBefore', '0001-01-01T00:00:00Z'],
    ['createdAfter', '0001-01-01T00:00:00.000Z'],
  ])("is no condition, as %s of the filter of pins, nor is Go's zero time: %j", async (field, text) => {
    await using setup = await startSetup()
    const { service, api } = setup
    const stored = seedPins(service, 2)

    expect(await api.query(OPERATION_DOCUMENTS.pins, { filter: { [field]: text } })).toEqual({
      data: { result: { nodes: stored.map((pin) => ({ id: idOf(pin) })) } },
    })
  })

  it('is no name and the default service, as a part of a pin to add', async () => {
    await using setup = await startServices('one', 'two')
    const { api, services } = setup
    const cid = exampleCid(1)

    const { data } = await api.query(
      `mutation ($input: AddPinInput!, $pins: [AddPinInput!]!) {
        addPin(input: $input) { pin { name service { name } } error { message } }
        addPins(input: { pins: $pins }) { pin { name service { name } } error { message } }
      }`,
      { input: { cid, name: '', service: '' }, pins: [{ cid, name: '', service: '' }] },
    )

    const added = { pin: { name: null, service: { name: 'one' } }, error: null }
    expect(data).toEqual({ addPin: added, addPins: [added] })
    expect(services.one.requests.map(({ body }) => JSON.parse(body))).toEqual(
      Array(2).fill({ cid, meta: OPERATION_META }),
    )
    expect(services.two.count()).toBe(0)
  })

  it('is no service beside ids, as a part of pins to remove', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const [pin] = seedPins(service, 1)
    const id = pin && idOf(pin)

    expect(
      await api.query(`mutation ($input: RemovePinsInput!) { removePins(input: $input) { pinId error { message } } }`, {
        input: { ids: [id], filter: null, service: '', dryRun: false },
      }),
    ).toEqual({ data: { removePins: [{ pinId: id, error: null }] } })
    expect(service.pins(ALICE)).toEqual([])
  })

  it.each([
    ['addPin', { cid: exampleCid(1) }, {}],
    ['replacePin', { id: idOf({ requestId: 'r1', cid: exampleCid(1) }), name: 'new' }, { replacedId: null }],
  ] as const)('is no key, and %s says what to send instead', async (operation, input, more) => {
    await using setup = await startSetup()
    const expected = '1 to 255 printable characters, or null to have a key made'

    expect(await setup.api.query(OPERATION_DOCUMENTS[operation], { input: { ...input, idempotencyKey: '' } })).toEqual({
      data: {
        result: failedPayload(badInput('input.idempotencyKey', expected, ''), { idempotencyKey: '', ...more }),
      },
    })
    expect(setup.service.count()).toBe(0)
  })

  it.each([
    ['NameMatch', 'pins', { filter: { match: '' } }, 'filter.match', 'EXACT, IEXACT, IPARTIAL, PARTIAL'],
    ['PinStatus', 'pins', { filter: { status: [''] } }, 'filter.status[0]', 'FAILED, PINNED, PINNING, QUEUED'],
    ['PinPart', 'replacePin', { input: { id: 'x', clear: [''] } }, 'input.clear[0]', 'META, NAME, ORIGINS'],
  ] as const)('is no %s, and the error says what to send instead', async (type, operation, variables, path, names) => {
    await using setup = await startSetup()

    const { data, errors } = await setup.api.query(OPERATION_DOCUMENTS[operation], variables)

    expect(data).toBeUndefined()
    const [variable] = path.split('.')
    const message = `Variable "$${variable}" got invalid value "" at "${path}"; ${type}: expected ${names} or null, got ""`
    expect(errors).toEqual([{ message }])
    expect(setup.service.count()).toBe(0)
  })

  it('is no name of a service in a list', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(OPERATION_DOCUMENTS.pins, { services: [''] })).toEqual({
      data: null,
      errors: [thrownError(badInput('services', 'names, or null for the default service one', ['']), 'result')],
    })
  })
})

describe('the number 0', () => {
  it('is no length of a page, and the error says what to send instead', async () => {
    await using setup = await startSetup()

    expect(await setup.api.query(OPERATION_DOCUMENTS.pins, { first: 0 })).toEqual({
      data: null,
      errors: [thrownError(badInput('first', 'a number from 1 to 1000, or null for 10', 0), 'result')],
    })
    expect(setup.service.count()).toBe(0)
  })

  it('is not needed: null is the default length of a page', async () => {
    await using setup = await startSetup()
    seedPins(setup.service, 12)

    const { data } = await setup.api.query(OPERATION_DOCUMENTS.pins, {
      first: null,
      after: null,
      filter: null,
      services: null,
    })

    expect(data.result.nodes).toHaveLength(10)
  })
})

import { describe, expect, it } from 'vitest'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/query-schema.ts'
import { PIN_ERROR_FIELDS, requestsAt, startSetup } from './setup.ts'

const WRITE_ERROR_FIELDS = `${PIN_ERROR_FIELDS}
  ... on IdempotencyConflictError { service idempotencyKey }
  ... on OutcomeUnknownError { service operationId idempotencyKey candidates { requestId cid name } }`
const ADD = `mutation ($input: AddPinInput!) {
  result: addPin(input: $input) { ${WRITE_ERROR_FIELDS} ... on AddPinSuccess { pin { requestId meta } idempotencyKey } }
}`
const ADD_MANY = `mutation ($inputs: [AddPinInput!]!) {
  result: addPins(inputs: $inputs) { ${WRITE_ERROR_FIELDS} ... on AddPinSuccess { pin { requestId } idempotencyKey } }
}`
const REPLACE = `mutation ($input: ReplacePinInput!) {
  result: replacePin(input: $input) { ${WRITE_ERROR_FIELDS} ... on ReplacePinSuccess { pin { id requestId } idempotencyKey } }
}`

describe('idempotencyKey', () => {
  it('answers the same pin for the same key, and says which key that is', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const input = { cid: exampleCid(1), idempotencyKey: 'schlüssel 🔑' }

    const first = await api.query(ADD, { input })
    const second = await api.query(ADD, { input })

    const pin = { requestId: service.pins(ALICE)[0]?.requestId, meta: {} }
    expect(first).toEqual({
      data: { result: { __typename: 'AddPinSuccess', pin, idempotencyKey: 'schlüssel 🔑' } },
    })
    expect(second).toEqual(first)
    expect(requestsAt(service)).toEqual(['POST /pins'])
  })

  it('is made where none is given, and finds the pin when it is sent', async () => {
    await using setup = await startSetup()
    const { service, api } = setup

    const first = (await api.query(ADD, { input: { cid: exampleCid(1) } })).data.result
    const other = (await api.query(ADD, { input: { cid: exampleCid(1) } })).data.result
    const again = await api.query(ADD, { input: { cid: exampleCid(1), idempotencyKey: first.idempotencyKey } })

    expect(first.idempotencyKey).toMatch(/^[0-9a-f-]{36}$/)
    expect(other.pin.requestId).not.toBe(first.pin.requestId)
    expect(again.data.result).toEqual(first)
    expect(service.pins(ALICE)).toHaveLength(2)
  })

  it('is refused for another pin, also within one list', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const input = (n: number) => ({ cid: exampleCid(n), idempotencyKey: 'k' })

    const { data } = await api.query(ADD_MANY, { inputs: [input(1), input(1), input(2)] })

    expect(data.result[1]).toEqual(data.result[0])
    expect(data.result[2]).toEqual({
      __typename: 'IdempotencyConflictError',
      code: 'IDEMPOTENCY_CONFLICT',
      message: 'one: the idempotency key "k" was used for another change; expected a new key',
      service: 'one',
      idempotencyKey: 'k',
    })
    expect(service.pins(ALICE)).toHaveLength(1)
  })

  it('replaces once', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const added = (
      await api.query(`mutation { addPin(input: { cid: "${exampleCid(1)}" }) { ... on AddPinSuccess { pin { id } } } }`)
    ).data
    const input = { id: added.addPin.pin.id, cid: exampleCid(2), idempotencyKey: 'k' }

    const first = await api.query(REPLACE, { input })
    const second = await api.query(REPLACE, { input })

    expect(first.data.result).toMatchObject({ __typename: 'ReplacePinSuccess', idempotencyKey: 'k' })
    expect(second).toEqual(first)
    expect(service.count('POST', /^\/pins\/./)).toBe(1)
    expect(service.pins(ALICE).map(({ cid }) => cid)).toEqual([exampleCid(2)])
  })

  it.each([
    ['empty', ''],
    ['longer than 255 characters', 'x'.repeat(256)],
    ['with a line break', 'a\nb'],
    ['with a zero byte', 'a\0b'],
    ['with half a surrogate pair', 'a\ud800'],
    ['with a character that turns text round', 'a\u202eb'],
  ])('is refused when it is %s', async (_what, idempotencyKey) => {
    await using setup = await startSetup()
    const { data } = await setup.api.query(ADD, { input: { cid: exampleCid(1), idempotencyKey } })

    expect(data.result).toMatchObject({
      __typename: 'BadRequestError',
      argument: 'input.idempotencyKey',
      expected: '1 to 255 printable characters',
    })
    expect(setup.service.count()).toBe(0)
  })

  it.each(['x', 'x'.repeat(255), '🔑'.repeat(255), ' '])('may be %s', async (idempotencyKey) => {
    await using setup = await startSetup()
    const { data } = await setup.api.query(ADD, { input: { cid: exampleCid(1), idempotencyKey } })

    expect(data.result).toMatchObject({ __typename: 'AddPinSuccess', idempotencyKey })
  })
})

describe('the entry of meta that pinql keeps for itself', () => {
  it.each([
    ['addPin', ADD, { input: { cid: exampleCid(1), meta: { 'pinql.op': 'x' } } }, 'input.meta.pinql.op'],
    [
      'pins',
      'query ($filter: PinFilter) { result: pins(filter: $filter) { __typename ... on BadRequestError { argument } } }',
      { filter: { meta: { 'pinql.op': 'x' } } },
      'filter.meta.pinql.op',
    ],
  ])('cannot be set or asked for in %s', async (_field, document, variables, argument) => {
    await using setup = await startSetup()
    const { data } = await setup.api.query(document, variables)

    expect(data.result).toMatchObject({ __typename: 'BadRequestError', argument })
    expect(setup.service.count()).toBe(0)
  })

  it('is copied with no pin', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    await api.query(ADD, { input: { cid: exampleCid(1), meta: { app: 'blog' } } })
    const { data } = await api.query('{ pins { ... on PinConnection { nodes { id meta } } } }')
    expect(data.pins.nodes).toEqual([{ id: expect.any(String), meta: { app: 'blog' } }])

    await api.query('mutation ($ids: [ID!]!) { copyPins(ids: $ids, to: "one") { __typename } }', {
      ids: [data.pins.nodes[0].id],
    })

    const metas = service.pins(ALICE).map(({ meta }) => meta)
    expect(metas).toEqual([
      { app: 'blog', 'pinql.op': expect.any(String) },
      { app: 'blog', 'pinql.op': expect.any(String) },
    ])
    expect(metas[0]?.['pinql.op']).not.toBe(metas[1]?.['pinql.op'])
  })
})

it('answers OutcomeUnknownError with what is needed to go on', async () => {
  // Too little time to look even once.
  await using setup = await startSetup({ timeoutMs: 200 })
  const { service, api } = setup
  service.breakNext(1)

  const { data } = await api.query(ADD, { input: { cid: exampleCid(1) } })

  expect(data.result).toEqual({
    __typename: 'OutcomeUnknownError',
    code: 'OUTCOME_UNKNOWN',
    message: 'one gave no answer, and does not show whether the change was made',
    service: 'one',
    operationId: expect.stringMatching(/^[0-9a-f]{32}$/),
    idempotencyKey: expect.any(String),
    candidates: [],
  })
})

import { describe, expect, it } from 'vitest'
import {
  A_MADE_KEY,
  badInput,
  ERROR_FIELDS,
  type ErrorParts,
  failedPayload,
  thrownError,
} from '../../support/gateway/expected-errors.ts'
import { idOf, OPERATION_META, requestsAt, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import type { ProviderProfile } from '../../support/providers/provider-profile.ts'
import { ALICE } from '../../support/start-test-api.ts'

const PAYLOAD = `
  pin { id requestId meta }
  error { ${ERROR_FIELDS} }
  idempotencyKey
  candidates { requestId cid name }
`
const ADD = `mutation ($input: AddPinInput!) { result: addPin(input: $input) { ${PAYLOAD} } }`
const ADD_MANY = `mutation ($pins: [AddPinInput!]!) { result: addPins(input: { pins: $pins }) { ${PAYLOAD} } }`
const REPLACE = `mutation ($input: ReplacePinInput!) { result: replacePin(input: $input) { ${PAYLOAD} replacedId } }`

describe('idempotencyKey', () => {
  it('answers the same pin for the same key, and says which key that is', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const input = { cid: exampleCid(1), idempotencyKey: 'schlüssel 🔑' }

    const first = await api.query(ADD, { input })
    const second = await api.query(ADD, { input })

    const [stored] = service.pins(ALICE)
    const pin = { id: stored && idOf(stored), requestId: stored?.requestId, meta: {} }
    expect(first).toEqual({
      data: { result: { pin, error: null, idempotencyKey: 'schlüssel 🔑', candidates: [] } },
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

    expect(first.idempotencyKey).toEqual(A_MADE_KEY)
    expect(other.pin.requestId).not.toBe(first.pin.requestId)
    expect(again.data.result).toEqual(first)
    expect(service.pins(ALICE)).toHaveLength(2)
  })

  it('is refused for another pin, also within one list', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const input = (n: number) => ({ cid: exampleCid(n), idempotencyKey: 'k' })

    const { data } = await api.query(ADD_MANY, { pins: [input(1), input(1), input(2)] })

    expect(data.result[1]).toEqual(data.result[0])
    const conflict = {
      code: 'IDEMPOTENCY_CONFLICT',
      message: 'one: the idempotency key "k" was used for another change; expected a new key',
      service: 'one',
    } as const
    expect(data.result[0]).toMatchObject({ error: null, idempotencyKey: 'k' })
    expect(data.result[2]).toEqual(failedPayload(conflict, { idempotencyKey: 'k' }))
    expect(service.pins(ALICE)).toHaveLength(1)
  })

  it('replaces once', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const added = (await api.query(ADD, { input: { cid: exampleCid(1) } })).data.result
    const input = { id: added.pin.id, cid: exampleCid(2), idempotencyKey: 'k' }

    const first = await api.query(REPLACE, { input })
    const second = await api.query(REPLACE, { input })

    expect(first.data.result).toMatchObject({ error: null, idempotencyKey: 'k', replacedId: input.id })
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
    const expected = '1 to 255 printable characters, or null to have a key made'
    const error = badInput('input.idempotencyKey', expected, idempotencyKey)
    const REQUESTS = [
      [ADD, { cid: exampleCid(1) }, {}],
      [REPLACE, { id: idOf({ requestId: 'r', cid: exampleCid(1) }), name: 'n' }, { replacedId: null }],
    ] as const

    for (const [document, input, more] of REQUESTS) {
      expect(await setup.api.query(document, { input: { ...input, idempotencyKey } })).toEqual({
        data: { result: failedPayload(error, { idempotencyKey, ...more }) },
      })
    }
    expect(setup.service.count()).toBe(0)
  })

  it.each(['x', 'x'.repeat(255), '🔑'.repeat(255), ' '])('may be %s', async (idempotencyKey) => {
    await using setup = await startSetup()
    const { data } = await setup.api.query(ADD, { input: { cid: exampleCid(1), idempotencyKey } })

    expect(data.result).toMatchObject({ pin: { meta: {} }, error: null, idempotencyKey })
  })
})

describe('the entry of meta that pinql keeps for itself', () => {
  const refusal = (argument: string) => badInput(argument, 'any other key: this one is for pinql', 'pinql.op')
  const meta = { 'pinql.op': 'x' }

  it('cannot be set by a change', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const id = idOf({ requestId: 'r', cid: exampleCid(1) })

    expect(await api.query(ADD, { input: { cid: exampleCid(1), meta } })).toEqual({
      data: { result: failedPayload(refusal('input.meta.pinql.op')) },
    })
    expect(await api.query(REPLACE, { input: { id, meta } })).toEqual({
      data: { result: failedPayload(refusal('input.meta.pinql.op'), { replacedId: null }) },
    })
    expect(service.count()).toBe(0)
  })

  it('cannot be asked for', async () => {
    await using setup = await startSetup()

    expect(
      await setup.api.query('query ($filter: PinFilter) { pins(filter: $filter) { nodes { id } } }', {
        filter: { meta },
      }),
    ).toEqual({ data: null, errors: [thrownError(refusal('filter.meta.pinql.op'), 'pins')] })
    expect(setup.service.count()).toBe(0)
  })

  it('is copied with no pin, and taken over by no replacement', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const { data } = await api.query(ADD, { input: { cid: exampleCid(1), meta: { app: 'blog' } } })
    expect(data.result.pin.meta).toEqual({ app: 'blog' })
    const { id } = data.result.pin

    await api.query('mutation ($ids: [ID!]!) { copyPins(input: { ids: $ids, to: "one" }) { pin { id } } }', {
      ids: [id],
    })
    await api.query(REPLACE, { input: { id, cid: exampleCid(2) } })

    const posted = service.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body).meta)
    expect(posted).toEqual(Array(3).fill({ app: 'blog', ...OPERATION_META }))
    expect(new Set(posted.map((each) => each['pinql.op'])).size).toBe(3)
    const seen = await api.query('{ pins { nodes { meta } } }')
    expect(seen).toEqual({ data: { pins: { nodes: Array(2).fill({ meta: { app: 'blog' } }) } } })
  })
})

describe('OUTCOME_UNKNOWN', () => {
  const unknown: ErrorParts = {
    code: 'OUTCOME_UNKNOWN',
    message: 'one gave no answer, and does not show whether the change was made',
    service: 'one',
    mayHaveActed: true,
    operationId: expect.stringMatching(/^[0-9a-f]{32}$/),
  }

  it('comes with the key, by which the write can be finished', async () => {
    // Too little time to look even once.
    await using setup = await startSetup({ timeoutMs: 200 })
    const { service, api } = setup
    service.breakNext(1)

    const answer = await api.query(ADD, { input: { cid: exampleCid(1) } })

    expect(answer).toEqual({ data: { result: failedPayload(unknown) } })
    expect(requestsAt(service)).toEqual(['POST /pins'])
  })

  it('comes with the pins that may be the result', async () => {
    // Time to look once, at a service that drops the name of the write.
    const forgetful: ProviderProfile = { ...compliant, keep: (body) => ({ ...body, meta: null }) }
    await using setup = await startSetup({ profile: forgetful, timeoutMs: 590 })
    const { service, api } = setup
    const [cid, name] = [exampleCid(1), 'mine']
    service.seed(ALICE, [
      { cid, name: 'other' },
      { cid, name, created: '2020-01-01T00:00:00Z' },
    ])
    service.hooks.afterCommit = () => 'drop'

    const answer = await api.query(ADD, { input: { cid, name, idempotencyKey: 'k' } })

    const made = service.pins(ALICE).at(-1)
    expect(made).toMatchObject({ cid, name })
    const candidates = [{ requestId: made?.requestId, cid, name }]
    expect(answer).toEqual({ data: { result: failedPayload(unknown, { idempotencyKey: 'k', candidates }) } })
    expect(service.count('POST')).toBe(1)
  })
})

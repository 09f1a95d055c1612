import { expect, it } from 'vitest'
import { ERROR_FIELDS, notFound, shownError } from '../../support/gateway/expected-errors.ts'
import { idOf, seedPins, startServices, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

it('makes the changes of one operation one after the other, in order, and a failure stops none', async () => {
  await using setup = await startSetup()
  const { service, api } = setup
  const [pin] = seedPins(service, 1)
  const id = pin && idOf(pin)

  const answer = await api.query(
    `mutation ($id: ID!, $input: AddPinInput!) {
      a: addPin(input: $input) { pin { cid } error { code } }
      b: removePin(input: { id: $id }) { pinId error { code } }
      c: removePin(input: { id: $id }) { pinId error { ${ERROR_FIELDS} } }
      d: addPin(input: $input) { pin { cid } error { code } }
    }`,
    { id, input: { cid: exampleCid(5) } },
  )

  const added = { pin: { cid: exampleCid(5) }, error: null }
  expect(answer).toEqual({
    data: {
      a: added,
      b: { pinId: id, error: null },
      c: { pinId: id, error: shownError(notFound(pin?.requestId)) },
      d: added,
    },
  })
  expect(service.requests.map(({ method }) => method)).toEqual(['POST', 'DELETE', 'DELETE', 'POST'])
})

const PAYLOAD = `pin { id } error { code } idempotencyKey candidates { id }`
interface Payload {
  readonly pin: object | null
  readonly error: { readonly code: string } | null
  readonly idempotencyKey: string
  readonly candidates: readonly object[]
}

it('gives each payload of an add or a replacement either a pin or an error, and a key, whatever becomes of it', async () => {
  await using setup = await startServices('one', 'two')
  const { services, api } = setup
  await services.two[Symbol.asyncDispose]()
  const stored = seedPins(services.one, 3)
  const [kept, old, gone] = stored.map((pin) => idOf(pin))
  services.one.removeDirectly(ALICE, stored.at(-1)?.requestId ?? '')
  const cid = exampleCid(5)
  const pins = [{ cid }, { cid: '' }, { cid, service: 'two' }, { cid, service: 'x' }, { cid, idempotencyKey: '' }]

  const { data, errors } = await api.query(
    `mutation ($pins: [AddPinInput!]!, $ids: [ID!]!, $old: ReplacePinInput!, $gone: ReplacePinInput!) {
      added: addPins(input: { pins: $pins }) { ${PAYLOAD} }
      copied: copyPins(input: { ids: $ids, to: "one" }) { ${PAYLOAD} }
      replaced: replacePin(input: $old) { ${PAYLOAD} }
      lost: replacePin(input: $gone) { ${PAYLOAD} }
    }`,
    { pins, ids: [kept, gone, 'x'], old: { id: old, name: 'new' }, gone: { id: gone, name: 'new' } },
  )

  const payloads: Payload[] = [...data.added, ...data.copied, data.replaced, data.lost]
  expect(errors).toBeUndefined()
  expect(payloads.map(({ error }) => error?.code ?? null)).toEqual([
    ...[null, 'BAD_REQUEST', 'SERVICE_UNAVAILABLE', 'UNKNOWN_SERVICE', 'BAD_REQUEST'],
    ...[null, 'PIN_NOT_FOUND', 'BAD_REQUEST'],
    ...[null, 'PIN_NOT_FOUND'],
  ])
  expect(payloads.filter(({ pin, error }) => (pin === null) === (error === null))).toEqual([])
  expect(payloads.filter(({ candidates }) => candidates.length > 0)).toEqual([])
  // The empty key is the one that was given.
  expect(payloads.map(({ idempotencyKey }) => idempotencyKey === '')).toEqual(payloads.map((_, n) => n === 4))
})

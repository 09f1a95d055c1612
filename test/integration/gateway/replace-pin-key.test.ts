import { describe, expect, it } from 'vitest'
import { ERROR_FIELDS, failedPayload } from '../../support/gateway/expected-errors.ts'
import { REPLACE } from '../../support/gateway/operation-documents.ts'
import { idOf, requestsAt, type Setup, startSetup } from '../../support/gateway/start-setup.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { ALICE } from '../../support/start-test-api.ts'

const origin = '/ip4/198.51.100.1/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'
const OLD = { cid: exampleCid(1), name: 'old', origins: [origin], meta: { app: 'blog', env: 'test' } }
const id = idOf({ requestId: 'old', cid: OLD.cid })

/** A rename that succeeded, with the key `k`. */
async function startRenamed(named: object = { name: 'new' }) {
  const setup: Setup = await startSetup()
  setup.service.seed(ALICE, [{ ...OLD, requestId: 'old' }])
  const input = { id, idempotencyKey: 'k', ...named }
  const first = await setup.api.query(REPLACE, { input })
  expect(first.data.replacePin).toMatchObject({ error: null, replacedId: id, idempotencyKey: 'k' })
  setup.service.resetLog()
  return { ...setup, input, first, replace: (more: object) => setup.api.query(REPLACE, { input: more }) }
}

const conflict = {
  code: 'IDEMPOTENCY_CONFLICT',
  message: 'one: the idempotency key "k" was used for another change; expected a new key',
  service: 'one',
} as const

describe('a replacement that is sent again with its key', () => {
  it('gives the same pin without a request, though the old pin is gone', async () => {
    await using setup = await startRenamed()
    const { service, input, first, replace } = setup

    expect(await replace(input)).toEqual(first)
    // Nor does it matter what has become of the new pin since.
    service.forgetAll()
    expect(await replace(input)).toEqual(first)
    expect(requestsAt(service)).toEqual([])
  })

  it('is the same where null stands for what was left out, and meta in another order', async () => {
    await using setup = await startRenamed({ meta: { a: '1', b: '2' } })
    const { service, first, replace } = setup

    expect(
      await replace({ id, idempotencyKey: 'k', cid: null, name: null, clear: [], meta: { b: '2', a: '1' } }),
    ).toEqual(first)
    expect(requestsAt(service)).toEqual([])
  })

  it('is the same where its own key was made by pinql', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    service.seed(ALICE, [{ ...OLD, requestId: 'old' }])
    const input = { id, name: 'new' }
    const first = await api.query(REPLACE, { input })
    service.resetLog()

    const { idempotencyKey } = first.data.replacePin
    expect(await api.query(REPLACE, { input: { ...input, idempotencyKey } })).toEqual(first)
    expect(requestsAt(service)).toEqual([])
  })

  it.each([
    ['another name', { name: 'newer' }],
    ['a CID too', { name: 'new', cid: exampleCid(1) }],
    ['meta too, though it was so', { name: 'new', meta: OLD.meta }],
    ['no name', { clear: ['NAME'] }],
    ['no meta too', { name: 'new', clear: ['META'] }],
    ['another pin', { name: 'new', id: idOf({ requestId: 'other', cid: OLD.cid }) }],
  ])('is refused with other input: %s', async (_what, named) => {
    await using setup = await startRenamed()
    const { service, replace } = setup

    expect(await replace({ id, idempotencyKey: 'k', ...named })).toEqual({
      data: { replacePin: failedPayload(conflict, { replacedId: null, idempotencyKey: 'k' }) },
    })
    expect(requestsAt(service)).toEqual([])
  })

  it('is refused as an add, and the key of an add as that of a replacement', async () => {
    await using setup = await startRenamed()
    const { service, api, replace } = setup
    const ADD = `mutation ($input: AddPinInput!) { addPin(input: $input) { pin { id } error { ${ERROR_FIELDS} } idempotencyKey candidates { id } } }`
    const input = { cid: OLD.cid, name: 'new' }

    expect(await api.query(ADD, { input: { ...input, idempotencyKey: 'k' } })).toEqual({
      data: { addPin: failedPayload(conflict, { idempotencyKey: 'k' }) },
    })
    expect(requestsAt(service)).toEqual([])

    await api.query(ADD, { input: { ...input, idempotencyKey: 'added' } })
    service.resetLog()
    const { data } = await replace({ id, ...input, idempotencyKey: 'added' })
    expect(data.replacePin.error).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' })
    expect(requestsAt(service)).toEqual([])
  })

  it('is sent once where both are under way at the same time', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    service.seed(ALICE, [{ ...OLD, requestId: 'old' }])
    const input = { id, name: 'new', idempotencyKey: 'k' }

    const [a, b] = await Promise.all([api.query(REPLACE, { input }), api.query(REPLACE, { input })])

    expect(a?.data.replacePin).toMatchObject({ error: null, replacedId: id })
    expect(b).toEqual(a)
    expect(requestsAt(service)).toEqual(['GET /pins/old', 'POST /pins/old'])
  })

  it('is looked for where its answer was lost, and not sent again', async () => {
    await using setup = await startSetup({ provider: 'pinql' })
    const { service, api } = setup
    service.seed(ALICE, [{ ...OLD, requestId: 'old' }])
    service.hooks.afterCommit = () => {
      service.hooks.afterCommit = undefined
      return 'drop'
    }
    const input = { id, name: 'new', idempotencyKey: 'k' }

    const first = await api.query(REPLACE, { input })

    const [current, ...others] = service.pins(ALICE)
    expect(others).toEqual([])
    expect(first).toEqual({
      data: {
        replacePin: {
          pin: { ...OLD, name: 'new', id: current && idOf(current) },
          replacedId: id,
          error: null,
          idempotencyKey: 'k',
          candidates: [],
        },
      },
    })
    expect(service.count('POST')).toBe(1)
    service.resetLog()
    expect(await api.query(REPLACE, { input })).toEqual(first)
    expect(requestsAt(service)).toEqual([])
  })

  it('is made where the first try was refused', async () => {
    await using setup = await startSetup()
    const { service, api } = setup
    const input = { id, name: 'new', idempotencyKey: 'k' }
    const refused = await api.query(REPLACE, { input })
    expect(refused.data.replacePin.error).toMatchObject({ code: 'PIN_NOT_FOUND' })

    service.seed(ALICE, [{ ...OLD, requestId: 'old' }])
    const { data } = await api.query(REPLACE, { input })

    expect(data.replacePin).toMatchObject({ pin: { name: 'new' }, error: null })
  })
})

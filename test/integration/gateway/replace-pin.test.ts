import { describe, expect, it } from 'vitest'
import { A_MADE_KEY, failedPayload, notFound, unreachable } from '../../support/gateway/expected-errors.ts'
import { REPLACE } from '../../support/gateway/operation-documents.ts'
import { idOf, OPERATION_META, requestsAt, type Setup, startSetup } from '../../support/gateway/start-setup.ts'
import type { SeedPin } from '../../support/providers/emulated-pins.ts'
import { exampleCid, exampleCidV0 } from '../../support/providers/example-cid.ts'
import { filebase } from '../../support/providers/filebase.ts'
import { heliaServer } from '../../support/providers/helia-server.ts'
import { ALICE } from '../../support/start-test-api.ts'

const origin = (n: number) => `/ip4/198.51.100.${n}/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN`
const OLD = { cid: exampleCid(1), name: 'old', origins: [origin(1)], meta: { app: 'blog' } }

/** A pin that is there already, under the request id `old`. */
function seedOld({ service }: Setup, more: Partial<SeedPin> = {}): string {
  service.seed(ALICE, [{ ...OLD, requestId: 'old', ...more }])
  return idOf({ requestId: 'old', cid: more.cid ?? OLD.cid })
}

/** The payload of a replacement by the pin that is there now. */
function replaced({ service }: Setup, pin: object, more: object = {}): object {
  const [current] = service.pins(ALICE)
  return {
    pin: { id: current && idOf(current), ...pin },
    replacedId: idOf({ requestId: 'old', cid: OLD.cid }),
    error: null,
    idempotencyKey: A_MADE_KEY,
    candidates: [],
    ...more,
  }
}

/** The body of the only POST. */
function sent({ service }: Setup): object {
  const bodies = service.requests.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body))
  expect(bodies).toHaveLength(1)
  return bodies[0]
}

/** The fields that the input names, and the pin that results. */
const CHANGES: [what: string, named: object, pin: object][] = [
  ['a CID', { cid: exampleCid(9) }, { ...OLD, cid: exampleCid(9) }],
  ['the old CID', { cid: OLD.cid }, OLD],
  ['a name', { name: 'new' }, { ...OLD, name: 'new' }],
  ['meta', { meta: { env: 'test' } }, { ...OLD, meta: { env: 'test' } }],
  ['origins', { origins: [origin(2), origin(3)] }, { ...OLD, origins: [origin(2), origin(3)] }],
  ['no name', { clear: ['NAME'] }, { ...OLD, name: null }],
  ['no meta', { clear: ['META'] }, { ...OLD, meta: {} }],
  ['no origins', { clear: ['ORIGINS'] }, { ...OLD, origins: [] }],
  [
    'a name, and no meta and origins twice',
    { name: 'new', clear: ['META', 'ORIGINS', 'META'] },
    { ...OLD, name: 'new', meta: {}, origins: [] },
  ],
]
/** The input of a generated client, which sends null for each field that is not set. */
const UNSET = { cid: null, name: null, meta: null, origins: null, clear: null, idempotencyKey: null }

describe('replacePin', () => {
  it.each(CHANGES)('keeps the parts that the input does not name: %s', async (_what, named, pin) => {
    for (const unset of [{}, UNSET]) {
      await using setup = await startSetup()
      const id = seedOld(setup)

      const answer = await setup.api.query(REPLACE, { input: { ...unset, ...named, id } })

      expect(answer).toEqual({ data: { replacePin: replaced(setup, pin) } })
      expect(setup.service.pins(ALICE)).toHaveLength(1)
    }
  })

  it.each([
    ['a CID', { cid: exampleCid(9) }],
    ['a name', { name: 'new' }],
    ['all but the name', { cid: exampleCid(9), meta: { a: 'b' }, origins: [origin(2)] }],
    ['all but meta', { cid: exampleCid(9), name: 'new', clear: ['ORIGINS'] }],
    ['all but origins', { cid: exampleCid(9), clear: ['NAME', 'META'] }],
  ])('costs a look at the old pin, and one POST, when %s is named', async (_what, named) => {
    await using setup = await startSetup()
    const id = seedOld(setup)

    const { data } = await setup.api.query(REPLACE, { input: { ...named, id } })

    expect(data.replacePin.error).toBeNull()
    expect(requestsAt(setup.service)).toEqual(['GET /pins/old', 'POST /pins/old'])
  })

  it.each([
    ['given', { cid: exampleCid(9), name: 'new', meta: { a: 'b' }, origins: [origin(2)] }],
    ['given, and the CID stays', { name: 'new', meta: { a: 'b' }, origins: [origin(2)] }],
    ['cleared', { cid: exampleCid(9), clear: ['NAME', 'META', 'ORIGINS'] }],
    ['given or cleared', { name: 'new', clear: ['META', 'ORIGINS'] }],
  ])('costs one POST when name, meta and origins are all %s', async (_what, named) => {
    await using setup = await startSetup()
    const id = seedOld(setup)

    const answer = await setup.api.query(REPLACE, { input: { ...named, id } })

    const { clear: _, ...parts } = { clear: [], ...named }
    const pin = { cid: OLD.cid, name: null, meta: {}, origins: [], ...parts }
    expect(answer).toEqual({ data: { replacePin: replaced(setup, pin) } })
    expect(requestsAt(setup.service)).toEqual(['POST /pins/old'])
  })

  it('sends all that the new pin has, and no more than the name of the write', async () => {
    await using setup = await startSetup()
    const id = seedOld(setup)

    await setup.api.query(REPLACE, { input: { id, name: 'new' } })

    expect(sent(setup)).toEqual({ ...OLD, name: 'new', meta: { app: 'blog', ...OPERATION_META } })
  })

  it.each([
    ['a service that is known for it', exampleCid(1), 'filebase', null],
    ['a stranger', exampleCid(1), null, exampleCid(9)],
    ['a stranger, of another version of the CID', exampleCidV0(1), null, exampleCid(9)],
  ])('carries no name over that was made of the CID: by %s', async (_what, oldName, provider, newName) => {
    await using setup = await startSetup({ profile: filebase, provider })
    const id = seedOld(setup, { name: oldName })

    const answer = await setup.api.query(REPLACE, { input: { id, cid: exampleCid(9) } })

    expect(sent(setup)).toEqual({
      ...OLD,
      cid: exampleCid(9),
      name: undefined,
      meta: { app: 'blog', ...OPERATION_META },
    })
    const pin = { ...OLD, cid: exampleCid(9), name: newName }
    expect(answer).toEqual({ data: { replacePin: replaced(setup, pin) } })
  })

  it('carries a name over that was given, though the service makes names of CIDs', async () => {
    await using setup = await startSetup({ profile: filebase, provider: 'filebase' })
    const id = seedOld(setup, { name: exampleCid(5) })

    await setup.api.query(REPLACE, { input: { id, cid: exampleCid(9) } })

    expect(sent(setup)).toMatchObject({ name: exampleCid(5) })
  })

  it('has no replaced pin where the pin keeps its id', async () => {
    await using setup = await startSetup({ profile: heliaServer, provider: 'helia-server' })
    const id = seedOld(setup)

    const answer = await setup.api.query(REPLACE, { input: { id, name: 'new' } })

    const payload = replaced(setup, { ...OLD, id, name: 'new' }, { replacedId: null })
    expect(answer).toEqual({ data: { replacePin: payload } })
    expect(setup.service.pins(ALICE)).toHaveLength(1)
  })

  it.each([
    ['that has to be read first', { cid: exampleCid(9) }, ['GET /pins/old']],
    ['that need not be read', { name: 'n', clear: ['META', 'ORIGINS'] }, ['POST /pins/old']],
  ])('finds no pin that is gone, %s', async (_what, named, requests) => {
    await using setup = await startSetup()
    const id = idOf({ requestId: 'old', cid: OLD.cid })

    expect(await setup.api.query(REPLACE, { input: { ...named, id } })).toEqual({
      data: { replacePin: failedPayload(notFound('old'), { replacedId: null }) },
    })
    expect(requestsAt(setup.service)).toEqual(requests)
    expect(setup.service.pins(ALICE)).toEqual([])
  })

  it('changes nothing where the old pin cannot be read', async () => {
    await using setup = await startSetup()
    const id = idOf({ requestId: 'old', cid: OLD.cid })
    await setup.service[Symbol.asyncDispose]()

    expect(await setup.api.query(REPLACE, { input: { id, name: 'new' } })).toEqual({
      data: { replacePin: failedPayload(unreachable('one'), { replacedId: null }) },
    })
  })
})

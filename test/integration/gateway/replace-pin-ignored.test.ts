import { describe, expect, it } from 'vitest'
import { ERROR_FIELDS, type ErrorParts, failedPayload } from '../../support/gateway/expected-errors.ts'
import { idOf, requestsAt, type Setup, startSetup } from '../../support/gateway/start-setup.ts'
import { compliant } from '../../support/providers/compliant.ts'
import type { EmulatedPin } from '../../support/providers/emulated-pin.ts'
import { exampleCid } from '../../support/providers/example-cid.ts'
import { fourEverland } from '../../support/providers/four-everland.ts'
import { noDuplicateCid, type PinCheck } from '../../support/providers/pin-checks.ts'
import type { ProviderProfile } from '../../support/providers/provider-profile.ts'
import { addThenRemove, type ReplaceMode } from '../../support/providers/replace-modes.ts'
import { jsonReply } from '../../support/providers/wire-reply.ts'
import { ALICE } from '../../support/start-test-api.ts'

const REPLACE = `mutation ($input: ReplacePinInput!) {
  replacePin(input: $input) {
    pin { id name meta }
    replacedId
    error { ${ERROR_FIELDS} }
    idempotencyKey
    candidates { id name meta }
  }
}`

const OLD = { cid: exampleCid(1), name: 'old', meta: { app: 'blog' } }
const id = idOf({ requestId: 'old', cid: OLD.cid })

/** Knows how to replace, and does so natively. */
const NATIVE = 'pinql'
/** A service of this kind is never asked to replace: pinql adds, and then removes. */
const ADD_THEN_REMOVE = 'functionland'

/** The old pin is at the service, under the request id `old`. */
async function startWithOld(profile: ProviderProfile, provider: string | null, more: object = {}): Promise<Setup> {
  const setup = await startSetup({ profile, provider })
  setup.service.seed(ALICE, [{ ...OLD, requestId: 'old', ...more }])
  return setup
}

/** The payload of a replacement that the service took for granted, but for this part. */
function ignored(part: 'name' | 'meta', wanted: unknown, found: unknown, candidates: readonly object[] = []): object {
  const [expected, received] = [wanted, found].map((value) => JSON.stringify(value))
  const error: ErrorParts = {
    code: 'BAD_REQUEST',
    message: `one accepted the replacement, but its ${part} had no effect: expected ${expected}, got ${received}`,
    service: 'one',
    argument: `input.${part}`,
    expected,
    received,
  }
  return { data: { replacePin: failedPayload(error, { replacedId: candidates.length > 0 ? id : null, candidates }) } }
}

/** Another pin of the same CID is refused. */
const noSecondPin: PinCheck = (submission) => noDuplicateCid({ ...submission, operation: 'add' })
/** A replacement by the same CID changes nothing, and is answered with the pin that is there. */
const sameCidDoesNothing: ReplaceMode = async (old, body, actions) =>
  body.cid === old.cid ? old : addThenRemove(old, body, actions)
/** The new pin takes a part over from the old one, whatever was asked for. */
const takesOver =
  (part: 'name' | 'meta'): ReplaceMode =>
  (old, body, actions) =>
    addThenRemove(old, { ...body, [part]: old[part] }, actions)

/** Answers a POST with the first pin of the service, and makes none. */
function giveFirstPin({ service }: Setup): void {
  const [first] = service.pins(ALICE) as [EmulatedPin]
  service.hooks.afterCommit = ({ method, path }, { body }) => {
    if (method !== 'POST' || path !== '/pins') return undefined
    const made: { requestid: string; pin: object } = JSON.parse(body)
    service.removeDirectly(ALICE, made.requestid)
    const { cid, name, meta } = first
    return jsonReply(202, { ...made, requestid: first.requestId, pin: { cid, name, meta } })
  }
}

const isStillThere = ({ service }: Setup): void =>
  expect(service.pins(ALICE)).toMatchObject([{ ...OLD, requestId: 'old' }])

describe('a rename that a service leaves undone', () => {
  it('is an error where the service answers the replacement with the old pin', async () => {
    await using setup = await startWithOld({ ...compliant, replace: sameCidDoesNothing }, NATIVE)

    expect(await setup.api.query(REPLACE, { input: { id, name: 'new' } })).toEqual(ignored('name', 'new', 'old'))
    expect(requestsAt(setup.service)).toEqual(['GET /pins/old', 'POST /pins/old'])
    isStillThere(setup)
  })

  it('is an error where the old pin need not be read', async () => {
    await using setup = await startWithOld({ ...compliant, replace: sameCidDoesNothing }, NATIVE)
    const input = { id, name: 'new', clear: ['META', 'ORIGINS'] }

    expect(await setup.api.query(REPLACE, { input })).toEqual(ignored('name', 'new', 'old'))
    expect(requestsAt(setup.service)).toEqual(['POST /pins/old'])
    isStillThere(setup)
  })

  it('is an error where a second add of the CID is answered with the old pin, which stays', async () => {
    await using setup = await startWithOld(compliant, ADD_THEN_REMOVE)
    giveFirstPin(setup)

    expect(await setup.api.query(REPLACE, { input: { id, name: 'new' } })).toEqual(ignored('name', 'new', 'old'))
    expect(requestsAt(setup.service)).toEqual(['GET /pins/old', 'POST /pins'])
    isStillThere(setup)
  })

  it('is an error also where the name was to be taken away', async () => {
    await using setup = await startWithOld({ ...compliant, replace: sameCidDoesNothing }, NATIVE)

    expect(await setup.api.query(REPLACE, { input: { id, clear: ['NAME'] } })).toEqual(ignored('name', null, 'old'))
    isStillThere(setup)
  })

  it.each([
    ['natively', NATIVE, ['GET /pins/old', 'POST /pins/old']],
    ['by a second add', ADD_THEN_REMOVE, ['GET /pins/old', 'POST /pins']],
  ])('is the refusal of a service that takes no second pin of a CID, %s', async (_how, provider, requests) => {
    await using setup = await startWithOld({ ...compliant, checks: [noSecondPin] }, provider)

    const refusal: ErrorParts = {
      code: 'BAD_REQUEST',
      message: 'one answered 400 DUPLICATE_OBJECT: Object already pinned',
      service: 'one',
    }
    expect(await setup.api.query(REPLACE, { input: { id, name: 'new' } })).toEqual({
      data: { replacePin: failedPayload(refusal, { replacedId: null }) },
    })
    expect(requestsAt(setup.service)).toEqual(requests)
    isStillThere(setup)
  })

  it('is an error with the new pin as candidate where the service replaces, but gives it the old name', async () => {
    await using setup = await startWithOld({ ...compliant, replace: takesOver('name') }, NATIVE)
    const { service, api } = setup

    const answer = await api.query(REPLACE, { input: { id, name: 'new' } })

    const [current, ...others] = service.pins(ALICE)
    expect([current?.requestId === 'old', others]).toEqual([false, []])
    expect(answer).toEqual(
      ignored('name', 'new', 'old', [{ id: current && idOf(current), name: 'old', meta: OLD.meta }]),
    )
  })

  it('is an error without a second pin where pinql adds one, and that has the old name', async () => {
    const nameless: ProviderProfile = { ...compliant, keep: (body) => ({ ...body, name: 'old' }) }
    await using setup = await startWithOld(nameless, ADD_THEN_REMOVE)
    const { service, api } = setup

    expect(await api.query(REPLACE, { input: { id, name: 'new' } })).toEqual(ignored('name', 'new', 'old'))
    const [added] = service.requests.filter(({ method }) => method === 'DELETE')
    expect(requestsAt(service)).toEqual(['GET /pins/old', 'POST /pins', `DELETE ${added?.path}`])
    expect(added?.path).not.toBe('/pins/old')
    isStillThere(setup)
  })

  it('is an error where the answer was lost, and the new pin is found with the old name', async () => {
    await using setup = await startWithOld({ ...compliant, replace: takesOver('name') }, NATIVE)
    const { service, api } = setup
    service.hooks.afterCommit = () => {
      service.hooks.afterCommit = undefined
      return 'drop'
    }

    const answer = await api.query(REPLACE, { input: { id, name: 'new' } })

    const [current] = service.pins(ALICE)
    expect(answer).toEqual(
      ignored('name', 'new', 'old', [{ id: current && idOf(current), name: 'old', meta: OLD.meta }]),
    )
  })

  it('is an error where the new content is pinned already, and that pin is answered: the old pin stays', async () => {
    await using setup = await startSetup({ provider: ADD_THEN_REMOVE })
    const { service, api } = setup
    service.seed(ALICE, [
      { cid: exampleCid(2), name: 'other', requestId: 'other' },
      { ...OLD, requestId: 'old' },
    ])
    giveFirstPin(setup)

    expect(await api.query(REPLACE, { input: { id, cid: exampleCid(2) } })).toEqual(ignored('name', 'old', 'other'))
    // The answer shows little, so the pin is read before it is judged.
    expect(requestsAt(service)).toEqual(['GET /pins/old', 'POST /pins', 'GET /pins/other'])
    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual(['other', 'old'])
  })

  it('succeeds with the same key once the service applies it', async () => {
    let mode: ReplaceMode = sameCidDoesNothing
    const replace: ReplaceMode = (old, body, actions) => mode(old, body, actions)
    await using setup = await startWithOld({ ...compliant, replace }, NATIVE)
    const input = { id, name: 'new', idempotencyKey: 'k' }
    const first = await setup.api.query(REPLACE, { input })
    expect(first.data.replacePin).toMatchObject({ pin: null, error: { argument: 'input.name' }, idempotencyKey: 'k' })

    mode = addThenRemove
    const { data } = await setup.api.query(REPLACE, { input })

    expect(data.replacePin).toMatchObject({ pin: { name: 'new' }, error: null, replacedId: id })
    expect(setup.service.pins(ALICE)).toHaveLength(1)
  })

  it('is none where the new content has a name of its own', async () => {
    await using setup = await startWithOld({ ...compliant, replace: sameCidDoesNothing }, NATIVE)

    const { data } = await setup.api.query(REPLACE, { input: { id, cid: exampleCid(2), name: 'new' } })

    expect(data.replacePin).toMatchObject({ pin: { name: 'new' }, error: null })
  })
})

describe('new meta that a service leaves undone', () => {
  it('is an error where the service answers with the old pin', async () => {
    await using setup = await startWithOld({ ...compliant, replace: sameCidDoesNothing }, NATIVE)

    const meta = { app: 'shop' }
    expect(await setup.api.query(REPLACE, { input: { id, meta } })).toEqual(ignored('meta', meta, OLD.meta))
    isStillThere(setup)
  })

  it('is an error where the old pin had none, at a service that is known to keep it', async () => {
    await using setup = await startWithOld({ ...compliant, replace: sameCidDoesNothing }, NATIVE, { meta: null })
    const meta = { app: 'shop' }

    expect(await setup.api.query(REPLACE, { input: { id, meta } })).toEqual(ignored('meta', meta, {}))
    // The answer was the old pin, and says nothing of what the service does with the meta of others.
    expect(await setup.api.query('{ services { capabilities { keepsMeta } } }')).toEqual({
      data: { services: [{ capabilities: { keepsMeta: true } }] },
    })
  })

  it('is an error where it was to be taken away', async () => {
    await using setup = await startWithOld({ ...compliant, replace: sameCidDoesNothing }, NATIVE)

    expect(await setup.api.query(REPLACE, { input: { id, clear: ['META'] } })).toEqual(ignored('meta', {}, OLD.meta))
    isStillThere(setup)
  })

  it('is an error with the new pin as candidate where the service replaces, but keeps the old meta', async () => {
    await using setup = await startWithOld({ ...compliant, replace: takesOver('meta') }, NATIVE)
    const { service, api } = setup
    const meta = { app: 'shop' }

    const answer = await api.query(REPLACE, { input: { id, name: 'new', meta } })

    const [current] = service.pins(ALICE)
    expect(answer).toEqual(
      ignored('meta', meta, OLD.meta, [{ id: current && idOf(current), name: 'new', meta: OLD.meta }]),
    )
  })

  it.each(['4everland', null])('is no error at a service that drops all meta (%s)', async (provider) => {
    await using setup = await startWithOld(fourEverland, provider)
    const { service, api } = setup

    const answer = await api.query(REPLACE, { input: { id, name: 'new', meta: { app: 'shop' } } })

    const [current] = service.pins(ALICE)
    expect(answer.data.replacePin).toMatchObject({
      pin: { id: current && idOf(current), name: 'new', meta: {} },
      error: null,
      replacedId: id,
    })
  })
})

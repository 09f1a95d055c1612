import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError, UnchangedPinError } from '../../src/domain/change-errors.ts'
import { parseCid } from '../../src/domain/cid.ts'
import type { Pin } from '../../src/domain/pin.ts'
import type { PinChanges } from '../../src/upstream/writes/replacement.ts'
import { compliant } from '../support/providers/compliant.ts'
import type { EmulatedPin } from '../support/providers/emulated-pin.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import type { ProviderProfile } from '../support/providers/provider-profile.ts'
import { addThenRemove, ignoresAll, ignoresMeta, ignoresName } from '../support/providers/replace-modes.ts'
import { jsonReply } from '../support/providers/wire-reply.ts'
import {
  ALICE,
  loseFirstAnswer,
  newPin,
  refOf,
  requestsAt,
  startWriteSetup,
  type WriteSetup,
  type WriteSetupOptions,
} from '../support/writes/start-write-setup.ts'

const OLD = newPin(1, { name: 'old', meta: { app: 'blog' } })
const SHOP = { app: 'shop' }
const NATIVE: WriteSetupOptions = { capabilities: { keepsMeta: true } }
const BY_TWO_STEPS: WriteSetupOptions = { capabilities: { keepsMeta: true, replace: 'add-then-remove' } }

/** All pins have the same name, whatever is sent. */
const oneName: ProviderProfile = { ...compliant, keep: (body) => ({ ...body, name: 'old' }) }

async function replaceOld({ service, tenant, run }: WriteSetup, changes: PinChanges, prepare = (): void => {}) {
  const old = await run(tenant.addPin(OLD, 'old'))
  const before = service.pins(ALICE)
  service.resetLog()
  prepare()
  const replace = () => run(tenant.replacePin(refOf(old), changes, 'key').catch((error: Error) => error))
  return { old, before, outcome: await replace(), again: replace }
}

/** The error for a part of the old pin that stayed. */
function expectIgnored(outcome: unknown, part: 'name' | 'meta', wanted: unknown): void {
  const [expected, received] = [wanted, OLD[part]].map((value) => JSON.stringify(value))
  expect(outcome).toBeInstanceOf(UnchangedPinError)
  expect(outcome).toMatchObject({ code: 'BAD_REQUEST', service: 'one', argument: part, expected, received })
  expect(outcome).toMatchObject({
    message: `one accepted the replacement, but its ${part} had no effect: expected ${expected}, got ${received}`,
    candidates: [],
  })
}

/** The parts of each pin that a client chose. Left out: the id, and pinql's own entry in `meta`. */
function bodiesOf(pins: readonly EmulatedPin[]) {
  return pins.map(({ cid, name, meta }) => ({ cid, name, app: meta?.app }))
}

/** From now on the service answers each POST with the pin that is there, and adds none. */
function answerWith({ service }: WriteSetup, there: Pin): void {
  const { requestId, cid, name, meta, created } = there
  service.hooks.afterCommit = ({ method }, reply) => {
    if (method !== 'POST') return undefined
    service.removeDirectly(ALICE, JSON.parse(String(reply.body)).requestid)
    const pin = { cid: cid.text, name, meta }
    return jsonReply(200, { requestid: requestId, status: 'pinned', created: created.text, pin, delegates: [] })
  }
}

describe('a service that answers a replacement with success, and leaves the pin as it was', () => {
  it.each([
    ['a name in place', ignoresName, { name: 'new' }, 'name'],
    ['the name that goes', ignoresName, { name: null }, 'name'],
    ['meta', ignoresMeta, { meta: SHOP }, 'meta'],
    ['meta that goes', ignoresMeta, { meta: {} }, 'meta'],
    ['a name where nothing is done', ignoresAll, { name: 'new' }, 'name'],
    // Where all three parts are given, the old pin is not read.
    ['all parts where nothing is done', ignoresAll, { name: 'new', meta: SHOP, origins: [] }, 'name'],
    ['new meta of a pin that is not read', ignoresMeta, { name: 'old', meta: SHOP, origins: [] }, 'meta'],
    ['meta that goes of a pin that is not read', ignoresMeta, { name: 'old', meta: {}, origins: [] }, 'meta'],
    ['new meta where nothing is done', ignoresAll, { name: 'old', meta: SHOP, origins: [] }, 'meta'],
    ['meta that goes where nothing is done', ignoresAll, { name: 'old', meta: {}, origins: [] }, 'meta'],
  ] as const)('gives an error that names the part: %s', async (_what, replace, changes: PinChanges, part) => {
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace } })

    const { before, outcome } = await replaceOld(setup, changes)

    expectIgnored(outcome, part, changes[part])
    expect(bodiesOf(setup.service.pins(ALICE))).toEqual(bodiesOf(before))
  })

  it('names meta, although the name of a pin that is not read did change', async () => {
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace: ignoresMeta } })

    const { outcome } = await replaceOld(setup, { name: 'new', meta: SHOP, origins: [] })

    expectIgnored(outcome, 'meta', SHOP)
    expect(bodiesOf(setup.service.pins(ALICE))).toEqual([{ cid: OLD.cid.text, name: 'new', app: 'blog' }])
  })

  it('may take the same key again, since nothing is on record', async () => {
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace: ignoresAll } })
    const { outcome, again } = await replaceOld(setup, { name: 'new' })
    setup.service.resetLog()

    expect(await again()).toEqual(outcome)
    expect(requestsAt(setup).map((request) => request.split(' ')[0])).toEqual(['GET', 'POST'])
  })

  it('may take the same key for another input, too', async () => {
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace: ignoresAll } })
    const { old, outcome } = await replaceOld(setup, { name: 'new' })
    expectIgnored(outcome, 'name', 'new')

    const replaced = await setup.run(setup.tenant.replacePin(refOf(old), { name: 'old' }, 'key'))

    expect(replaced).toMatchObject({ requestId: old.requestId, name: 'old' })
  })

  it('never reports success because an answer was lost', async () => {
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace: ignoresName } })

    const { before, outcome, again } = await replaceOld(setup, { name: 'new' }, () => loseFirstAnswer(setup))

    expect(outcome).toBeInstanceOf(UnchangedPinError)
    expect(await again()).toBeInstanceOf(UnchangedPinError)
    expect(bodiesOf(setup.service.pins(ALICE))).toEqual(bodiesOf(before))
  })

  it('gives no error where the new name is the old one', async () => {
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace: ignoresAll } })

    const { old, outcome } = await replaceOld(setup, { name: 'old' })

    expect(outcome).toMatchObject({ requestId: old.requestId, name: 'old' })
  })

  it('gives no error at a service that drops all meta anyway', async () => {
    const profile: ProviderProfile = { ...compliant, keep: (body) => ({ ...body, meta: null }) }
    await using setup = await startWriteSetup({ profile })

    const { outcome } = await replaceOld(setup, { meta: { app: 'shop' } })

    expect(outcome).toMatchObject({ name: 'old', meta: {} })
    expect(setup.tenant.capabilities.keepsMeta).toBe(false)
  })
})

describe('a service that replaces by a new pin with the old name', () => {
  it.each<[string, PinChanges]>([
    ['all three are given', { name: 'new', meta: { a: 'b' }, origins: [] }],
    ['all three go', { name: null, meta: {}, origins: [] }],
  ])('gives an error also where the old pin is not read: %s', async (_what, changes) => {
    const replace: typeof addThenRemove = (old, body, actions) =>
      addThenRemove(old, { ...body, name: old.name }, actions)
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace } })

    const { outcome } = await replaceOld(setup, changes)

    expect(requestsAt(setup).map((request) => request.split(' ')[0])).toEqual(['POST'])
    expect(outcome).toBeInstanceOf(UnchangedPinError)
    expect((outcome as UnchangedPinError).candidates).toMatchObject([{ name: 'old' }])
  })

  it('gives the same error for the same key, since the old pin is gone', async () => {
    const replace: typeof addThenRemove = (old, body, actions) =>
      addThenRemove(old, { ...body, name: old.name }, actions)
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace } })

    const { outcome, again } = await replaceOld(setup, { name: 'new' })
    setup.service.resetLog()

    expect(await again()).toEqual(outcome)
    expect(setup.service.count('POST')).toBe(0)
  })

  it('gives an error with the new pin, since the old one is gone', async () => {
    const replace: typeof addThenRemove = (old, body, actions) =>
      addThenRemove(old, { ...body, name: old.name }, actions)
    await using setup = await startWriteSetup({ ...NATIVE, profile: { ...compliant, replace } })

    const { old, outcome } = await replaceOld(setup, { name: 'new' })

    const [there, ...others] = setup.service.pins(ALICE)
    expect(others).toEqual([])
    expect(there?.requestId).not.toBe(old.requestId)
    expect(outcome).toBeInstanceOf(UnchangedPinError)
    expect((outcome as UnchangedPinError).candidates).toMatchObject([{ requestId: there?.requestId, name: 'old' }])
  })

  it('keeps the old pin alone where pinql adds and removes by itself', async () => {
    await using setup = await startWriteSetup({ ...BY_TWO_STEPS, profile: oneName })

    const { before, outcome } = await replaceOld(setup, { name: 'new' })

    expect(outcome).toMatchObject({ code: 'BAD_REQUEST', service: 'one', argument: 'name', candidates: [] })
    expect(setup.service.pins(ALICE)).toEqual(before)
  })

  it('is unknown where the answer has only the CID, and the new pin cannot be read', async () => {
    await using setup = await startWriteSetup(BY_TWO_STEPS)
    const { service } = setup
    const { outcome, again } = await replaceOld(setup, { name: 'new' }, () => {
      service.hooks.afterCommit = ({ method }, answer) => {
        if (method !== 'POST') return undefined
        service.hooks.beforeReply = (read) => (read.method === 'GET' ? jsonReply(500, {}) : undefined)
        const { pin, ...rest } = JSON.parse(String(answer.body))
        return jsonReply(202, { ...rest, pin: { cid: pin.cid } })
      }
    })

    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect((outcome as OutcomeUnknownError).candidates).toHaveLength(1)
    expect(service.pins(ALICE)).toHaveLength(2)

    service.hooks.afterCommit = undefined
    service.hooks.beforeReply = undefined
    await setup.clock.advance(60_000)
    expect(await again()).toMatchObject({ name: 'new' })
    expect(service.pins(ALICE)).toMatchObject([{ name: 'new' }])
  })

  it('keeps the old pin when an answer was lost, too', async () => {
    await using setup = await startWriteSetup({ ...BY_TWO_STEPS, profile: oneName })

    const { before, outcome, again } = await replaceOld(setup, { name: 'new' }, () => loseFirstAnswer(setup))

    expect(outcome).toBeInstanceOf(UnchangedPinError)
    expect(await again()).toBeInstanceOf(UnchangedPinError)
    expect(setup.service.pins(ALICE)).toEqual(before)
  })

  it('reports OUTCOME_UNKNOWN while the second pin cannot be removed, and removes it the next time', async () => {
    await using setup = await startWriteSetup({ ...BY_TWO_STEPS, profile: oneName })
    const { service, tenant, run } = setup
    const breakRemovals = (): void => {
      service.hooks.afterCommit = ({ method }) => {
        if (method === 'POST') service.breakNext(1000)
        return undefined
      }
    }

    const { old, before, outcome, again } = await replaceOld(setup, { name: 'new' }, breakRemovals)

    expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect((outcome as OutcomeUnknownError).candidates).toHaveLength(1)
    service.hooks.afterCommit = undefined
    service.breakNext(0)
    expect(await again()).toBeInstanceOf(UnchangedPinError)
    expect(service.pins(ALICE)).toEqual(before)
    // The key is free again: another input is no conflict.
    const other = run(tenant.replacePin(refOf(old), { name: 'another' }, 'key'))
    await expect(other).rejects.toMatchObject({ code: 'BAD_REQUEST', expected: '"another"' })
  })
})

describe('a service that drops meta and cuts names', () => {
  const profile: ProviderProfile = {
    ...compliant,
    keep: (body) => ({ ...body, meta: null, name: body.name?.slice(0, 5) ?? null }),
  }

  it.each([
    ['natively', 'native', 1, ['POST /pins/old']],
    ['by two steps', 'add-then-remove', 1, ['POST /pins', 'DELETE /pins/old']],
    ['natively, with a new CID', 'native', 2, ['POST /pins/old']],
    ['by two steps, with a new CID', 'add-then-remove', 2, ['POST /pins', 'DELETE /pins/old']],
  ] as const)('replaces, and answers with the cut name: %s', async (_how, replace, n, changes) => {
    await using setup = await startWriteSetup({ profile, capabilities: { replace, multiStatus: true } })
    const { service } = setup

    const { old, outcome } = await replaceOld(setup, { cid: parseCid(exampleCid(n)), name: 'new name' })

    const requests = requestsAt(setup).map((request) => request.replace(old.requestId, 'old'))
    expect(requests).toEqual(['GET /pins/old', 'GET /pins', ...changes])
    const [made, ...others] = service.pins(ALICE)
    expect(made?.requestId).not.toBe(old.requestId)
    expect(others).toEqual([])
    expect(made).toMatchObject({ cid: exampleCid(n), name: 'new n', meta: null })
    expect(outcome).toMatchObject({ requestId: made?.requestId, name: 'new n', meta: {} })
  })
})

describe('a service with one pin per CID', () => {
  it('does not report the existing pin as the old one under its new name', async () => {
    await using setup = await startWriteSetup(BY_TWO_STEPS)
    const old = await setup.run(setup.tenant.addPin(OLD, 'old'))
    const before = setup.service.pins(ALICE)
    answerWith(setup, old)

    const renamed = setup.tenant.replacePin(refOf(old), { name: 'new' }, 'key')

    await expect(setup.run(renamed)).rejects.toMatchObject({ code: 'BAD_REQUEST', argument: 'name' })
    expect(setup.service.pins(ALICE)).toEqual(before)
  })

  it('does not remove the old pin in favour of the pin that another CID has already', async () => {
    await using setup = await startWriteSetup(BY_TWO_STEPS)
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(OLD, 'old'))
    const other = await run(tenant.addPin(newPin(2), 'other'))
    const before = service.pins(ALICE)
    answerWith(setup, other)

    const replaced = tenant.replacePin(refOf(old), { cid: parseCid(exampleCid(2)) }, 'key')

    await expect(run(replaced)).rejects.toMatchObject({ code: 'BAD_REQUEST', service: 'one' })
    expect(service.pins(ALICE)).toEqual(before)
  })

  it('concludes nothing about meta from the existing pin, and does not assume that new meta was kept', async () => {
    await using setup = await startWriteSetup(BY_TWO_STEPS)
    const old = await setup.run(setup.tenant.addPin(newPin(1, { name: 'old', meta: {} }), 'old'))
    answerWith(setup, { ...old, meta: {} })

    const changed = setup.tenant.replacePin(refOf(old), { meta: { app: 'shop' } }, 'key')

    await expect(setup.run(changed)).rejects.toMatchObject({ code: 'BAD_REQUEST', argument: 'meta' })
    expect(setup.tenant.capabilities.keepsMeta).toBe(true)
  })
})

describe('a service that keeps meta, but does not repeat it in its answers', () => {
  it('renames the pin', async () => {
    await using setup = await startWriteSetup(NATIVE)
    const old = await setup.run(setup.tenant.addPin(OLD, 'old'))
    setup.service.hooks.afterCommit = ({ method }, reply) => {
      if (method !== 'POST') return undefined
      const body = JSON.parse(String(reply.body))
      return jsonReply(202, { ...body, pin: { ...body.pin, meta: undefined } })
    }

    const renamed = await setup.run(setup.tenant.replacePin(refOf(old), { name: 'new' }, 'key'))

    expect(renamed.name).toBe('new')
    expect(bodiesOf(setup.service.pins(ALICE))).toMatchObject([{ name: 'new', app: 'blog' }])
  })
})

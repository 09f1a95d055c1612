import { describe, expect, it } from 'vitest'
import { IdempotencyConflictError, OutcomeUnknownError } from '../../src/domain/change-errors.ts'
import { openWriteRecords } from '../../src/upstream/writes/open-write-records.ts'
import { compliant } from '../support/providers/compliant.ts'
import { startEmulatedProvider } from '../support/providers/emulated-provider.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { EPOCH_MS } from '../support/virtual-clock.ts'
import { ALICE, newPin, refOf, requestsAt, startWriteSetup } from '../support/writes/start-write-setup.ts'

const ORIGIN = '/ip4/203.0.113.9/tcp/4001/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN'

describe('an idempotency key', () => {
  it('makes one pin for all callers that use it at the same time or later', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup

    const pins = await run(Promise.all(Array.from({ length: 20 }, () => tenant.addPin(newPin(1), 'key'))))
    const later = await run(tenant.addPin(newPin(1), 'key'))

    expect(new Set([...pins, later].map(({ requestId }) => requestId)).size).toBe(1)
    expect(requestsAt(setup)).toEqual(['POST /pins'])
    expect(service.pins(ALICE)).toHaveLength(1)
  })

  it.each([
    ['another CID', newPin(2)],
    ['another name', newPin(1, { name: 'other' })],
    ['other origins', newPin(1, { origins: [ORIGIN] })],
    ['other meta', newPin(1, { meta: { a: '1' } })],
  ])('is refused for %s, while it is used and after', async (_what, other) => {
    await using setup = await startWriteSetup()
    const { tenant, run } = setup
    const first = tenant.addPin(newPin(1), 'key')

    const conflict = { code: 'IDEMPOTENCY_CONFLICT', service: 'one', idempotencyKey: 'key' }
    await expect(tenant.addPin(other, 'key')).rejects.toMatchObject(conflict)
    await run(first)
    await expect(run(tenant.addPin(other, 'key'))).rejects.toBeInstanceOf(IdempotencyConflictError)
    await expect(run(tenant.replacePin(refOf(await first), newPin(1), 'key'))).rejects.toMatchObject(conflict)
    expect(requestsAt(setup)).toEqual(['POST /pins'])
  })

  it('ignores the order of meta', async () => {
    await using setup = await startWriteSetup()
    const { tenant, run } = setup

    const a = await run(tenant.addPin(newPin(1, { meta: { a: '1', b: '2' } }), 'key'))
    const b = await run(tenant.addPin(newPin(1, { meta: { b: '2', a: '1' } }), 'key'))

    expect(b).toEqual(a)
  })

  it('of a replacement gives the first answer again, though the old pin could not be read any more', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))
    const first = await run(tenant.replacePin(refOf(old), { name: 'new' }, 'key'))
    service.resetLog()

    const again = await run(tenant.replacePin(refOf(old), { name: 'new' }, 'key'))

    expect(again).toEqual(first)
    expect(requestsAt(setup)).toEqual([])
  })

  it('makes one replacement for all callers that use it at the same time, and reads the old pin once', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))
    service.resetLog()

    const rename = () => tenant.replacePin(refOf(old), { name: 'new' }, 'key')
    const pins = await run(Promise.all(Array.from({ length: 20 }, rename)))

    expect(new Set(pins.map(({ requestId }) => requestId)).size).toBe(1)
    expect(requestsAt(setup)).toEqual([`GET /pins/${old.requestId}`, `POST /pins/${old.requestId}`])
    expect(service.pins(ALICE)).toHaveLength(1)
  })

  it.each([
    ['another name', { name: 'other', meta: { a: '1' } }],
    ['a name that goes', { name: null, meta: { a: '1' } }],
    ['no name', { meta: { a: '1' } }],
    ['other meta', { name: 'new', meta: { a: '2' } }],
    ['meta that goes', { name: 'new', meta: {} }],
    ['no meta', { name: 'new' }],
    ['the same CID, but named', { name: 'new', meta: { a: '1' }, cid: newPin(1).cid }],
    ['origins that go', { name: 'new', meta: { a: '1' }, origins: [] }],
  ])('of a replacement is refused for %s', async (_what, other) => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))
    await run(tenant.replacePin(refOf(old), { name: 'new', meta: { a: '1' } }, 'key'))
    const pins = service.pins(ALICE)
    service.resetLog()

    const conflict = { code: 'IDEMPOTENCY_CONFLICT', service: 'one', idempotencyKey: 'key' }
    await expect(run(tenant.replacePin(refOf(old), other, 'key'))).rejects.toMatchObject(conflict)
    await expect(run(tenant.addPin(newPin(1, other), 'key'))).rejects.toMatchObject(conflict)

    expect(requestsAt(setup)).toEqual([])
    expect(service.pins(ALICE)).toEqual(pins)
  })

  it('of a replacement distinguishes a name that is removed from one that stays', async () => {
    await using setup = await startWriteSetup()
    const { tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1, { name: null }), 'old'))
    await run(tenant.replacePin(refOf(old), { meta: { a: '1' } }, 'key'))

    const replaced = run(tenant.replacePin(refOf(old), { meta: { a: '1' }, name: null }, 'key'))

    await expect(replaced).rejects.toBeInstanceOf(IdempotencyConflictError)
  })

  it('of a replacement is refused for another pin', async () => {
    await using setup = await startWriteSetup()
    const { tenant, run } = setup
    const [old, other] = await run(Promise.all([tenant.addPin(newPin(1), 'a'), tenant.addPin(newPin(2), 'b')]))
    await run(tenant.replacePin(refOf(old), { name: 'new' }, 'key'))

    const replaced = run(tenant.replacePin(refOf(other), { name: 'new' }, 'key'))

    await expect(replaced).rejects.toBeInstanceOf(IdempotencyConflictError)
  })

  it('belongs to one token', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, registry, run } = setup

    await run(tenant.addPin(newPin(1), 'key'))
    await run(registry.tenant('one', 'bob-token').addPin(newPin(2), 'key'))

    expect([service.pins('alice-token').length, service.pins('bob-token').length]).toEqual([1, 1])
  })

  it('is completed once it was sent, even if its caller has left', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    const caller = new AbortController()
    service.hooks.beforeReply = ({ method }) => {
      if (method === 'POST') caller.abort(new Error('gone'))
      return undefined
    }

    const pin = await run(tenant.addPin(newPin(1), 'key', { signal: caller.signal }))

    expect(service.pins(ALICE)).toMatchObject([{ requestId: pin.requestId }])
    expect(service.count('POST')).toBe(1)
  })

  it('is not begun if its caller leaves while the old pin is read', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))
    const caller = new AbortController()
    service.resetLog()
    service.hooks.beforeReply = ({ method }) => {
      if (method === 'GET') caller.abort(new Error('gone'))
      return undefined
    }

    const renamed = tenant.replacePin(refOf(old), { name: 'new' }, 'key', { signal: caller.signal })

    await expect(run(renamed)).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE', mayHaveActed: false })
    expect(service.count('POST')).toBe(0)
    service.hooks.beforeReply = undefined
    expect((await run(tenant.replacePin(refOf(old), { name: 'new' }, 'key'))).name).toBe('new')
  })

  it('finds its pin when the tenant returns after a restart, and sends nothing', async () => {
    await using folder = await temporaryFolder()
    await using service = await startEmulatedProvider(compliant)
    const tenantSecret = Buffer.alloc(32, 1)
    const open = () => openWriteRecords(`${folder.path}/writes.db`, () => EPOCH_MS)
    {
      await using writeRecords = await open()
      await using before = await startWriteSetup({ service, tenantSecret, writeRecords })
      service.hooks.beforeReply = () => 'drop'
      await expect(before.run(before.tenant.addPin(newPin(1), 'key'))).rejects.toBeInstanceOf(OutcomeUnknownError)
    }
    service.hooks.beforeReply = undefined
    service.resetLog()
    {
      // The tenant comes back, and the gateway stops again as soon as it has looked.
      await using writeRecords = await open()
      await using between = await startWriteSetup({ service, tenantSecret, writeRecords })
      await between.run(between.tenant.lookupContent(newPin(1).cid))
    }
    expect(service.count('POST')).toBe(0)
    service.hooks.beforeReply = () => 'drop'
    await using writeRecords = await open()
    await using after = await startWriteSetup({ service, tenantSecret, writeRecords })

    const pin = await after.run(after.tenant.addPin(newPin(1), 'key'))

    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId])
  })
})

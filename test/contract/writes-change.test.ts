import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError } from '../../src/domain/change-errors.ts'
import { PinNotFoundError, ServiceUnavailableError } from '../../src/domain/errors.ts'
import { compliant } from '../support/providers/compliant.ts'
import { crust } from '../support/providers/crust.ts'
import { estuary } from '../support/providers/estuary.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { filecoinPin } from '../support/providers/filecoin-pin.ts'
import { functionland } from '../support/providers/functionland.ts'
import { ipfsCluster } from '../support/providers/ipfs-cluster.ts'
import type { PinCheck } from '../support/providers/pin-checks.ts'
import { Refusal } from '../support/providers/refusal.ts'
import { jsonReply } from '../support/providers/wire-reply.ts'
import {
  ALICE,
  loseFirstAnswer,
  newPin,
  refOf,
  requestsAt,
  startWriteSetup,
} from '../support/writes/start-write-setup.ts'

const noDuplicateReplacement: PinCheck = ({ operation }) => {
  if (operation === 'replace') throw new Refusal(400, 'DUPLICATE_OBJECT', 'Object already pinned')
}

describe('replacing a pin', () => {
  it('finds the new pin when the answer was lost, even if the old one is gone', async () => {
    await using setup = await startWriteSetup({ capabilities: { keepsMeta: true } })
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))
    service.resetLog()
    loseFirstAnswer(setup)

    const pin = await run(tenant.replacePin(refOf(old), newPin(2), 'key'))

    expect(service.pins(ALICE).map(({ requestId }) => requestId)).toEqual([pin.requestId])
    expect(requestsAt(setup)).toEqual([`POST /pins/${old.requestId}`, 'GET /pins'])
  })

  it('reports PIN_NOT_FOUND if the pin to replace does not exist, at every kind of service', async () => {
    for (const [profile, provider] of [
      [compliant, undefined],
      [functionland, 'functionland'],
      [ipfsCluster, 'ipfs-cluster'],
    ] as const) {
      await using setup = await startWriteSetup({ profile, ...(provider && { provider }) })
      const { service, tenant, run } = setup
      const gone = { service: 'one', requestId: exampleCid(1), cid: exampleCid(1) }

      await expect(run(tenant.replacePin(gone, newPin(1), 'key'))).rejects.toBeInstanceOf(PinNotFoundError)
      await expect(run(tenant.replacePin(gone, { name: 'new' }, 'other'))).rejects.toBeInstanceOf(PinNotFoundError)
      expect(service.pins(ALICE)).toEqual([])
      // The second one is known to be gone before anything is sent.
      expect(service.count('POST')).toBeLessThanOrEqual(1)
    }
  })

  it('adds the new pin before it removes the old one, where the service would do it the other way round', async () => {
    await using setup = await startWriteSetup({ profile: functionland, provider: 'functionland' })
    const { tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))
    setup.service.resetLog()

    await run(tenant.replacePin(refOf(old), newPin(2), 'key'))

    expect(requestsAt(setup)).toEqual([`GET /pins/${old.requestId}`, 'POST /pins', `DELETE /pins/${old.requestId}`])
  })

  it.each([
    ['by another CID', newPin(2), { cid: exampleCid(2), name: 'pin 2' }],
    ['by another name', { name: 'new' }, { cid: exampleCid(1), name: 'new' }],
  ])(
    'finishes a replacement %s whose old pin could not be removed when it is sent again',
    async (_how, changes, made) => {
      await using setup = await startWriteSetup({ profile: functionland, provider: 'functionland' })
      const { service, tenant, run } = setup
      const old = await run(tenant.addPin(newPin(1), 'old'))
      service.hooks.afterCommit = ({ method }) => {
        if (method === 'POST') service.breakNext(1000)
        return undefined
      }

      const outcome = await run(tenant.replacePin(refOf(old), changes, 'key').catch((error) => error))
      expect(outcome).toBeInstanceOf(OutcomeUnknownError)
      expect(outcome.candidates).toMatchObject([{ cid: { text: made.cid }, name: made.name }])

      service.hooks.afterCommit = undefined
      service.breakNext(0)
      const pin = await run(tenant.replacePin(refOf(old), changes, 'key'))
      expect(service.pins(ALICE)).toMatchObject([{ requestId: pin.requestId, ...made }])
    },
  )

  it.each([
    ['by another CID', newPin(2, { name: 'new' }), []],
    ['by its own CID', newPin(1, { name: 'new' }), []],
    ['by another name', { name: 'new' }, ['GET']],
  ])(
    'is refused, and leaves both pins alone, where the service takes no second one %s (#43)',
    async (_how, changes, reads) => {
      await using setup = await startWriteSetup({ profile: { ...compliant, checks: [noDuplicateReplacement] } })
      const { service, tenant, run } = setup
      const old = await run(tenant.addPin(newPin(1), 'old'))
      await run(tenant.addPin(newPin(2), 'other'))
      const before = service.pins(ALICE)
      service.resetLog()

      const replaced = run(tenant.replacePin(refOf(old), changes, 'key'))

      await expect(replaced).rejects.toMatchObject({ code: 'BAD_REQUEST', service: 'one' })
      expect(requestsAt(setup)).toEqual([...reads, 'POST'].map((method) => `${method} /pins/${old.requestId}`))
      expect(service.pins(ALICE)).toEqual(before)
    },
  )

  it('notices that a service keeps the old CID, corrects the pin, and remembers it', async () => {
    await using setup = await startWriteSetup({ profile: filecoinPin })
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))

    const pin = await run(tenant.replacePin(refOf(old), newPin(2), 'a'))
    expect(tenant.capabilities.replace).toBe('add-then-remove')
    expect(service.pins(ALICE).map(({ cid }) => cid)).toEqual([exampleCid(2)])

    service.resetLog()
    await run(tenant.replacePin(refOf(pin), newPin(3), 'b'))
    expect(service.count('POST', /^\/pins\/./)).toBe(0)
    expect(service.pins(ALICE).map(({ cid }) => cid)).toEqual([exampleCid(3)])
  })

  it('adds again by the same CID where the request id is the CID, which would unpin it otherwise', async () => {
    await using setup = await startWriteSetup({ profile: ipfsCluster, provider: 'ipfs-cluster' })
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))

    await run(tenant.replacePin(refOf(old), newPin(1, { name: 'new' }), 'key'))

    expect(service.pins(ALICE).map(({ cid, name }) => [cid, name])).toEqual([[exampleCid(1), 'new']])
    expect(service.count('DELETE')).toBe(0)
  })

  it('does not list the old pin, though its id can still be read (#22)', async () => {
    await using setup = await startWriteSetup({ profile: estuary })
    const { tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))

    await run(tenant.replacePin(refOf(old), newPin(2), 'key'))

    expect(await run(tenant.lookupContent(newPin(1).cid))).toEqual([])
    expect(await run(tenant.getPin(old.requestId))).toMatchObject({ requestId: old.requestId })
  })
})

describe('removing a pin', () => {
  it('treats a 404 as success after a removal whose answer was lost, in the same call and in the next', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    loseFirstAnswer(setup)
    await run(tenant.removePin(pin.requestId))
    expect(service.count('DELETE')).toBe(2)

    const [seeded] = service.seed(ALICE, [{ cid: exampleCid(2) }])
    service.hooks.beforeReply = ({ method }) => (method === 'DELETE' ? 'drop' : undefined)
    await expect(run(tenant.removePin(seeded?.requestId ?? ''))).rejects.toBeInstanceOf(ServiceUnavailableError)
    service.hooks.beforeReply = undefined
    await run(tenant.removePin(seeded?.requestId ?? ''))
    await expect(run(tenant.removePin(seeded?.requestId ?? ''))).rejects.toBeInstanceOf(PinNotFoundError)
  })

  it('says that it may have been made where its answer was lost and the next try is refused for the rate', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    service.resetLog()
    loseFirstAnswer(setup)
    service.hooks.beforeReply = () => ({ ...jsonReply(429, {}), headers: { 'retry-after': '60' } })

    await expect(run(tenant.removePin(pin.requestId))).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      mayHaveActed: true,
    })
    expect(requestsAt(setup)).toEqual(Array(2).fill(`DELETE /pins/${pin.requestId}`))
  })

  it('does not treat a first 404 as success after a refusal', async () => {
    await using setup = await startWriteSetup()
    const { service, tenant, run } = setup
    service.hooks.beforeReply = () => {
      service.hooks.beforeReply = undefined
      return jsonReply(429, {})
    }

    await expect(run(tenant.removePin('nowhere'))).rejects.toBeInstanceOf(PinNotFoundError)
  })

  it('cannot tell a wrong id from a right one where the service does not (#4)', async () => {
    await using setup = await startWriteSetup({ profile: crust })

    await expect(setup.run(setup.tenant.removePin('nowhere'))).resolves.toBeUndefined()
  })
})

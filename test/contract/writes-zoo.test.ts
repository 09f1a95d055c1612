import { describe, expect, it } from 'vitest'
import { OutcomeUnknownError } from '../../src/domain/change-errors.ts'
import { BadRequestError, PinNotFoundError } from '../../src/domain/errors.ts'
import { allProviders } from '../support/providers/all-providers.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { ALICE, loseFirstAnswer, newPin, refOf, startWriteSetup } from '../support/writes/start-write-setup.ts'

/** The members that pinql knows, by the name of the provider. */
const PROVIDERS: Readonly<Record<string, string>> = {
  filebase: 'filebase',
  pinata: 'pinata',
  '4everland': '4everland',
  functionland: 'functionland',
  'ipfs-cluster': 'ipfs-cluster',
  'helia-server': 'helia',
  'filecoin-pin': 'filecoin-pin',
  crust: 'crust',
}

const members = allProviders.flatMap((profile) => {
  const provider = PROVIDERS[profile.name]
  return [
    { name: `${profile.name}, a stranger`, profile, options: { profile } },
    ...(provider ? [{ name: profile.name, profile, options: { profile, provider } }] : []),
  ]
})

describe.each(members)('writes at $name', ({ name, profile, options }) => {
  it('add a pin once when the first answer is lost, or report OUTCOME_UNKNOWN', async () => {
    await using setup = await startWriteSetup(options)
    const { service, tenant, run } = setup
    await run(tenant.addPin(newPin(1), 'earlier'))
    loseFirstAnswer(setup)

    const outcome = await run(tenant.addPin(newPin(2), 'key').catch((error) => error))

    const added = service.pins(ALICE).filter(({ cid }) => cid === exampleCid(2))
    expect(added).toHaveLength(1)
    // Its lists of several statuses are empty, and nobody knows it yet: then they prove nothing.
    if (name === 'filecoin-pin, a stranger') return expect(outcome).toBeInstanceOf(OutcomeUnknownError)
    expect(outcome).toMatchObject({ requestId: added[0]?.requestId, cid: { text: exampleCid(2) } })
    const again = await run(tenant.addPin(newPin(2), 'key'))
    expect(again.requestId).toBe(added[0]?.requestId)
    expect(service.count('POST')).toBe(2)
  })

  it('never show the operation in meta', async () => {
    await using setup = await startWriteSetup(options)
    const { service, tenant, run } = setup

    const pin = await run(tenant.addPin(newPin(1, { meta: { app: 'blog' } }), 'key'))

    expect(pin.meta).not.toHaveProperty(['pinql.op'])
    expect(pin.meta.app).toBe(profile.name === '4everland' ? undefined : 'blog')
    const read = await run(tenant.getPin(pin.requestId))
    expect(read.meta).toEqual(pin.meta)
    const post = service.requests.find(({ method }) => method === 'POST')
    expect(JSON.parse(post?.body ?? '').meta).toEqual({
      app: 'blog',
      'pinql.op': expect.stringMatching(/^[0-9a-f]{32}$/),
    })
  })

  it('leave one pin, the new one, when a pin is replaced (#21, #22)', async () => {
    await using setup = await startWriteSetup(options)
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))

    const pin = await run(tenant.replacePin(refOf(old), newPin(2), 'key'))

    expect(pin.cid.text).toBe(exampleCid(2))
    expect(service.pins(ALICE).map(({ cid, name }) => [cid, name])).toEqual([[exampleCid(2), 'pin 2']])
  })

  it('leave one pin when it is replaced by the same CID (#18, #21), or say what the service said', async () => {
    await using setup = await startWriteSetup(options)
    const { service, tenant, run } = setup
    const old = await run(tenant.addPin(newPin(1), 'old'))

    const outcome = await run(tenant.replacePin(refOf(old), newPin(1, { name: 'new' }), 'key').catch((error) => error))

    const isRefused = profile.name === 'web3-storage'
    if (isRefused) expect(outcome).toBeInstanceOf(BadRequestError)
    const pins = service.pins(ALICE).map(({ cid, name }) => [cid, name])
    expect(pins).toEqual([[exampleCid(1), isRefused ? 'pin 1' : 'new']])
  })

  it('remove a pin once, whatever is lost (#4), and say when there was none', async () => {
    await using setup = await startWriteSetup(options)
    const { service, tenant, run } = setup
    const pin = await run(tenant.addPin(newPin(1), 'key'))
    loseFirstAnswer(setup)

    await run(tenant.removePin(pin.requestId))

    expect(service.pins(ALICE)).toEqual([])
    const second = await run(tenant.removePin('nowhere').catch((error) => error))
    if (profile.removeUnknown) expect(second).toBeInstanceOf(PinNotFoundError)
    else expect(second).toBeUndefined()
  })
})

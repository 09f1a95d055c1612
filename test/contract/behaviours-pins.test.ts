import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Pin } from '../../src/domain/pin.ts'
import { progressOf } from '../../src/domain/pin-info.ts'
import { crust } from '../support/providers/crust.ts'
import { estuary } from '../support/providers/estuary.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { filebase } from '../support/providers/filebase.ts'
import { filecoinPin } from '../support/providers/filecoin-pin.ts'
import { fourEverland } from '../support/providers/four-everland.ts'
import { functionland } from '../support/providers/functionland.ts'
import { ipfsCluster } from '../support/providers/ipfs-cluster.ts'
import { nftStorage } from '../support/providers/nft-storage.ts'
import { pinata } from '../support/providers/pinata.ts'
import { quicknodeShapes } from '../support/providers/quicknode-shapes.ts'
import { rbDemo } from '../support/providers/rb-demo.ts'
import { web3Storage } from '../support/providers/web3-storage.ts'
import { ALL, ids, seed, stranger } from '../support/zoo/seed-and-drain.ts'
import { ALICE, startZooCase } from '../support/zoo/start-zoo-case.ts'

describe('pins', () => {
  it.each([rbDemo, estuary, filebase])('#19 keeps an id unchanged, and escapes it in paths: $name', async (profile) => {
    await using started = await startZooCase({ profile, provider: stranger })
    const { service, tenant } = started
    service.seed(ALICE, [{ cid: exampleCid(1) }, { cid: exampleCid(2), requestId: 'a/b?c#d%2F=é' }])
    for (const { requestId } of service.pins(ALICE)) {
      expect((await tenant.getPin(requestId)).requestId).toBe(requestId)
    }
  })

  it('#20 reads `requestId` for `requestid`', async () => {
    await using started = await startZooCase({ profile: quicknodeShapes, provider: stranger })
    const expected = seed(started.service, 3)
    expect(ids(await started.tenant.collectPins(ALL))).toEqual(expected)
  })

  it.each([web3Storage, rbDemo, functionland, nftStorage, estuary, fourEverland])(
    '#23 reads null, absent and empty alike: $name',
    async (profile) => {
      await using started = await startZooCase({ profile, provider: profile === fourEverland ? '4everland' : stranger })
      seed(started.service, 1)
      const [pin] = (await started.tenant.collectPins(ALL)) as [Pin]
      expect(pin).toMatchObject({ name: null, origins: [], meta: {} })
      expect(pin.info).toEqual(expect.any(Object))
    },
  )

  it.each([filebase, fourEverland, crust])('#24 treats a name that is the CID as no name: $name', async (profile) => {
    await using started = await startZooCase({ profile, provider: profile.name })
    const { service, tenant } = started
    seed(service, 1)
    expect(service.pins(ALICE)[0]?.name).toBe(exampleCid(0))
    expect((await tenant.collectPins(ALL))[0]?.name).toBeNull()
    expect((await tenant.getPin(service.pins(ALICE)[0]?.requestId as string)).name).toBeNull()
    expect(await tenant.collectPins({ ...ALL, name: 'baf', match: 'partial' })).toEqual([])
    expect(await tenant.countPins({ ...ALL, name: 'baf', match: 'partial' })).toBe(0)
  })

  it.each([filecoinPin, nftStorage, pinata, ipfsCluster])(
    '#26 accepts any number of delegates: $name',
    async (profile) => {
      await using started = await startZooCase({ profile, provider: stranger })
      seed(started.service, 1)
      expect((await started.tenant.collectPins(ALL))[0]?.delegates).toHaveLength(profile === ipfsCluster ? 24 : 0)
    },
  )

  it.each([web3Storage, estuary])('#27 drops fields that the specification does not have: $name', async (profile) => {
    await using started = await startZooCase({ profile, provider: stranger })
    seed(started.service, 1)
    const [pin] = (await started.tenant.collectPins(ALL)) as [Pin]
    const known = ['cid', 'created', 'delegates', 'info', 'meta', 'name', 'origins', 'requestId', 'service', 'status']
    expect(Object.keys(pin).sort()).toEqual(known)
    expect(inspect(pin, { depth: null })).not.toMatch(/authKey|internal-|peerId|content/)
  })

  it('#28 shows values that are no text as JSON', async () => {
    await using started = await startZooCase({ profile: quicknodeShapes, provider: stranger })
    seed(started.service, 1, { meta: { app: 'x' } })
    const [pin] = (await started.tenant.collectPins(ALL)) as [Pin]
    expect(pin.meta).toEqual({ app: 'x', replicas: '3', regions: '{"eu":true}' })
    expect(pin.info).toEqual({ pinned: 'true', size: '1024' })
  })

  it('#44 shows any status after any other, and progress beside it', async () => {
    await using started = await startZooCase({
      profile: { ...filecoinPin, bornAs: 'failed' },
      provider: 'filecoin-pin',
    })
    const { service, tenant } = started
    const [requestId] = seed(service, 1, { status: 'failed' }) as [string]
    for (const status of ['failed', 'pinned', 'failed', 'queued'] as const) {
      service.setStatus(ALICE, requestId, status)
      const pin = await tenant.getPin(requestId)
      expect(pin.status).toBe(status)
      expect(progressOf(pin)).toMatchObject({ blocks: 12, totalBlocks: 13 })
    }
  })
})

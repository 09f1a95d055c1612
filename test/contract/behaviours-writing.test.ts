import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { PinNotFoundError } from '../../src/domain/errors.ts'
import { compliant } from '../support/providers/compliant.ts'
import { startEmulatedProvider } from '../support/providers/emulated-provider.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { filebase } from '../support/providers/filebase.ts'
import { filecoinPin } from '../support/providers/filecoin-pin.ts'
import { functionland } from '../support/providers/functionland.ts'
import { ipfsCluster } from '../support/providers/ipfs-cluster.ts'
import { nftStorage } from '../support/providers/nft-storage.ts'
import { pinata } from '../support/providers/pinata.ts'
import { rbDemo } from '../support/providers/rb-demo.ts'
import { openClient } from '../support/upstream/open-client.ts'
import { ALL, ids, seed } from '../support/zoo/seed-and-drain.ts'
import { ALICE, startZooCase } from '../support/zoo/start-zoo-case.ts'

describe('writing', () => {
  const client = ({ endpoint }: { endpoint: string }) => openClient({ name: 'one', endpoint })
  const options = { token: ALICE }
  const NEW = { cid: parseCid(exampleCid(1)), name: 'one', origins: [], meta: {} }

  it.each([pinata, ipfsCluster, rbDemo, filebase, compliant])(
    '#1 accepts 200 as well as 202 for an add and a replacement: $name',
    async (profile) => {
      await using service = await startEmulatedProvider(profile)
      await using one = client(service)
      const added = await one.addPin(NEW, options)
      const replaced = await one.replacePin(added.requestId, { ...NEW, cid: parseCid(exampleCid(2)) }, options)
      expect(ids(service.pins(ALICE))).toEqual([replaced.requestId])
    },
  )

  it.each([
    ['#2 takes "OK" as text for a removal', pinata],
    ['#3 takes an empty body that claims to be JSON for a removal', filebase],
    ['#3 takes an empty body that claims to be JSON for a removal', nftStorage],
  ])('%s: $name', async (_, profile) => {
    await using service = await startEmulatedProvider(profile)
    await using one = client(service)
    const [requestId] = seed(service, 1) as [string]
    await one.removePin(requestId, options)
    expect(service.pins(ALICE)).toEqual([])
  })

  it('#41 sends the four known fields and no other, since some refuse more', async () => {
    await using service = await startEmulatedProvider(functionland)
    await using one = client(service)
    await one.addPin({ ...NEW, meta: { a: 'b' } }, options)
    expect(service.pins(ALICE)).toMatchObject([{ name: 'one', meta: { a: 'b' } }])
  })

  it.each([functionland, ipfsCluster])(
    '#45 shows the time that is stored once a pin is read: $name',
    async (profile) => {
      await using started = await startZooCase({ profile, provider: profile.name })
      await using one = client(started.service)
      const added = await one.addPin(NEW, options)
      const read = await started.tenant.getPin(added.requestId)
      expect(read.created).not.toEqual(added.created)
      expect((await started.tenant.collectPins(ALL))[0]?.created).toEqual(read.created)
    },
  )

  it('#47 reports a pin that is gone as not found, without further conclusions', async () => {
    await using started = await startZooCase({ profile: filecoinPin, provider: 'filecoin-pin' })
    const [requestId] = seed(started.service, 1) as [string]
    await started.tenant.getPin(requestId)
    started.service.forgetAll()
    await expect(started.tenant.getPin(requestId)).rejects.toThrow(PinNotFoundError)
    expect(await started.tenant.collectPins(ALL)).toEqual([])
  })
})

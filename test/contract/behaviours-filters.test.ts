import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { crust } from '../support/providers/crust.ts'
import type { EmulatedPin } from '../support/providers/emulated-pin.ts'
import { exampleCid, exampleCidV0 } from '../support/providers/example-cid.ts'
import { filecoinPin } from '../support/providers/filecoin-pin.ts'
import { fourEverland } from '../support/providers/four-everland.ts'
import { functionland } from '../support/providers/functionland.ts'
import { heliaServer } from '../support/providers/helia-server.ts'
import { ipfsCluster } from '../support/providers/ipfs-cluster.ts'
import { pinata } from '../support/providers/pinata.ts'
import { rbDemo } from '../support/providers/rb-demo.ts'
import { createEmulatedTenant } from '../support/zoo/emulated-tenant.ts'
import { ALL, at, drain, ids, seed, stranger } from '../support/zoo/seed-and-drain.ts'
import { ALICE, startZooCase } from '../support/zoo/start-zoo-case.ts'

describe('filters', () => {
  it.each([
    [heliaServer, 'helia'],
    [heliaServer, stranger],
    [functionland, 'functionland'],
    [crust, 'crust'],
    [filecoinPin, 'filecoin-pin'],
  ])('#35 finds what has a CID, and nothing else, in either version: $name as $1', async (profile, provider) => {
    await using started = await startZooCase({ profile, provider })
    seed(started.service, 20)
    const [, , stored] = started.service.pins(ALICE) as EmulatedPin[]
    for (const cid of [exampleCid(2), exampleCidV0(2)]) {
      expect(ids(await started.tenant.collectPins({ ...ALL, cids: [parseCid(cid)] }))).toEqual([stored?.requestId])
      expect(ids([...(await started.tenant.lookupContent(parseCid(cid)))])).toEqual([stored?.requestId])
    }
    if (profile === heliaServer) expect(started.tenant.capabilities.cidFilter).toBe('loose')
  })

  it.each([
    [fourEverland, '4everland', { ...ALL, name: 'photo', match: 'partial' }, 1],
    [fourEverland, '4everland', { ...ALL, name: 'photo', match: 'partial' }, 10],
    [heliaServer, 'helia', { ...ALL, cids: [parseCid(exampleCid(0))] }, 1],
    [functionland, 'functionland', { statuses: ['failed'] }, 1],
  ] as const)(
    '#35, #39 asks for more at a time the less it finds: $name',
    async (profile, provider, query, expected) => {
      const service = createEmulatedTenant(profile, { provider })
      for (let n = 0; n < 500; n++) {
        const rare = n === 0 ? { name: 'holiday photo', status: 'failed' as const } : { name: `file ${n}` }
        service.store.add({ cid: exampleCid(n), status: 'pinned', ...rare })
      }
      expect(await drain(service.tenant, query, expected)).toHaveLength(1)
      // One by one they would be 50 to 500.
      expect(service.requests).toBeLessThan(10)
    },
  )

  it('#36 applies the other filters itself if a service ignores them beside `cid`', async () => {
    await using started = await startZooCase({ profile: ipfsCluster, provider: 'ipfs-cluster' })
    seed(started.service, 3)
    const cids = [parseCid(exampleCid(1))]
    expect(await started.tenant.collectPins({ statuses: ['failed'], cids })).toEqual([])
    expect(await started.tenant.collectPins({ statuses: ['pinned'], cids })).toHaveLength(1)
  })

  it.each([rbDemo, pinata, crust])('#36 never asks for more CIDs than a list takes: $name', async (profile) => {
    await using started = await startZooCase({ profile: { ...profile, headers: () => ({}) }, provider: stranger })
    seed(started.service, 35)
    const cids = Array.from({ length: 35 }, (_, n) => parseCid(exampleCid(n)))
    expect(await started.tenant.collectPins({ ...ALL, cids })).toHaveLength(35)
    // Nine CIDs a list, and one list that shows that several statuses work.
    expect(started.service.count('GET', '/pins')).toBe(5)
  })

  it('#38 keeps the head of a request within what the service reads, however long the token', async () => {
    const token = 't'.repeat(7000)
    await using started = await startZooCase({ profile: ipfsCluster, provider: stranger }, { tokens: [token, ALICE] })
    seed(started.service, 10)
    const tenant = started.registry.tenant('one', token)
    const cids = Array.from({ length: 10 }, (_, n) => parseCid(exampleCid(n)))
    expect(await tenant.collectPins({ ...ALL, cids })).toHaveLength(10)
  })

  it.each([
    [fourEverland, '4everland'],
    [crust, 'crust'],
    [filecoinPin, 'filecoin-pin'],
  ])('#39 compares names itself where the service cannot: $name', async (profile, provider) => {
    await using started = await startZooCase({ profile, provider })
    const names = ['Alpha', 'alpha', 'Alphabet', 'other']
    started.service.seed(
      ALICE,
      names.map((name, n) => ({ cid: exampleCid(n), name, created: at(-n) })),
    )
    const find = async (name: string, match: 'exact' | 'iexact' | 'partial' | 'ipartial') =>
      (await started.tenant.collectPins({ ...ALL, name, match })).map((pin) => pin.name)
    expect(await find('alpha', 'exact')).toEqual(['alpha'])
    expect(await find('ALPHA', 'iexact')).toEqual(['Alpha', 'alpha'])
    expect(await find('lphab', 'partial')).toEqual(['Alphabet'])
    expect(await find('alPHa', 'ipartial')).toEqual(['Alpha', 'alpha', 'Alphabet'])
  })

  it.each([
    [functionland, 'functionland'],
    [heliaServer, stranger],
    [rbDemo, stranger],
    [crust, stranger],
  ])('#40 compares meta itself where the service does otherwise: $name as $1', async (profile, provider) => {
    await using started = await startZooCase({ profile, provider })
    const metas = [{ app: 'x', env: 'y' }, { app: 'x' }, null]
    const stored = started.service.seed(
      ALICE,
      metas.map((meta, n) => ({ cid: exampleCid(n), meta, created: at(n) })),
    )
    const meta = { app: 'x', env: 'y' }
    expect(ids(await started.tenant.collectPins({ ...ALL, meta }))).toEqual([stored[0]?.requestId])
    const sent = started.service.requests.map(({ query }) => query.get('meta')).filter((text) => text !== null)
    expect(sent.every((text) => text === JSON.stringify(meta))).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../src/domain/pin.ts'
import { PinStream } from '../../src/upstream/reading/streams/pin-stream.ts'
import { compliant } from '../support/providers/compliant.ts'
import { crust } from '../support/providers/crust.ts'
import { estuary } from '../support/providers/estuary.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { filebase } from '../support/providers/filebase.ts'
import { filecoinPin } from '../support/providers/filecoin-pin.ts'
import { functionland } from '../support/providers/functionland.ts'
import { ipfsCluster } from '../support/providers/ipfs-cluster.ts'
import { nftStorage } from '../support/providers/nft-storage.ts'
import { pinata, pinataOldestFirst } from '../support/providers/pinata.ts'
import { rbDemo } from '../support/providers/rb-demo.ts'
import { web3Storage } from '../support/providers/web3-storage.ts'
import { createTestRegistry } from '../support/upstream/create-test-registry.ts'
import { ALL, at, drain, ids, SECOND, seed, stranger } from '../support/zoo/seed-and-drain.ts'
import { ALICE, startZooCase } from '../support/zoo/start-zoo-case.ts'

describe('lists', () => {
  it('#5 treats 404 as an empty list at providers that answer so', async () => {
    await using started = await startZooCase({ profile: functionland, provider: 'functionland' })
    expect(await started.tenant.collectPins(ALL)).toEqual([])
    expect(await started.tenant.countPins(ALL)).toBe(0)
    expect(await started.tenant.lookupContent(parseCid(exampleCid(1)))).toEqual([])
  })

  it.each([nftStorage, functionland])(
    '#5 learns that 404 is an empty list, with one more list: $name',
    async (profile) => {
      await using started = await startZooCase({ profile, provider: stranger })
      expect(await started.tenant.lookupContent(parseCid(exampleCid(1)))).toEqual([])
      const requests = started.service.count('GET')
      expect(await started.tenant.reads.listPins({ statuses: ['pinned'], limit: 10 })).toEqual({ count: 0, pins: [] })
      // The third list shows that the status filter hides nothing.
      expect(started.service.count('GET') - requests).toBe(2)
      expect(started.lessons).toEqual([{ capability: 'emptyListIs404', proof: 'a list without pins was 404' }])
    },
  )

  it('#5 treats 404 for an unknown path as a wrong endpoint, for every operation', async () => {
    await using started = await startZooCase({ profile: { ...compliant, basePath: '/psa' }, provider: stranger })
    const wrong = started.service.endpoint.replace('/psa', '/other')
    await using registry = createTestRegistry([{ name: 'one', endpoint: wrong, token: ALICE, provider: null }], 'one')
    const listed = registry.tenant('one', ALICE).collectPins(ALL)
    await expect(listed).rejects.toMatchObject({ code: 'SERVICE_ERROR', httpStatus: 404 })
  })

  it('#5 learns that 404 is an empty list from a stranger that has listed before, and says so once', async () => {
    await using started = await startZooCase({ profile: nftStorage, provider: stranger })
    const [requestId] = seed(started.service, 1) as [string]
    expect(ids(await started.tenant.collectPins(ALL))).toEqual([requestId])
    started.service.removeDirectly(ALICE, requestId)

    expect(await started.tenant.collectPins(ALL)).toEqual([])
    expect(await started.tenant.collectPins(ALL)).toEqual([])
    expect(started.lessons).toEqual([{ capability: 'emptyListIs404', proof: 'a list without pins was 404' }])
  })

  it('#5 treats a web page with 404 as a wrong endpoint, never as an empty list', async () => {
    const page = {
      status: 404,
      headers: { 'content-type': 'text/html' },
      body: '<html><title>Not Found</title></html>',
    }
    await using started = await startZooCase({ profile: functionland, provider: 'functionland' })
    started.service.hooks.beforeReply = () => page
    await expect(started.tenant.collectPins(ALL)).rejects.toThrow(
      /^one answered 404 with a web page: check its endpoint$/,
    )
    await expect(started.tenant.getPin('x')).rejects.toThrow(MalformedResponseError)
  })

  it('#6 treats null as no results, and ignores a count that contradicts it', async () => {
    await using started = await startZooCase({ profile: estuary, provider: stranger })
    seed(started.service, 15, { status: 'failed' })
    expect(await started.tenant.reads.listPins({ statuses: ['pinned'], limit: 10 })).toEqual({ count: 15, pins: [] })
    expect(await started.tenant.collectPins({ statuses: ['pinned'] })).toEqual([])
    expect(await started.tenant.countPins({ statuses: ['pinned'] })).toBe(0)
    expect(await started.tenant.countPins(ALL)).toBe(15)
  })

  it.each([rbDemo, pinata])('#7 always sends a limit, whatever the default: $name', async (profile) => {
    await using started = await startZooCase({ profile, provider: stranger })
    const expected = seed(started.service, 25)
    expect(ids(await started.tenant.collectPins(ALL))).toEqual(expected)
    expect(started.service.requests.filter(({ query }) => !query.has('limit'))).toEqual([])
  })

  it('#7 proves nothing by a list without a limit, since the largest page may be the default', async () => {
    await using started = await startZooCase({ profile: filecoinPin, provider: stranger })
    seed(started.service, 25)
    await expect(started.tenant.collectPins(ALL)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
    expect(started.service.requests.filter(({ query }) => !query.has('limit'))).toEqual([])
  })

  it.each([filebase, pinata])('#8 always sends the statuses, whatever the default: $name', async (profile) => {
    await using started = await startZooCase({ profile, provider: stranger })
    seed(started.service, 1, { status: 'failed' })
    started.service.seed(ALICE, [{ cid: exampleCid(9) }])
    expect(await started.tenant.collectPins(ALL)).toHaveLength(2)
    expect((await started.tenant.collectPins({ statuses: ['pinned'] })).map(({ status }) => status)).toEqual(['pinned'])
    expect(started.service.requests.every(({ query }) => query.has('status'))).toBe(true)
  })

  it('#9 learns that a query for several statuses finds nothing, and then requests each status by itself', async () => {
    await using started = await startZooCase({ profile: filecoinPin, provider: stranger })
    const { service, tenant, lessons } = started
    const expected = PIN_STATUSES.flatMap((status, n) =>
      ids(service.seed(ALICE, [{ cid: exampleCid(n), status, created: at(n) }])),
    ).reverse()
    expect(ids(await tenant.collectPins(ALL))).toEqual(expected)
    expect(lessons.map(({ capability }) => capability)).toEqual(['multiStatus'])
    service.resetLog()
    expect(ids(await tenant.collectPins(ALL))).toEqual(expected)
    expect(service.requests.map(({ query }) => query.get('status'))).toEqual([...PIN_STATUSES])
  })

  it('#9 does not conclude from a pin that was added between two lists that several statuses find nothing', async () => {
    await using started = await startZooCase({ profile: compliant, provider: stranger })
    const { service, tenant, lessons } = started
    service.hooks.beforeReply = () => {
      service.hooks.beforeReply = undefined
      seed(service, 1, { status: 'pinned' })
      return undefined
    }
    expect((await tenant.reads.listPins({ ...ALL, limit: 10 })).pins).toEqual([])
    expect(service.requests.map(({ query }) => query.get('status'))).toEqual([
      'queued,pinning,pinned,failed',
      'pinned',
      'queued,pinning,pinned,failed',
      'queued,pinning,failed',
    ])
    expect(lessons).toEqual([])
    expect(tenant.capabilities).toMatchObject({ multiStatus: true, cidFilter: 'exact' })
    service.resetLog()
    // What the list had to find out otherwise is known by now.
    expect((await tenant.reads.listPins({ ...ALL, limit: 10 })).pins).toHaveLength(1)
    expect(service.requests).toHaveLength(1)
  })

  it('#10 sends the statuses even where all are wanted, since some demand them', async () => {
    await using started = await startZooCase({ profile: web3Storage, provider: stranger })
    const expected = seed(started.service, 3)
    expect(ids(await started.tenant.collectPins(ALL))).toEqual(expected)
  })

  it.each([web3Storage, nftStorage, ipfsCluster])(
    '#11 shows no pin twice where `before` is inclusive: $name',
    async (profile) => {
      await using started = await startZooCase({ profile, provider: stranger })
      const expected = seed(started.service, 45)
      const stream = new PinStream(started.tenant.reads, ALL, { expected: 10 })
      const seen: string[] = []
      for (let next = await stream.peek(); next; next = await stream.peek()) {
        seen.push(next.requestId)
        stream.shift()
      }
      expect(seen).toEqual(expected)
      const border = new Date(Number(at(20) / 1_000_000n)).toISOString()
      expect(ids(await started.tenant.collectPins({ ...ALL, before: border }))).toEqual(expected.slice(25))
    },
  )

  it.each([
    ['rounded up', functionland, 'functionland', 'loose'],
    ['rounded down', crust, 'crust', 'loose'],
    ['ignored', filecoinPin, 'filecoin-pin', 'unusable'],
  ] as const)('#12 pages on where `before` is %s', async (_, profile, provider, trust) => {
    await using started = await startZooCase({ profile, provider })
    const pins = Array.from({ length: 40 }, (_, n) => ({
      cid: exampleCid(n),
      created: at(n >> 2, BigInt(n) * 1_000_000n),
    }))
    const stored = started.service.seed(ALICE, pins)
    const before = new Date(Number(at(5) / 1_000_000n) + 500).toISOString()
    const older = stored.filter(({ created }) => created < at(5, SECOND / 2n))
    const found = await started.tenant.collectPins({ ...ALL, before })
    expect(new Set(ids(found))).toEqual(new Set(ids(older)))
    expect(await started.tenant.collectPins(ALL)).toHaveLength(40)
    expect(started.tenant.capabilities.timeFilter).toBe(trust)
  })

  it('#12 learns that `before` is ignored, and reads the whole list', async () => {
    const { list } = compliant
    const ignoring = { ...compliant, list: ((pins, query) => list(pins, without(query, 'before'))) as typeof list }
    await using started = await startZooCase({ profile: ignoring, provider: stranger })
    const expected = seed(started.service, 100)
    expect(await drain(started.tenant, ALL, 20)).toEqual(expected)
    expect(started.lessons).toEqual([
      { capability: 'timeFilter', proof: 'a list had pins far from the time asked for' },
    ])
  })

  it.each([filebase, crust, ipfsCluster])('#13 keeps pins of one second apart: $name', async (profile) => {
    await using started = await startZooCase({ profile, provider: stranger })
    seed(started.service, 50, { created: at(7) })
    const seen = await drain(started.tenant, ALL, 3)
    expect(new Set(seen)).toEqual(new Set(ids(started.service.pins(ALICE))))
  })

  it('#13 reports an error if more pins share an instant than a list can hold', async () => {
    await using started = await startZooCase({ profile: filebase, provider: 'filebase' })
    seed(started.service, 1001, { created: at(7) })
    await expect(started.tenant.collectPins(ALL)).rejects.toThrow(/^one has more than 1000 pins of one instant/)
  })

  it.each([
    [filebase, '2020-09-13T08:26:40-04:00'],
    [web3Storage, '2020-09-13T12:26:40.12+00:00'],
    [estuary, '2020-09-13T12:26:40.120000789Z'],
  ])('#14 keeps the text of a time, to all its digits: $name', async (profile, created) => {
    await using started = await startZooCase({ profile, provider: stranger })
    seed(started.service, 1, { created: at(0, profile === estuary ? 120_000_789n : 120_000_000n) })
    const [pin] = (await started.tenant.collectPins(ALL)) as [Pin]
    expect(pin.created.text).toBe(created)
  })

  it('#15 compares instants and not texts, across a change to daylight saving time', async () => {
    await using started = await startZooCase({ profile: filebase, provider: 'filebase' })
    const { service, tenant } = started
    // New York, 2021-11-07: 01:30 comes twice.
    const times = ['05:15:00Z', '05:30:00Z', '06:20:00Z', '06:40:00Z'].map((time) => `2021-11-07T${time}`)
    const stored = service.seed(
      ALICE,
      times.map((created, n) => ({ cid: exampleCid(n), created })),
    )
    const found = await tenant.collectPins(ALL)
    expect(ids(found)).toEqual(ids(stored).reverse())
    expect(found.map(({ created }) => created.text)).toEqual([
      '2021-11-07T01:40:00-05:00',
      '2021-11-07T01:20:00-05:00',
      '2021-11-07T01:30:00-04:00',
      '2021-11-07T01:15:00-04:00',
    ])
    expect(ids(await tenant.collectPins({ ...ALL, after: '2021-11-07T01:30:00-04:00' }))).toEqual(
      ids(stored.slice(2)).reverse(),
    )
  })

  it.each([
    [pinataOldestFirst, 'oldest-first'],
    [ipfsCluster, 'none'],
  ] as const)('#16 sorts the lists of $name itself, and learns that it must', async (profile, order) => {
    await using started = await startZooCase({ profile: { ...profile, headers: () => ({}) }, provider: stranger })
    const expected = seed(started.service, 200)
    expect(ids(await started.tenant.collectPins(ALL))).toEqual(expected)
    expect(started.tenant.capabilities.order).toBe(order)
    expect(started.lessons.filter(({ capability }) => capability === 'order')).toHaveLength(1)
  })

  it.each([
    [pinataOldestFirst, 'pinata'],
    [ipfsCluster, 'ipfs-cluster'],
    [ipfsCluster, stranger],
  ])(
    '#16 reads more than one list can hold, though they come in no useful order: $name as $1',
    async (profile, provider) => {
      await using started = await startZooCase({ profile: { ...profile, headers: () => ({}) }, provider })
      const expected = seed(started.service, 2500)
      expect(ids(await started.tenant.collectPins(ALL))).toEqual(expected)
    },
  )

  it('#16 reports an error if a service has more pins than it lists, and the rest cannot be reached', async () => {
    await using started = await startZooCase({ profile: filecoinPin, provider: 'filecoin-pin' })
    seed(started.service, 1001)
    await expect(started.tenant.collectPins(ALL)).rejects.toThrow(/cuts the list at 1000: the rest cannot be reached$/)
  })

  it.each([
    [pinata, 'pinata'],
    [functionland, 'functionland'],
    [filecoinPin, 'filecoin-pin'],
    [pinata, stranger],
    [functionland, stranger],
    [estuary, stranger],
    [web3Storage, stranger],
  ])(
    '#17 pages to the end by what comes, not by the count, and counts right or not at all: $name as $1',
    async (profile, provider) => {
      await using started = await startZooCase({ profile: { ...profile, headers: () => ({}) }, provider })
      const expected = seed(started.service, 60)
      const failed = ids(started.service.seed(ALICE, [{ cid: exampleCid(99), status: 'failed', created: at(-1) }]))
      for (const query of [ALL, { statuses: ['pinned'] as const }]) {
        const right = query === ALL ? [...expected, ...failed] : expected
        const stream = new PinStream(started.tenant.reads, query, { expected: 20 })
        const seen: string[] = []
        for (let next = await stream.peek(); next; next = await stream.peek()) {
          seen.push(next.requestId)
          stream.shift()
        }
        expect(seen).toEqual(right)
        expect([null, right.length]).toContain(stream.count)
        expect([null, right.length]).toContain(await started.tenant.countPins(query))
      }
    },
  )

  it('#37 requests long lists for a CID, since it may have many pins', async () => {
    await using started = await startZooCase({ profile: filebase, provider: 'filebase' })
    seed(started.service, 30, { cid: exampleCid(1) })
    expect(await started.tenant.lookupContent(parseCid(exampleCid(1)))).toHaveLength(30)
    expect(started.service.requests.map(({ query }) => query.get('limit'))).toEqual(['1000'])
  })
})

function without(query: URLSearchParams, parameter: string): URLSearchParams {
  const rest = new URLSearchParams(query)
  rest.delete(parameter)
  return rest
}

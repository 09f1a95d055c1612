import { describe, expect, it } from 'vitest'
import type { SeedPin } from '../../../support/providers/emulated-pins.ts'
import type { EmulatedProvider } from '../../../support/providers/emulated-provider.ts'
import { exampleCid, exampleCidV0 } from '../../../support/providers/example-cid.ts'
import { ALICE, ALL_STATUSES, allBut, ask, listNames, observeAll } from '../../../support/zoo/observe-zoo.ts'

const ALL = `${ALL_STATUSES}&limit=1000`
/** For filecoin-pin, which cannot take several statuses, all pins are `pinned` and this is what is asked. */
const PINNED = 'status=pinned&limit=1000'

/** Pins named `a`, `b`, … of different content, one a second from 12:00:00. */
function seedNamed(service: EmulatedProvider, count: number, change: Partial<SeedPin> = {}): void {
  service.seed(
    ALICE,
    Array.from({ length: count }, (_, n) => ({
      cid: exampleCid(n),
      name: String.fromCharCode(97 + n),
      created: `2023-03-01T12:00:${String(n).padStart(2, '0')}Z`,
      ...change,
    })),
  )
}

describe('how each service lists', () => {
  it('orders newest first, oldest first, or not at all (#16)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 8)
      return (await listNames(service, PINNED)).join('')
    })

    expect(seen).toEqual(
      allBut('hgfedcba', { 'pinata-oldest-first': 'abcdefgh', 'ipfs-cluster': seen['ipfs-cluster'] as string }),
    )
    expect([...(seen['ipfs-cluster'] ?? '')].sort().join('')).toBe('abcdefgh')
    expect(['abcdefgh', 'hgfedcba']).not.toContain(seen['ipfs-cluster'])
  })

  it('shows the newest of a short page, or the oldest where the limit comes before the order (#16)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 8)
      return (await listNames(service, 'status=pinned&limit=3')).join('')
    })

    expect(seen).toEqual(
      allBut('hgf', {
        'pinata-oldest-first': 'abc',
        'filecoin-pin': 'cba',
        'ipfs-cluster': seen['ipfs-cluster'] as string,
      }),
    )
  })

  it('has a default limit of 10, 1, or none (#7)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 20)
      return (await listNames(service, 'status=pinned')).length
    })

    expect(seen).toEqual(allBut(10, { pinata: 20, 'pinata-oldest-first': 20, 'filecoin-pin': 20, 'rb-demo': 1 }))
  })

  it('refuses a limit above 1000, except where there is none', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 1)
      return (await ask(service, 'GET', '/pins?status=pinned&limit=1001')).status
    })

    expect(seen).toEqual(allBut(400, { 'ipfs-cluster': 200 }))
  })

  it('shows pinned ones or all when no status is asked for, or refuses that (#8, #10)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 1)
      service.seed(ALICE, [{ cid: exampleCid(9), name: 'z', status: 'failed' }])
      const { status, json } = await ask(service, 'GET', '/pins?limit=10')
      return status === 200 ? json.results.length : json.reason
    })

    expect(seen).toEqual(
      allBut<unknown>(2, {
        compliant: 1,
        pinata: 1,
        'pinata-oldest-first': 1,
        'rb-demo': 1,
        'nft-storage': 1,
        estuary: 1,
        'quicknode-shapes': 1,
        'web3-storage': 'PSA_REQUIRED_DATA',
      }),
    )
  })

  it('finds several statuses at once, or none (#9)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 2)
      return (await listNames(service, ALL)).length
    })

    expect(seen).toEqual(allBut(2, { 'filecoin-pin': 0 }))
  })

  it('applies the status after the limit at Functionland, so that a page is short while more follow', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 4)
      service.seed(ALICE, [{ cid: exampleCid(9), name: 'z', status: 'failed', created: '2023-03-01T13:00:00Z' }])
      const { json } = await ask(service, 'GET', '/pins?status=pinned&limit=2')
      return [json.results.length, json.count]
    })

    expect(seen.functionland).toEqual([1, 5])
    expect(seen.compliant).toEqual([2, 4])
  })

  it('refuses a status that it does not know, finds nothing, or drops it', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 2)
      return (await listNames(service, 'status=pinned,undefined&limit=10')).length
    })

    expect(seen).toEqual(allBut(0, { 'ipfs-cluster': 2 }))
  })

  it('takes `before` as exclusive, inclusive, rounded, or not at all (#11, #12)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 4)
      return (await listNames(service, `${PINNED}&before=2023-03-01T12:00:02Z`)).sort().join('')
    })

    expect(seen).toEqual(
      allBut('ab', { 'ipfs-cluster': 'abc', 'web3-storage': 'abc', 'nft-storage': 'abc', 'filecoin-pin': 'abcd' }),
    )
  })

  it('rounds a `before` with a fraction up or down to seconds (#12)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 4)
      return (await listNames(service, `${PINNED}&before=2023-03-01T12:00:02.500Z`)).sort().join('')
    })

    expect(seen).toEqual(allBut('abc', { crust: 'ab', 'filecoin-pin': 'abcd' }))
    const withFractions = await observeAll(async (service) => {
      service.seed(ALICE, [
        { cid: exampleCid(1), name: 'early', created: '2023-03-01T12:00:02.4Z' },
        { cid: exampleCid(2), name: 'late', created: '2023-03-01T12:00:02.6Z' },
      ])
      return (await listNames(service, `${PINNED}&before=2023-03-01T12:00:02.5Z`)).length
    })
    expect([withFractions.compliant, withFractions.functionland]).toEqual([1, 2])
  })

  it('understands `before` with any offset, as an instant', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 4)
      return (await listNames(service, `${PINNED}&before=${encodeURIComponent('2023-03-01T07:00:02-05:00')}`)).length
    })

    expect(seen).toEqual(allBut(2, { 'ipfs-cluster': 3, 'web3-storage': 3, 'nft-storage': 3, 'filecoin-pin': 4 }))
  })

  it('counts what is left, everything, or the page (#17)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 8)
      const { json } = await ask(service, 'GET', '/pins?status=pinned&limit=2&before=2023-03-01T12:00:05Z')
      return json.count
    })

    expect(seen).toEqual(
      allBut(5, {
        pinata: 8,
        'pinata-oldest-first': 8,
        estuary: 8,
        'filecoin-pin': 2,
        // Inclusive: one more.
        'ipfs-cluster': 6,
        'web3-storage': 6,
        'nft-storage': 6,
      }),
    )
  })

  it('finds several CIDs, ignores the filter, or takes it for one text (#35)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 4)
      return (await listNames(service, `${PINNED}&cid=${exampleCid(1)},${exampleCid(2)}`)).sort().join('')
    })

    expect(seen).toEqual(allBut('bc', { 'helia-server': 'abcd', 'filecoin-pin': '' }))
  })

  it('knows content by its other CID version, or not (#35)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 4)
      return (await listNames(service, `${PINNED}&cid=${exampleCidV0(1)}`)).sort().join('')
    })

    expect(seen).toEqual(allBut('b', { 'helia-server': 'abcd', 'filecoin-pin': '', functionland: '', crust: '' }))
  })

  it('refuses more than ten CIDs, cuts them off, or finds them all (#36)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 12)
      const cids = Array.from({ length: 12 }, (_, n) => exampleCid(n)).join(',')
      const { status, json } = await ask(service, 'GET', `/pins?${PINNED}&cid=${cids}`)
      return status === 200 ? json.results.length : status
    })

    expect(seen).toEqual(
      allBut(400, {
        functionland: 12,
        'ipfs-cluster': 12,
        'helia-server': 12,
        'filecoin-pin': 0,
        crust: 12,
        'rb-demo': 10,
      }),
    )
  })

  it('takes at most nine repeated `cid` parameters at Crust (#36)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 12)
      const cids = Array.from({ length: 10 }, (_, n) => `cid=${exampleCid(n)}`).join('&')
      return (await ask(service, 'GET', `/pins?${PINNED}&${cids}`)).status
    })

    expect(seen).toEqual(allBut(200, { crust: 400 }))
  })

  it('lets `cid` win over all other filters at ipfs-cluster (#36)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 1)
      return (await listNames(service, `status=failed&name=other&cid=${exampleCid(0)}`)).length
    })

    expect(seen).toEqual(allBut(0, { 'ipfs-cluster': 1 }))
  })

  it('shows all pins of a CID, one where the id is the CID (#37, #18)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 12, { cid: exampleCid(1) })
      return (await listNames(service, `${PINNED}&cid=${exampleCid(1)}`)).length
    })

    expect(seen).toEqual(allBut(12, { 'ipfs-cluster': 1, 'nft-storage': 1 }))
  })

  it('matches names in the four ways, or in its own (#39)', async () => {
    const seen = await observeAll(async (service) => {
      const names = ['Alpha', 'alpha', 'Alphabet', 'unrelated']
      service.seed(
        ALICE,
        names.map((name, n) => ({ cid: exampleCid(n), name, created: `2023-03-01T12:00:0${n}Z` })),
      )
      const found = async (match: string, name: string) =>
        (await listNames(service, `${PINNED}&match=${match}&name=${name}`)).length
      return [
        (await listNames(service, `${PINNED}&name=Alpha`)).length,
        await found('exact', 'Alpha'),
        await found('iexact', 'ALPHA'),
        await found('partial', 'lpha'),
        await found('ipartial', 'alpha'),
      ]
    })

    expect(seen).toEqual(
      allBut([1, 1, 2, 3, 3], {
        '4everland': [1, 1, 4, 0, 4],
        'filecoin-pin': [2, 2, 0, 3, 1],
        crust: [1, 1, 2, 3, 0],
      }),
    )
  })

  it('filters by all of meta, the first pair, stray parameters, or not at all; or keeps none (#25, #40)', async () => {
    const seen = await observeAll(async (service) => {
      service.seed(ALICE, [
        { cid: exampleCid(1), name: 'both', meta: { app: 'x', env: 'y' } },
        { cid: exampleCid(2), name: 'first', meta: { app: 'x' } },
        { cid: exampleCid(3), name: 'none' },
      ])
      const meta = encodeURIComponent(JSON.stringify({ app: 'x', env: 'y' }))
      return [
        (await listNames(service, `${PINNED}&meta=${meta}`)).length,
        (await listNames(service, `${PINNED}&app=x&env=y`)).length,
      ]
    })

    expect(seen).toEqual(
      allBut([1, 3], {
        '4everland': [0, 3],
        functionland: [3, 3],
        'helia-server': [3, 3],
        'filecoin-pin': [3, 3],
        crust: [3, 1],
        'rb-demo': [2, 3],
      }),
    )
  })

  it('answers a filter that it cannot read with 400, or 500 (#32)', async () => {
    const seen = await observeAll(async (service) => {
      seedNamed(service, 1)
      return (await ask(service, 'GET', '/pins?status=pinned&after=yesterday')).status
    })

    expect(seen).toEqual(allBut(400, { 'ipfs-cluster': 500, 'filecoin-pin': 200 }))
  })

  it('misses a new pin in the first list after its POST at web3.storage (#46)', async () => {
    const seen = await observeAll(async (service) => {
      await ask(service, 'POST', '/pins', { cid: exampleCid(1) })
      const one = 'status=queued&limit=10'
      return [(await listNames(service, one)).length, (await listNames(service, one)).length]
    })

    expect(seen).toEqual(allBut([1, 1], { 'web3-storage': [0, 1] }))
  })
})

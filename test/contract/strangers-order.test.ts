import { describe, expect, it } from 'vitest'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { PIN_STATUSES, type Pin, type PinStatus } from '../../src/domain/pin.ts'
import type { PinPosition } from '../../src/domain/pin-order.ts'
import { PinStream } from '../../src/upstream/reading/streams/pin-stream.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { createPlainService, createStrangerWith, every } from '../support/grammar/create-stranger.ts'
import type { NewGrammarPin, RandomService } from '../support/grammar/random-service.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { createTenantOver } from '../support/zoo/emulated-tenant.ts'
import { ALL, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

/** One pin a minute. */
const pinsOf = (count: number, pinOf: (n: number) => Partial<NewGrammarPin>): NewGrammarPin[] =>
  Array.from({ length: count }, (_, n) => ({ created: at(n * 60), status: 'pinned', isOdd: false, ...pinOf(n) }))

const statusOf = (n: number): PinStatus => (n % 3 === 0 ? (PIN_STATUSES[n % 4] as PinStatus) : 'pinned')
const MIXED = pinsOf(60, (n) => ({ status: statusOf(n), cid: exampleCid(n % 7), name: n % 5 === 0 ? 'site' : `${n}` }))
const ALIKE = pinsOf(60, () => ({}))

async function firstPage(tenant: Tenant): Promise<unknown> {
  return tenant.openStreams(ALL, { expected: 10 })[0]?.take(10)
}

/** Ten pins behind a position. */
async function readPage(tenant: Tenant, after: PinPosition | null): Promise<Pin[]> {
  return new PinStream(tenant.reads, ALL, { after, expected: 10 }).take(10)
}

const walk = (tenant: Tenant): Promise<unknown> => readInPages({ tenant }, ALL, [10])

/** Number of requests of each reading. */
async function costsOf(
  service: RandomService,
  tenant: Tenant,
  reads: readonly ((tenant: Tenant) => Promise<unknown>)[],
) {
  const costs: number[] = []
  for (const read of reads) {
    const before = service.requests
    await read(tenant)
    costs.push(service.requests - before)
  }
  return costs
}

describe('the order of lists', () => {
  it('#16 is proven by one request, once, where pages mix statuses, CIDs and names', async () => {
    const { service, tenant } = createStrangerWith({}, MIXED)
    expect(await costsOf(service, tenant, [firstPage, firstPage, walk])).toEqual([2, 1, 6])
  })

  it('#16 is checked by one request for each first page, and two or three for those after it, where all pins are alike', async () => {
    const { service, tenant } = createStrangerWith({}, ALIKE)
    // The first reading also shows that several statuses work.
    expect(await costsOf(service, tenant, [firstPage, firstPage, walk, walk])).toEqual([3, 2, 9, 9])
    const longer = createStrangerWith(
      {},
      pinsOf(950, () => ({})),
    )
    const pages = 95
    expect(await costsOf(longer.service, longer.tenant, [firstPage, walk])).toEqual([3, pages + 1 + 3])
  })

  it('#16 is not looked at for a count', async () => {
    const longer = pinsOf(1_200, () => ({}))
    const { service, tenant } = createStrangerWith({}, longer)
    const count = async () => expect(await tenant.countPins({ statuses: ['pinned'] })).toBe(null)
    expect(await costsOf(service, tenant, [count, count])).toEqual([1, 1])
  })

  it('#16 is believed where it is configured', async () => {
    const service = createPlainService({}, ALIKE)
    const settings = { name: 'test', provider: null, capabilities: { order: 'newest-first' } } as const
    const tenant = createTenantOver(service, settings)
    expect(await costsOf(service, tenant, [firstPage, firstPage, walk, walk])).toEqual([2, 1, 6, 6])
  })

  it.each([
    { what: 'whose pins are mixed', pins: MIXED },
    { what: 'whose pins are alike', pins: ALIKE },
  ])('costs a known provider nothing, in an account $what', async ({ pins }) => {
    const service = createPlainService({ count: 'matching' }, pins)
    const capabilities = { count: 'matching', multiStatus: true } as const
    const tenant = createTenantOver(service, { name: 'known', provider: null, capabilities })
    expect(await costsOf(service, tenant, [firstPage, firstPage, walk, walk])).toEqual([1, 1, 6, 6])
  })

  it('#16 is disproved by newer pins that a page lacks', async () => {
    const order = { by: 'status', first: PIN_STATUSES.toSorted(), inside: 'newest-first' } as const
    const { tenant } = createStrangerWith({ order }, MIXED)
    expect(await readInPages({ tenant }, ALL, [10])).toHaveLength(MIXED.length)
    expect(tenant.reads.known.lessons.map(({ capability }) => capability)).toEqual(['order'])
    expect(tenant.capabilities.order).toBe('none')
  })

  it('#16 is disproved by the newer part of a page whose pins all lie in one second', async () => {
    const order = { by: 'meta', first: 'lowest', inside: 'newest-first' } as const
    const pins = every(400, 5).map((created, n) => {
      const parts = { status: statusOf(n), cid: exampleCid((n * 5) % 7), name: n % 5 === 0 ? 'site' : `${n}` }
      return { created, isOdd: false, meta: { region: n % 3 === 1 ? 'b' : 'a' }, ...parts }
    })
    const { tenant } = createStrangerWith({ order }, pins)
    expect(await readInPages({ tenant }, ALL, [30])).toHaveLength(pins.length)
    expect(tenant.capabilities.order).toBe('none')
  })

  it('#16 that cannot be found out is an error that names the settings which would tell it', async () => {
    const rules = { order: 'none', bounds: 'after ignored', largestPage: { pins: 50, beyond: 'cut' } } as const
    const { tenant } = createStrangerWith(rules, ALIKE)
    await expect(walk(tenant)).rejects.toThrow(
      /cannot be reached. Configure `provider`, or `capabilities`, if it is known/,
    )
  })

  describe('#16 of a service whose first page shows only one of its runs', () => {
    const order = { by: 'meta', first: 'lowest', inside: 'newest-first' } as const
    const mixed = (n: number): Partial<NewGrammarPin> => ({
      status: statusOf(n),
      cid: exampleCid((n * 5) % 7),
      name: n % 5 === 0 ? 'site' : `${n}`,
    })
    const inRegions = (regionOf: (n: number) => string): NewGrammarPin[] =>
      pinsOf(700, (n) => ({ ...mixed(n), meta: { region: regionOf(n) } }))
    const accounts = [
      { what: 'a region of one pin in fifty', pins: inRegions((n) => (n % 50 === 1 ? 'b' : 'a')) },
      // Listed as they came: 60 new ones, then those of the import, then the others.
      {
        what: 'pins that were imported with older times',
        pins: inRegions((n) => (n > 640 ? 'a' : n < 300 ? 'b' : 'c')),
      },
    ]

    it.each(accounts.flatMap((account) => [10, 30].map((size) => ({ size, ...account }))))(
      'is disproved by the counts of pages of $size: $what',
      async ({ pins, size }) => {
        const { tenant } = createStrangerWith({ order, count: 'matching' }, pins)
        await expect(readInPages({ tenant }, ALL, [size])).rejects.toThrow(MalformedResponseError)
        expect(tenant.capabilities.order).toBe('none')
        expect(await readInPages({ tenant }, ALL, [size])).toHaveLength(pins.length)
      },
    )

    it.each(accounts)('is disproved by the first page, if that is long enough: $what', async ({ pins }) => {
      const { tenant } = createStrangerWith({ order }, pins)
      expect(await readInPages({ tenant }, ALL, [100])).toHaveLength(pins.length)
    })

    it('costs one request where pins were removed during a walk', async () => {
      const { service, tenant } = createStrangerWith({ count: 'matching' }, pinsOf(700, mixed))
      await walk(tenant)
      const first = await readPage(tenant, null)
      await tenant.removePin('r3')
      expect(await costsOf(service, tenant, [(each) => readPage(each, first.at(-1) ?? null)])).toEqual([2])
      expect(tenant.capabilities.order).toBe('newest-first')
    })

    it('is looked into once a minute where the `count` of first pages is late', async () => {
      const { service, tenant } = createStrangerWith({ count: 'matching' }, pinsOf(700, mixed))
      const dispatch = service.dispatch.bind(service)
      service.dispatch = (options, handler) => {
        service.others = options.path.includes('before=') ? 0 : 3
        return dispatch(options, handler)
      }
      await walk(tenant)
      // The first walk has looked.
      expect(await costsOf(service, tenant, [walk, walk, walk])).toEqual([70, 70, 70])
      expect(tenant.capabilities.order).toBe('newest-first')
    })
  })
})

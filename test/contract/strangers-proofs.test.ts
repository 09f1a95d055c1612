import { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { PIN_STATUSES, type PinStatus } from '../../src/domain/pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { createPlainService, createStrangerWith } from '../support/grammar/create-stranger.ts'
import type { NewGrammarPin, RandomService } from '../support/grammar/random-service.ts'
import type { ServiceRules } from '../support/grammar/service-rules.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import { createTenantsOver } from '../support/zoo/emulated-tenant.ts'
import { ALL, readAtOnce, readInPages } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

/** One pin every two seconds: two of three are pinned, two of three have `meta`, and each has one of five CIDs. */
const PINS: readonly NewGrammarPin[] = Array.from({ length: 150 }, (_, n) => ({
  created: at(n * 2),
  status: n % 3 === 0 ? (PIN_STATUSES[n % 4] as PinStatus) : 'pinned',
  isOdd: false,
  cid: exampleCid(n % 5),
  meta: n % 3 === 1 ? {} : { app: 'blog' },
}))

/** A stranger without a largest page, unless the rules have one. */
function createStranger(rules: Partial<ServiceRules>, pins = PINS) {
  return createStrangerWith({ largestPage: null, ...rules }, pins)
}

const cidsOf = (...numbers: number[]) => numbers.map((n) => parseCid(exampleCid(n)))

describe('several statuses in one list', () => {
  it.each(['one', 'first', 'last', 'pinned', 'any'] as const)(
    'are not believed to work where a service lists others instead: %s',
    async (statuses) => {
      for (const query of [ALL, { statuses: ['failed', 'queued'] }, { statuses: ['queued', 'pinned'] }] as PinQuery[]) {
        const { service, tenant } = createStranger({ statuses })
        const wanted = service.pins.filter(({ status }) => query.statuses.includes(status))
        expect(await readInPages({ tenant }, query, [10])).toHaveLength(wanted.length)
        expect(await readAtOnce({ tenant }, query, 100)).toHaveLength(wanted.length)
      }
    },
  )

  it('are proven by one request where all pins are pinned', async () => {
    const { service, tenant } = createStranger(
      {},
      PINS.slice(0, 5).map((pin) => ({ ...pin, status: 'pinned' as const })),
    )
    const costs: number[] = []
    for (let reading = 0; reading < 2; reading++) {
      const before = service.requests
      await readInPages({ tenant }, ALL, [10])
      costs.push(service.requests - before)
    }
    expect(costs).toEqual([2, 1])
    expect(tenant.capabilities.multiStatus).toBe(true)
  })
})

describe('several CIDs in one list', () => {
  it.each(['one', 'first', 'last'] as const)('are asked for one by one where only some are found: %s', async (cids) => {
    for (const query of [
      { ...ALL, cids: cidsOf(1, 2) },
      { ...ALL, cids: cidsOf(99, 3, 98) },
    ]) {
      const { service, tenant } = createStranger({ cids })
      const asked = query.cids.map(({ text }) => text)
      const wanted = service.pins.filter(({ cid }) => asked.includes(cid))
      expect(await readInPages({ tenant }, query, [10])).toHaveLength(wanted.length)
      expect(tenant.capabilities.maxCids).toBe(1)
    }
  })

  it.each(['one', 'first', 'last'] as const)('are found by lookups where only some are found: %s', async (cids) => {
    const { tenant } = createStranger({ cids })
    await readInPages({ tenant }, ALL, [10])
    const found = await Promise.all(cidsOf(1, 2, 3).map((cid) => tenant.lookupContent(cid)))
    expect(found.map(({ length }) => length)).toEqual([30, 30, 30])
  })

  it('are proven once, by two requests at most, when a list lacks one of them', async () => {
    const { service, tenant } = createStranger({}, PINS.slice(0, 8))
    await readInPages({ tenant }, ALL, [10])
    const costs: number[] = []
    for (const cids of [cidsOf(1, 99), cidsOf(98, 2), cidsOf(99, 98)]) {
      const before = service.requests
      await readInPages({ tenant }, { ...ALL, cids }, [10])
      costs.push(service.requests - before)
    }
    expect(costs).toEqual([2, 1, 1])
  })
})

describe('a proof that a list was not cut', () => {
  it('holds for its own token only, since plans differ', async () => {
    const paid = createPlainService({ largestPage: { pins: 1000, beyond: 'refused' } }, PINS)
    const free = createPlainService({ largestPage: { pins: 20, beyond: 'cut' } }, PINS)
    const [first, second] = createTenantsOver(new ByToken({ paid, free }), { name: 'plans', provider: null }, [
      'paid',
      'free',
    ]) as [Tenant, Tenant]
    expect(await readInPages({ tenant: first }, ALL, [100])).toHaveLength(150)
    expect(await readInPages({ tenant: second }, ALL, [100])).toHaveLength(150)
    // What was learned of the small plan makes more requests of the large one, and no gaps.
    expect(await readInPages({ tenant: first }, ALL, [100])).toHaveLength(150)
  })

  it.each([
    [{ ...ALL, meta: { app: 'blog' } }],
    [{ statuses: ['pinned'] }],
    [{ ...ALL, cids: cidsOf(1, 2) }],
  ] as PinQuery[][])('holds for lists with the same filters only: %j', async (query) => {
    const { tenant } = createStranger({ largestPage: { pins: 20, beyond: 'cut' }, cutLists: 'filtered' })
    const unfiltered = createStranger({})
    const wanted = await readInPages(unfiltered, query as PinQuery, [100])
    expect(await readInPages({ tenant }, ALL, [100])).toHaveLength(150)
    const read = await readInPages({ tenant }, query as PinQuery, [100])
    expect(read.map(({ requestId }) => requestId)).toEqual(wanted.map(({ requestId }) => requestId))
  })

  it('#7 holds for its own limit and smaller ones only, since a larger one may fall back to ten pins', async () => {
    const { tenant } = createStranger({ largestPage: { pins: 100, beyond: 'ten' } })
    expect(await readInPages({ tenant }, ALL, [40])).toHaveLength(150)
    expect(await readInPages({ tenant }, ALL, [300])).toHaveLength(150)
    expect(tenant.capabilities.maxLimit).toBe(100)
  })

  it('is asked for when each of ten CIDs has one pin on a page of ten', async () => {
    const pins = Array.from({ length: 25 }, (_, n) => ({
      created: at(n * 2),
      status: 'pinned' as const,
      isOdd: false,
      cid: exampleCid(n % 10),
    }))
    const { tenant } = createStranger({ largestPage: { pins: 10, beyond: 'cut' } }, pins)
    const query = { ...ALL, cids: cidsOf(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) }
    expect(await readInPages({ tenant }, query, [100])).toHaveLength(25)
  })
})

/** Hands each request to the service of its token. */
class ByToken extends Dispatcher {
  readonly #services: Readonly<Record<string, RandomService>>

  constructor(services: Readonly<Record<string, RandomService>>) {
    super()
    this.#services = services
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const token = Object.keys(this.#services).find((each) => JSON.stringify(options.headers).includes(`Bearer ${each}`))
    return (this.#services[token ?? ''] as RandomService).dispatch(options, handler)
  }
}

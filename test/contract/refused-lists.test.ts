import { describe, expect, it } from 'vitest'
import { parseCid } from '../../src/domain/cid.ts'
import { MalformedResponseError } from '../../src/domain/errors.ts'
import { PIN_STATUSES, type Pin } from '../../src/domain/pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { deferred } from '../support/deferred.ts'
import { createPlainService, createStranger, createStrangerWith, every } from '../support/grammar/create-stranger.ts'
import { pinsAt } from '../support/grammar/once-lost.ts'
import type { NewGrammarPin } from '../support/grammar/random-service.ts'
import { EMPTY_LISTS, type ServiceRules } from '../support/grammar/service-rules.ts'
import { compliant } from '../support/providers/compliant.ts'
import { exampleCid } from '../support/providers/example-cid.ts'
import type { LoggedRequest } from '../support/providers/provider-profile.ts'
import type { WireReply } from '../support/providers/wire-reply.ts'
import { createTenantOver } from '../support/zoo/emulated-tenant.ts'
import { readInPages } from '../support/zoo/paging-histories.ts'
import { ALL, at, ids, seed, stranger } from '../support/zoo/seed-and-drain.ts'
import { type StartedZooCase, startZooCase } from '../support/zoo/start-zoo-case.ts'

const REFUSED = { error: { reason: 'BAD_REQUEST', details: 'The test says so' } }
const json = (status: number, body: unknown): WireReply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** A stranger that follows the specification, but refuses some lists. */
async function startRefusing(
  refuses: (query: URLSearchParams) => boolean,
  reply: WireReply = json(400, REFUSED),
): Promise<StartedZooCase> {
  const started = await startZooCase({ profile: compliant, provider: stranger })
  started.service.hooks.beforeReply = ({ method, query }: LoggedRequest) =>
    method === 'GET' && refuses(query) ? reply : undefined
  return started
}

const exceeds = (most: number) => (query: URLSearchParams) => Number(query.get('limit')) > most
const isIso = (seconds: number): string => new Date(Number(at(seconds) / 1_000_000n)).toISOString()

/** The number of requests of a reading. */
async function costOf(started: StartedZooCase, read: () => Promise<unknown>): Promise<number> {
  const before = started.service.count('GET')
  await read()
  return started.service.count('GET') - before
}

describe('a stranger that refuses lists', () => {
  it.each([
    [400, 50],
    [400, 100],
    [500, 50],
  ])('#7 with %i above a limit of %i is read whole, and learned once', async (status, most) => {
    await using started = await startRefusing(exceeds(most), json(status, REFUSED))
    const expected = seed(started.service, 130)
    const first = await costOf(started, async () =>
      expect(ids(await started.tenant.collectPins(ALL))).toEqual(expected),
    )
    expect(first).toBeLessThanOrEqual(status === 500 ? 12 : 10)
    expect(started.tenant.capabilities.maxLimit).toBe(most)
    const again = await costOf(started, () => started.tenant.collectPins(ALL))
    // No pin has a name, so each full page is compared with its newer part.
    const pages = Math.ceil(130 / (most - 1))
    expect(again).toBe(pages + pages - 1)
    expect(started.lessons.filter(({ capability }) => capability === 'maxLimit')).toHaveLength(1)
    expect(await readInPages(started, ALL, [100])).toHaveLength(130)
  })

  it('#7 above a limit of 100 is read by lookups, too', async () => {
    await using started = await startRefusing(exceeds(100))
    seed(started.service, 30, { cid: exampleCid(1) })
    expect(await started.tenant.lookupContent(parseCid(exampleCid(1)))).toHaveLength(30)
    const again = await costOf(started, () => started.tenant.lookupContent(parseCid(exampleCid(1))))
    expect(again).toBe(1)
  })

  it('#7 above a limit of 50 with filters only is read with them, too, after larger lists of everything', async () => {
    const largestPage = { pins: 50, beyond: 'refused' } as const
    const { tenant } = createStranger({ largestPage, cutLists: 'filtered' }, every(130, 700))
    expect(await tenant.collectPins(ALL)).toHaveLength(130)
    expect(await tenant.collectPins({ statuses: ['pinned'] })).toHaveLength(130)
    expect(tenant.capabilities.maxLimit).toBe(50)
  })

  /** Begins a reading whose first list is refused only when `refuse` is called. */
  async function refuseLate(read: (tenant: Tenant) => Promise<readonly Pin[]>, part: string) {
    const largestPage = { pins: 50, beyond: 'refused' } as const
    const { service, tenant } = createStranger({ largestPage }, every(130, 700))
    const dispatch = service.dispatch.bind(service)
    const refusal = deferred<() => void>()
    service.dispatch = (options, handler) => {
      if (!options.path.includes(part)) return dispatch(options, handler)
      service.dispatch = dispatch
      refusal.resolve(() => void dispatch(options, handler))
      return true
    }
    const late = read(tenant)
    return { tenant, late, refuse: await refusal.promise }
  }
  const collectPinned = (tenant: Tenant) => tenant.collectPins({ statuses: ['pinned'] })

  it.each([
    ['a list', collectPinned, 'status=pinned&'],
    ['a lookup', (tenant: Tenant) => tenant.lookupContent(parseCid(exampleCid(1))), 'cid='],
  ])('#7 answers %s that it refused after another list had shown the largest limit', async (_, read, part) => {
    const { tenant, late, refuse } = await refuseLate(read, part)
    expect(await tenant.collectPins(ALL)).toHaveLength(130)
    refuse()
    expect(await late).toHaveLength(130)
  })

  it('#7 answers a list that it refused after others were known to be cut below its limit', async () => {
    const { tenant, late, refuse } = await refuseLate(collectPinned, 'status=pinned&')
    tenant.reads.known.observeLargestPage(500)
    refuse()
    expect(await late).toHaveLength(130)
  })

  it('for another reason costs one request more, and teaches nothing', async () => {
    await using started = await startRefusing(() => true)
    const cost = await costOf(started, () =>
      expect(started.tenant.collectPins(ALL)).rejects.toMatchObject({ code: 'BAD_REQUEST' }),
    )
    expect(cost).toBe(2)
    expect(started.lessons).toEqual([])
  })

  it('is no known provider, which is asked once', async () => {
    await using started = await startZooCase({ profile: compliant, provider: 'pinql' })
    started.service.hooks.beforeReply = () => json(400, REFUSED)
    const cost = await costOf(started, () =>
      expect(started.tenant.collectPins(ALL)).rejects.toMatchObject({ code: 'BAD_REQUEST' }),
    )
    expect(cost).toBe(1)
  })

  it.each([
    ['a fraction', (text: string) => text.includes('.')],
    ['whole seconds', (text: string) => !text.includes('.')],
  ])('#12 with %s in times is read, page by page and between times', async (_what, refuses) => {
    await using started = await startRefusing((query) =>
      ['before', 'after'].some((bound) => query.has(bound) && refuses(query.get(bound) as string)),
    )
    const expected = seed(started.service, 60)
    const between: PinQuery = { ...ALL, after: isIso(9), before: isIso(50) }
    expect(ids(await readInPages(started, between, [10]))).toEqual(expected.slice(10, 50))
    expect(ids(await readInPages(started, ALL, [10]))).toEqual(expected)
    const again = await costOf(started, () => readInPages(started, ALL, [20]))
    expect(again).toBeLessThanOrEqual(5)
  })

  it('#12 with `before` and `after` together is read by `before`, down to the time of `after`', async () => {
    await using started = await startRefusing((query) => query.has('before') && query.has('after'))
    const expected = seed(started.service, 200)
    const since: PinQuery = { ...ALL, after: isIso(149) }
    expect(ids(await readInPages(started, since, [10]))).toEqual(expected.slice(0, 50))
    expect(started.tenant.capabilities).toMatchObject({ honoursAfter: false, timeFilter: 'exact' })
    const again = await costOf(started, () => started.tenant.collectPins({ ...since, before: isIso(198) }))
    expect(again).toBeLessThanOrEqual(2)
  })
})

describe('a stranger that ignores `after`', () => {
  const IGNORES_AFTER: Partial<ServiceRules> = { bounds: 'after ignored', largestPage: { pins: 100, beyond: 'cut' } }
  const MIXED = pinsAt(every(250, 700)).map((pin, n): NewGrammarPin => {
    const status = n % 3 === 0 ? 'queued' : 'pinned'
    return { ...pin, status, cid: exampleCid(n % 2), name: n % 5 === 0 ? 'site' : null }
  })

  it('#12 is still paged by `before`, for all callers', async () => {
    const { service, tenant } = createStrangerWith(IGNORES_AFTER, MIXED)
    const since: PinQuery = { ...ALL, after: isIso(140) }
    expect(await readInPages({ tenant }, since, [10])).toHaveLength(49)
    expect(await readInPages({ tenant }, ALL, [100])).toHaveLength(250)
    expect(tenant.capabilities).toMatchObject({ honoursAfter: false, timeFilter: 'exact' })
    const before = service.requests
    expect(await readInPages({ tenant }, since, [100])).toHaveLength(49)
    expect(service.requests - before).toBe(1)
  })

  it('#12 is refused where its lists may be made of runs, unless their order is configured', async () => {
    const times = every(250, 700)
    await expect(readInPages(createStranger(IGNORES_AFTER, times), ALL, [100])).rejects.toThrow(MalformedResponseError)
    const service = createPlainService(IGNORES_AFTER, pinsAt(times))
    const settings = { name: 'test', provider: null, capabilities: { order: 'newest-first' } } as const
    expect(await readInPages({ tenant: createTenantOver(service, settings) }, ALL, [100])).toHaveLength(250)
  })
})

describe('a stranger that does not keep to `limit`', () => {
  const FIXED: Partial<ServiceRules> = { limit: 'ignored', largestPage: { pins: 20, beyond: 'cut' } }

  it.each([
    ['always lists 20', FIXED],
    ['lists one pin more', { limit: 'one row more' }],
    ['lists all', { limit: 'ignored', largestPage: null }],
  ] as const)('#7 %s: is read whole, in ties, too', async (_what, rules) => {
    const times = every(150, 5).map((time) => time - (time % 10_000_000n))
    for (const size of [1, 10, 40, 100]) {
      const { tenant } = createStranger(rules, times)
      expect(await readInPages({ tenant }, ALL, [size])).toHaveLength(150)
    }
  })

  it('#7 shows the pins of a status that few have', async () => {
    const { service, tenant } = createStranger({ ...FIXED, statuses: 'late' }, every(150, 700))
    service.add([{ created: at(-10), status: 'failed', isOdd: false }])
    expect(await readInPages({ tenant }, { statuses: ['failed'] }, [10])).toHaveLength(1)
  })
})

describe('a service that lists one pin less than requested', () => {
  it.each(['page', 'matching', 'absent'] as const)('#7 is read to its end, where `count` is %s', async (count) => {
    for (const page of [1, 3, 10]) {
      const { tenant } = createStranger({ limit: 'one row less', count }, every(60, 700))
      expect(await readInPages({ tenant }, ALL, [page])).toHaveLength(60)
    }
  })
})

describe('a default page of one pin', () => {
  it.each(['matching', 'total', 'everything', 'more'] as const)(
    '#7 in place of a list with a larger limit is not taken for all pins, where `count` claims more: %s',
    async (count) => {
      const rules = { largestPage: { pins: 100, beyond: 'one' }, defaultPage: 1, count } as const
      for (const limits of [[1000], [10, 1000]]) {
        const { tenant } = createStranger(rules, every(120, 700))
        for (const limit of limits) expect(await readInPages({ tenant }, ALL, [limit])).toHaveLength(120)
      }
    },
  )
})

describe('an empty list of a stranger', () => {
  const FORMS = Object.keys(EMPTY_LISTS) as (keyof typeof EMPTY_LISTS)[]

  it.each(FORMS)('#5 in the form %s is empty, before and after there were pins', async (emptyList) => {
    const { service, tenant } = createStranger({ emptyList }, [])
    expect(await readInPages({ tenant }, ALL, [10])).toEqual([])
    service.add([{ created: at(0), status: 'pinned', isOdd: false }])
    expect(await readInPages({ tenant }, { statuses: ['failed'] }, [10])).toEqual([])
    expect(await readInPages({ tenant }, ALL, [10])).toHaveLength(1)
    const before = service.requests
    expect(await readInPages({ tenant }, { ...ALL, before: isIso(-5) }, [10])).toEqual([])
    expect(service.requests - before).toBe(1)
  })

  it.each(FORMS)(
    '#5 in the form %s is empty, of several statuses that find nothing, where invalid values do too',
    async (emptyList) => {
      const { service, tenant } = createStranger({ emptyList, statuses: 'one' }, every(5, 700))
      service.isLenient = true
      expect(await readInPages({ tenant }, ALL, [10])).toHaveLength(5)
    },
  )

  it.each(FORMS.filter((form) => EMPTY_LISTS[form] !== null && form !== 'results in an object'))(
    '#5 in the form %s is none where anything is answered so, as at a wrong endpoint',
    async (form) => {
      const { status, body } = EMPTY_LISTS[form] as { status: number; body: string }
      await using started = await startZooCase({ profile: compliant, provider: stranger })
      started.service.hooks.beforeReply = () => ({ status, headers: { 'content-type': 'application/json' }, body })
      await expect(started.tenant.collectPins(ALL)).rejects.toMatchObject({
        code: status < 300 ? 'MALFORMED_RESPONSE' : 'SERVICE_ERROR',
      })
    },
  )

  it('#5 is none in the middle of a walk while a proxy answers everything without a body', async () => {
    await using started = await startZooCase({ profile: compliant, provider: stranger })
    seed(started.service, 40)
    expect(await started.tenant.reads.listPins({ ...ALL, limit: 11 })).toMatchObject({ count: 40 })
    started.service.hooks.beforeReply = () => ({ status: 200, headers: {}, body: '' })
    await expect(started.tenant.collectPins({ statuses: PIN_STATUSES, before: isIso(30) })).rejects.toMatchObject({
      code: 'MALFORMED_RESPONSE',
    })
  })

  it('#5 is none from another API that finds fault with a malformed list in words of its own', async () => {
    await using started = await startZooCase({ profile: compliant, provider: stranger })
    started.service.hooks.beforeReply = ({ query }: LoggedRequest) =>
      query.get('limit') === '0' ? json(400, { message: 'limit must be positive' }) : json(200, [])
    await expect(started.tenant.collectPins(ALL)).rejects.toMatchObject({ code: 'MALFORMED_RESPONSE' })
  })
})

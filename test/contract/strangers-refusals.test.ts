import { Dispatcher } from 'undici'
import { describe, expect, it } from 'vitest'
import { PIN_STATUSES } from '../../src/domain/pin.ts'
import type { PinQuery } from '../../src/upstream/http/list-query.ts'
import type { Tenant } from '../../src/upstream/tenant/tenant.ts'
import { createPlainService, every } from '../support/grammar/create-stranger.ts'
import type { RandomService } from '../support/grammar/random-service.ts'
import { createTenantsOver } from '../support/zoo/emulated-tenant.ts'
import { ALL } from '../support/zoo/paging-histories.ts'
import { at } from '../support/zoo/seed-and-drain.ts'

type Refuses = (query: URLSearchParams) => boolean

/** A plan that refuses some lists, with a status. */
interface Plan {
  readonly refuses: Refuses
  readonly status: number
}

const isoAt = (seconds: number): string => new Date(Number(at(seconds) / 1_000_000n)).toISOString()
const BETWEEN: PinQuery = { ...ALL, after: isoAt(20), before: isoAt(80) }
/** All forms of lists: of several statuses and of one, of all times and some. */
const QUERIES: readonly PinQuery[] = [ALL, BETWEEN, { statuses: ['pinned'] }, { ...ALL, after: isoAt(50) }]

/** One service, and one token with a small plan beside one with a large plan. Nobody knows the service. */
class Plans extends Dispatcher {
  readonly small: Tenant
  readonly large: Tenant
  /** The queries of the lists that the token with the large plan sent. */
  readonly sentByLarge: string[] = []
  readonly #service: RandomService
  readonly #plan: Plan | null

  constructor(plan: Plan | null, rules: Parameters<typeof createPlainService>[0] = {}) {
    super()
    this.#plan = plan
    const pins = every(130, 700).map((created, n) => ({
      created,
      status: n % 5 === 0 ? (PIN_STATUSES[n % 4] ?? 'pinned') : 'pinned',
      isOdd: false,
    }))
    this.#service = createPlainService({ count: 'matching', ...rules }, pins)
    const tenants = createTenantsOver(this, { name: 'plans', provider: null }, ['small', 'large'])
    this.small = tenants[0] as Tenant
    this.large = tenants[1] as Tenant
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    const query = options.path.slice(options.path.indexOf('?') + 1)
    const isSmall = JSON.stringify(options.headers).includes('Bearer small')
    if (!isSmall) this.sentByLarge.push(query)
    if (!isSmall || !this.#plan?.refuses(new URLSearchParams(query))) return this.#service.dispatch(options, handler)
    const { status } = this.#plan
    handler.onConnect?.(() => {})
    queueMicrotask(() => {
      handler.onHeaders?.(status, [Buffer.from('content-type'), Buffer.from('application/json')], () => {}, '')
      handler.onData?.(Buffer.from(JSON.stringify({ error: { reason: 'REFUSED', details: 'not in your plan' } })))
      handler.onComplete?.(null)
    })
    return true
  }
}

/** Reads all lists with a token. Returns the numbers of pins. Null for a list that was refused. */
async function readAll(tenant: Tenant): Promise<(number | null)[]> {
  const read: (number | null)[] = []
  for (const query of QUERIES) {
    const pins = await tenant.collectPins(query).catch(() => null)
    read.push(pins === null ? null : pins.length)
  }
  return read
}

const exceeds =
  (most: number): Refuses =>
  (query) =>
    Number(query.get('limit')) > most
const hasAfter: Refuses = (query) => query.has('after')
const hasTimes: Refuses = (query) => query.has('after') || query.has('before')
const hasStatuses: Refuses = (query) => query.get('status')?.includes(',') ?? false

describe('a list that a service refuses to one token', () => {
  it.each([
    ['a `limit` above 50', 400, exceeds(50)],
    ['a `limit` above 50', 402, exceeds(50)],
    ['a `limit` above 50', 403, exceeds(50)],
    ['a `limit` above 50', 500, exceeds(50)],
    ['`after`', 400, hasAfter],
    ['`after`', 403, hasAfter],
    ['all times', 400, hasTimes],
    ['all times', 402, hasTimes],
    ['several statuses', 400, hasStatuses],
    ['several statuses', 402, hasStatuses],
    ['several statuses', 403, hasStatuses],
    ['everything', 402, () => true],
  ] as const)('changes nothing for another token: %s, with %i', async (_what, status, refuses) => {
    const alone = new Plans(null)
    const expected = await readAll(alone.large)
    const plans = new Plans({ refuses, status })
    await readAll(plans.small)

    const read = await readAll(plans.large)

    expect(read).toEqual(expected)
    // It may send fewer lists, since the answers to the other token show how the service lists.
    expect(alone.sentByLarge).toEqual(expect.arrayContaining(plans.sentByLarge))
    expect(plans.large.capabilities).toMatchObject({ maxLimit: 1000, honoursAfter: true, timeFilter: 'exact' })
  })

  it('is left out of the later lists of its own token', async () => {
    for (const refuses of [exceeds(50), hasAfter]) {
      let refused = 0
      const plans = new Plans({
        status: 400,
        refuses(query) {
          const isRefused = refuses(query)
          if (isRefused) refused++
          return isRefused
        },
      })
      const first = await plans.small.collectPins(BETWEEN)
      expect(refused).toBeGreaterThan(0)
      refused = 0
      expect(await readAll(plans.small)).not.toContain(null)
      expect(refused).toBe(0)
      expect(first).toEqual(await plans.large.collectPins(BETWEEN))
    }
  })

  it('teaches all tokens the form of times, which is no part of a plan', async () => {
    const plans = new Plans(null, { times: 'whole seconds' })
    await plans.small.collectPins({ ...ALL, before: '2033-01-01T00:00:00.5Z' })
    await plans.large.collectPins({ ...ALL, before: '2033-01-01T00:00:00.5Z' })
    expect(plans.sentByLarge.filter((query) => query.includes('00.5Z'))).toEqual([])
  })

  it('is no lesson when it is refused with 402 or 403', async () => {
    for (const status of [402, 403]) {
      const plans = new Plans({ refuses: exceeds(50), status })
      await expect(plans.small.collectPins(ALL)).rejects.toMatchObject({
        code: 'INSUFFICIENT_FUNDS',
      })
      expect(plans.small.capabilities.maxLimit).toBe(1000)
      expect(plans.small.reads.known.lessons).toEqual([])
    }
  })
})

import { describe, expect, it } from 'vitest'
import { RateLimitedError, ServiceUnavailableError } from '../../../../src/domain/errors.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { CallOptions, ServiceClient } from '../../../../src/upstream/http/client.ts'
import type { ServiceSettings } from '../../../../src/upstream/service/service-settings.ts'
import type { Tenant } from '../../../../src/upstream/tenant/tenant.ts'
import { sleep } from '../../../../src/upstream/waiting/sleep.ts'
import { createInformers } from '../../../support/live-informers.ts'
import { query } from '../../../support/model/start-model-live.ts'
import { seededRandom } from '../../../support/seeded-random.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'
import { createTestRegistry } from '../../../support/upstream/create-test-registry.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

const TEN_MINUTES_MS = 600_000
/** Most milliseconds by which the network delays one request more than another. */
const JITTER_MS = 50
const ADDRESS: RateLimit = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }
const LISTS: RateLimit = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }

type Bucket = readonly [name: string, token: string, more?: Partial<ServiceSettings>]

/** Lists of a service that nobody knows would be checked by more requests. */
const NOTHING_TO_CHECK = { count: 'matching', multiStatus: true } as const

/** Services of one endpoint, whose receiver logs when each request arrives and answers as `status` says. */
function startBuckets(limits: readonly RateLimit[] | undefined, ...buckets: readonly Bucket[]) {
  const clock = new VirtualClock(12_345.678)
  const random = seededRandom(14)
  const arrivals: { token: string; at: number }[] = []
  const answer = { status: 200, retryAfter: '' }

  async function receive({ token, onSent, onAnswer }: CallOptions): Promise<void> {
    onSent?.()
    await sleep(clock, random() * JITTER_MS)
    arrivals.push({ token, at: clock.now() })
    const { status, retryAfter } = answer
    onAnswer?.({ status, headers: new Map([['retry-after', retryAfter]]), text: '' })
    if (status === 429) throw new RateLimitedError('one', 1000)
  }
  const list = async (options: CallOptions) => receive(options).then(() => ({ count: 0, pins: [] }))
  const unused = () => Promise.reject(new Error('not used here'))
  const client: ServiceClient = {
    listPins: (_query, options) => list(options),
    addPin: unused,
    getPin: unused,
    replacePin: unused,
    removePin: (_requestId, options) => receive(options),
    [Symbol.asyncDispose]: async () => {},
  }
  const settings = buckets.map(([name, token, more]) => {
    const endpoint = `https://pins.example/${name}`
    return { name, token, endpoint, provider: null, capabilities: NOTHING_TO_CHECK, limits, ...more }
  })
  const registry = createTestRegistry(settings, 'one', { clock, connect: () => client })
  const tenants = buckets.map(([name]) => registry.tenant(name, null))
  return { clock, registry, tenants, arrivals, answer, random }
}

/** Reads again as soon as there is an answer, or some time after a refusal said. Equal reads would share a request. */
async function readGreedily(tenant: Tenant, reader: number, clock: VirtualClock, random: () => number): Promise<void> {
  for (let n = 0, isStopped = false; !isStopped; n++) {
    const requestClass = reader % 2 ? 'live' : 'interactive'
    await tenant.reads
      .listPins({ statuses: ['pinned'], limit: 1, name: `${reader} ${n}` }, { class: requestClass })
      .catch(async (error) => {
        isStopped = error instanceof ServiceUnavailableError
        if (error instanceof RateLimitedError) await sleep(clock, error.retryAfterMs * (1 + random() / 2))
      })
  }
}

describe('services of one endpoint', () => {
  it.each([
    ['three, with three tokens, keep the limit of their address', ADDRESS, ['a', 'b', 'c'], 10_000, 0.92],
    ['two, with one token, keep the limit of the token', LISTS, ['a', 'a'], TEN_MINUTES_MS, 0.95],
  ] as const)('%s', async (_, limit, tokens, durationMs, leastUse) => {
    const names = ['one', 'two', 'three']
    const { clock, registry, tenants, arrivals, random } = startBuckets(
      [limit],
      ...tokens.map((token, index): Bucket => [names[index] ?? '', token]),
    )
    for (const tenant of tenants)
      for (let reader = 0; reader < 6; reader++) void readGreedily(tenant, reader, clock, random)
    await clock.advance(durationMs)
    const times = arrivals.map(({ at }) => at)
    expect(mostInAnyWindow(times, limit.windowMs)).toBeLessThanOrEqual(limit.limit)
    expect(times.length / ((durationMs / limit.windowMs) * limit.limit)).toBeGreaterThanOrEqual(leastUse)
    await registry[Symbol.asyncDispose]()
  })

  it('keep the limits that any of them has', async () => {
    const { registry } = startBuckets(undefined, ['one', 'a', { limits: [ADDRESS] }], ['two', 'b', { limits: [LISTS] }])
    for (const { limits } of registry.services) expect(limits).toEqual([ADDRESS, LISTS])
    await registry[Symbol.asyncDispose]()
  })

  it('share the pauses of a token, and the assumed limit that refusals have lowered', async () => {
    const { clock, registry, tenants, answer } = startBuckets(undefined, ['one', 'a'], ['two', 'a'], ['three', 'b'])
    const [one, two, three] = tenants as [Tenant, Tenant, Tenant]
    answer.status = 429
    // A date, which is compared with the clock of the gateway.
    answer.retryAfter = new Date(clock.wallNow() + 60_000).toUTCString()
    const refused = one.reads.listPins({ statuses: ['pinned'], limit: 1 }).catch((error) => error)
    await clock.advance(JITTER_MS)
    expect(await refused).toBeInstanceOf(RateLimitedError)
    answer.status = 200
    // The error names the service that was asked, not the one that met the refusal.
    const paused = await two.reads.listPins({ statuses: ['pinned'], limit: 1 }).catch((error) => error)
    expect(paused).toMatchObject({ service: 'two', retryAfterMs: expect.closeTo(60_000, -3) })
    const other = three.reads.listPins({ statuses: ['pinned'], limit: 1 })
    await clock.advance(JITTER_MS)
    expect(await other).toMatchObject({ count: 0 })

    const remaining = (name: string, { key }: Tenant) => registry.get(name).limitUsage(key)[0]?.remaining
    expect([remaining('one', one), remaining('two', two)]).toEqual([0, 0])
    expect(remaining('three', three)).toBeGreaterThan(90)
    await registry[Symbol.asyncDispose]()
  })

  it('leave polls no more requests together than one service alone, while queries use the whole budget', async () => {
    const { clock, registry, tenants, arrivals } = startBuckets(
      [{ ...ADDRESS, limit: 10, windowMs: 10_000 }],
      ['one', 'a'],
      ['two', 'b'],
      ['three', 'c'],
    )
    using live = createInformers({ random: () => 0.5 })
    for (const tenant of tenants) {
      const service = registry.get(tenant.service)
      live.watch([{ tenant, service, selection: query() }])
    }
    let before = 0
    for (let second = 0; second < 180; second++) {
      if (second === 120) before = arrivals.length
      registry.get('two').urgentCalls.note('list')
      await clock.advance(1000)
    }
    // A fifth of the limit, where each by itself would poll as much.
    expect((arrivals.length - before) / 6).toBeLessThanOrEqual(4)
    live[Symbol.dispose]()
    await registry[Symbol.asyncDispose]()
  })

  it('fail their waiting calls under their own names when the gateway stops', async () => {
    const { clock, registry, tenants } = startBuckets([{ ...ADDRESS, limit: 1 }], ['one', 'a'], ['two', 'b'])
    const reads = tenants.flatMap((tenant) =>
      ['x', 'y'].map((name) =>
        tenant.reads.listPins({ statuses: ['pinned'], limit: 1, name }).catch((error: unknown) => error),
      ),
    )
    await clock.advance(0)
    await registry[Symbol.asyncDispose]()
    await clock.advance(JITTER_MS)
    const errors = (await Promise.all(reads)).filter((each) => each instanceof ServiceUnavailableError)
    expect(errors.map(({ service }) => service).sort()).toEqual(['one', 'two', 'two'])
  })
})

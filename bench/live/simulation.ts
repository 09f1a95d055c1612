/**
 * The real scheduler on a virtual clock: Informer, Poller, Cadence and RequestBudget over a service in this process.
 *
 * New pins come to random tenants all the time, some have more of them, and take a log-normal time from queued (median
 * 1.5 s, sigma 0.8) to pinning (median 8 s, sigma 1.2) to pinned. The lag is the time from a change at the service to
 * the event at the subscriber; what was skipped since the pin had moved on by then has none.
 *
 * "Active" tenants watch all of their pins and nearly each has something under way. "Usual" ones add a pin in 50
 * seconds by a mutation, and watch it until it has settled, so that about three of ten have something under way; the
 * mutations come out of the same limit, before the polls.
 *
 * Run: npx tsx bench/live/simulation.ts [largest number of tenants = 1000]
 * Writes bench/live/simulation.svg. With 10,000 it takes three minutes more; with 100,000 and a million pins another twelve,
 * and 6 GB: `node --max-old-space-size=16000 --import tsx bench/live/simulation.ts 100000`.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { LiveReader } from '../../src/live/live-reader.ts'
import type { RateLimit } from '../../src/upstream/budget/rate-limit.ts'
import { cidOf } from '../../test/support/model/model-service.ts'
import { ids, query, startModelLive } from '../../test/support/model/start-model-live.ts'
import { seededRandom } from '../../test/support/seeded-random.ts'
import { jainFairness, percentile } from '../../test/support/sliding-log.ts'
import { type LoadLags, plotLags } from './plot-lags.ts'

interface Load {
  readonly name: string
  readonly tenants: number
  readonly pinsPerTenant: number
  /** True: each watches all of its pins, those made elsewhere too. False: each watches what it adds, until that has settled. */
  readonly isActive: boolean
  /** Seconds in which a tenant adds one pin, on average. */
  readonly addsEvery: number
  /** Seconds over which the tenants come, one after the other: all at once would be a storm of first reads. */
  readonly comeOver: number
  readonly limit: RateLimit
  /** Seconds before anything is measured, and seconds measured. */
  readonly warmUp: number
  readonly measured: number
}

interface LoadResult extends LoadLags {
  readonly load: Load
  readonly changes: number
  readonly fairness: number
  readonly missed: number
  readonly tookMs: number
}

const address = { scope: 'address', endpoint: 'all' } as const
const FAST: RateLimit = { ...address, limit: 100, windowMs: 1000 }
/** Of which 80 a second are left for polls beside 20 changes a second. */
const ROOMY: RateLimit = { ...address, limit: 115, windowMs: 1000 }
const SLOW: RateLimit = { ...address, limit: 30, windowMs: 60_000 }

const active = { pinsPerTenant: 10, isActive: true, addsEvery: 12, comeOver: 0, limit: FAST }
const usual = { ...active, isActive: false, addsEvery: 50 }

const LOADS: readonly Load[] = [
  { name: '10 active', tenants: 10, ...active, warmUp: 30, measured: 200 },
  { name: '100 active', tenants: 100, ...active, warmUp: 30, measured: 150 },
  { name: '1,000 active', tenants: 1_000, ...active, warmUp: 40, measured: 60 },
  { name: '1,000 usual, 80/s left', tenants: 1_000, ...usual, limit: ROOMY, warmUp: 60, measured: 300 },
  { name: '100 usual', tenants: 100, ...usual, warmUp: 60, measured: 300 },
  { name: '1,000 usual', tenants: 1_000, ...usual, warmUp: 60, measured: 150 },
  { name: '10,000 active', tenants: 10_000, ...active, warmUp: 300, measured: 300 },
  {
    name: '100,000 active',
    tenants: 100_000,
    ...active,
    addsEvery: 600,
    comeOver: 1_200,
    warmUp: 1_300,
    measured: 1_300,
  },
  { name: '10 active, 30/min', tenants: 10, ...active, limit: SLOW, warmUp: 120, measured: 1_800 },
]

async function run(load: Load): Promise<LoadResult> {
  const startedAt = performance.now()
  const random = seededRandom(load.tenants)
  await using model = startModelLive({ limits: [load.limit], random })
  const { clock, upstream } = model
  upstream.isLogging = false
  const changedAt = new Map<string, number>()
  const lags: number[] = []
  const lagsOf = new Map<string, number[]>()
  let isMeasured = false
  let changes = 0

  /** The rest of a pin's life. */
  function live(token: string, requestId: string): void {
    const note = (status: 'pinning' | 'pinned', rev: number): void => {
      upstream.setStatus(token, requestId, status)
      if (!isMeasured) return
      changes++
      changedAt.set(`${requestId}:${rev}`, clock.now())
    }
    clock.setTimeout(
      () => {
        note('pinning', 1)
        clock.setTimeout(() => note('pinned', 2), logNormal(random, 8_000, 1.2))
      },
      logNormal(random, 1_500, 0.8),
    )
  }

  function follow(token: string, reader: LiveReader): void {
    void (async () => {
      for await (const event of reader) {
        if (event.kind !== 'STATUS_CHANGED') continue
        // A state that was skipped was never late.
        const key = `${event.pin.requestId}:${event.pin.info.rev}`
        const at = changedAt.get(key)
        if (at === undefined) continue
        changedAt.delete(key)
        const lag = clock.now() - at
        lags.push(lag)
        const own = lagsOf.get(token) ?? []
        own.push(lag)
        lagsOf.set(token, own)
      }
    })()
  }

  const tokens = Array.from({ length: load.tenants }, (_, index) => `t${index}`)
  tokens.forEach((token, index) => {
    for (let n = 1; n < load.pinsPerTenant; n++) upstream.add(token, { status: 'pinned' })
    if (!load.isActive) return
    const come = (): void => follow(token, model.watch(token, query()))
    if (load.comeOver === 0) come()
    else clock.setTimeout(come, (load.comeOver * 1000 * index) / load.tenants)
  })
  const end = (load.warmUp + load.measured) * 1000
  const everyMs = (load.addsEvery * 1000) / load.tenants
  /** As a page does: a mutation, and a subscription to what came of it. */
  async function addAndWatch(token: string): Promise<void> {
    const newPin = { cid: cidOf(++added), name: null, origins: [], meta: {} }
    const pin = await model.tenant(token).addPin(newPin, `key-${added}`)
    live(token, pin.requestId)
    follow(token, model.watch(token, ids([pin], true)))
  }
  let added = 0
  function arrive(): void {
    const token = tokens[Math.floor(random() * random() * tokens.length)] as string
    if (load.isActive) live(token, upstream.add(token).requestId)
    // An add without room in the budget before its deadline is not made.
    else addAndWatch(token).catch(() => {})
    if (clock.now() < end) clock.setTimeout(arrive, -Math.log(1 - random()) * everyMs)
  }
  arrive()
  await clock.advance(load.warmUp * 1000)
  isMeasured = true
  const before = upstream.requestCount
  await clock.advance(load.measured * 1000)
  const requests = upstream.requestCount - before
  const limitPerMs = load.limit.limit / load.limit.windowMs
  const means = [...lagsOf.values()]
    .filter(({ length }) => length >= 3)
    .map((own) => own.reduce((a, b) => a + b) / own.length)
  return {
    load,
    changes,
    p50: percentile(lags, 0.5) / 1000,
    p95: percentile(lags, 0.95) / 1000,
    p99: percentile(lags, 0.99) / 1000,
    used: requests / (limitPerMs * load.measured * 1000),
    fairness: jainFairness(means),
    missed: changedAt.size,
    tookMs: performance.now() - startedAt,
  }
}

function logNormal(random: () => number, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return median * Math.exp(sigma * normal)
}

const largest = Number(process.argv[2] ?? 1_000)
const results: LoadResult[] = []
for (const load of LOADS.filter(({ tenants }) => tenants <= largest)) {
  const result = await run(load)
  results.push(result)
  const { p50, p95, p99, used, fairness, changes, missed, tookMs } = result
  process.stdout.write(
    `${load.name.padEnd(18)} p50 ${p50.toFixed(2)} s, p95 ${p95.toFixed(2)} s, p99 ${p99.toFixed(2)} s, ` +
      `${(used * 100).toFixed(0)} % of the limit, fairness ${fairness.toFixed(2)}, ` +
      `${changes} changes, ${missed} skipped or still to come, took ${(tookMs / 1000).toFixed(0)} s\n`,
  )
}
writeFileSync(fileURLToPath(new URL('simulation.svg', import.meta.url)), plotLags(results))

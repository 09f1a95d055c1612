import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { foldCase } from '../../../../src/domain/fold-case.ts'
import { PIN_STATUSES, type PinStatus } from '../../../../src/domain/pin.ts'
import { PIN_DATABASE } from '../../../../src/embedded/store/database-schema.ts'
import type { PinFilter } from '../../../../src/embedded/store/pin-filter.ts'
import { PinSearch, SEARCH_BOUNDS, type SearchBounds } from '../../../../src/embedded/store/pin-search.ts'
import { PinStore } from '../../../../src/embedded/store/pin-store.ts'
import { TokenStore } from '../../../../src/embedded/store/token-store.ts'
import { type Database, openDatabase, transaction } from '../../../../src/storage/open-database.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const RUNS = Number(process.env.PINQL_PROPERTY_RUNS ?? 300)
const MAX_LIMIT = 30
const NAMES = [
  null,
  '',
  'Photo',
  'photo.jpg',
  'my photo',
  'Straße',
  'STRASSE 7',
  'a"b',
  '100%_*',
  'ΟΔΟΣ',
  'οδος 2',
  'x',
]

interface Given {
  readonly created: number
  readonly owner: number
  readonly status: PinStatus
  readonly key: string
  readonly name: string | null
  readonly meta: Record<string, string>
}

let folder: Awaited<ReturnType<typeof temporaryFolder>>
let database: Database
let pins: PinStore
let given: Given[] = []
beforeAll(async () => {
  folder = await temporaryFolder()
  database = await openDatabase(`${folder.path}/pins.db`, PIN_DATABASE)
  pins = new PinStore(database)
  const tokens = new TokenStore(database)
  const owners = ['a', 'b'].map((token) => tokens.ownerOfConfigured(token))
  // All combinations that matter, spread so that neighbours differ.
  transaction(database, () => {
    for (let i = 0; i < 240; i++) {
      const owner = owners[i % 2] ?? 0
      const name = NAMES[(i * 7) % NAMES.length] ?? null
      const meta = { ...(i % 3 && { app: `${i % 4}` }), ...(i % 5 && { env: i % 2 ? 'prod' : 'dev' }) }
      const status = PIN_STATUSES[(i >> 1) % 4] ?? 'queued'
      const key = `k${i % 13}`
      const { restored } = pins.restore(
        owner,
        { cid: { text: key, key }, name, origins: [], meta },
        { requestId: `${i}`, created: 1_000 + i },
      )
      pins.setStatus(restored.created, status, {})
      given.push({ created: restored.created, owner, status, key, name, meta })
    }
  })
  given = given.reverse()
})
afterAll(async () => {
  database.close()
  await folder[Symbol.asyncDispose]()
})

const filters: fc.Arbitrary<PinFilter> = fc.record({
  cidKeys: fc.option(fc.uniqueArray(fc.constantFrom('k0', 'k5', 'k12', 'unknown'), { minLength: 1 }), { freq: 3 }),
  name: fc.option(
    fc.constantFrom('', 'p', 'ph', 'photo', 'PHOTO', 'Photo', 'straße', 'SS', '"b', '%', 'ος', 'Σ 2', 'none'),
    { freq: 2 },
  ),
  match: fc.constantFrom('exact', 'iexact', 'partial', 'ipartial'),
  statuses: fc.subarray([...PIN_STATUSES], { minLength: 1 }),
  before: fc.option(fc.integer({ min: 990, max: 1_250 }), { freq: 2 }),
  after: fc.option(fc.integer({ min: 990, max: 1_250 }), { freq: 2 }),
  meta: fc.dictionary(fc.constantFrom('app', 'env'), fc.constantFrom('0', '1', 'prod', 'dev', 'x')),
  limit: fc.integer({ min: 1, max: MAX_LIMIT }),
})

/** The filter as the specification tells it, without any index. */
function matches(pin: Given, { cidKeys, name, match, statuses, before, after, meta }: PinFilter): boolean {
  const isNamed = (): boolean => {
    if (name === null) return true
    if (pin.name === null) return false
    if (match === 'exact') return pin.name === name
    if (match === 'iexact') return foldCase(pin.name) === foldCase(name)
    return match === 'partial' ? pin.name.includes(name) : foldCase(pin.name).includes(foldCase(name))
  }
  return (
    statuses.includes(pin.status) &&
    (cidKeys === null || cidKeys.includes(pin.key)) &&
    (before === null || pin.created < before) &&
    (after === null || pin.created > after) &&
    Object.entries(meta).every(([key, value]) => pin.meta[key] === value) &&
    isNamed()
  )
}

// Bounds decide where a search starts, which must make no difference to what it finds.
const bounds: fc.Arbitrary<SearchBounds> = fc.record({
  countedEntries: fc.constantFrom(MAX_LIMIT, 20_000),
  countedLooks: fc.constantFrom(MAX_LIMIT, 2_000),
  few: fc.constantFrom(0, 10, 10_000),
  probedTerms: fc.constantFrom(1, 40, 100_000),
  probedNames: fc.constantFrom(0, 5, 10_000),
  bearable: fc.constantFrom(0, 100_000),
})

it('finds and counts what a plain search finds, whichever filters come together', () => {
  fc.assert(
    fc.property(filters, bounds, (filter, bounds) => {
      for (const owner of new Set(given.map((pin) => pin.owner))) {
        const expected = given
          .filter((pin) => pin.owner === owner && matches(pin, filter))
          .map(({ created }) => created)
        const keys = expected.slice(0, filter.limit)
        expect(new PinSearch(database, SEARCH_BOUNDS).find(owner, filter)).toEqual({ count: expected.length, keys })
        const bounded = new PinSearch(database, bounds).find(owner, filter)
        expect(bounded.keys).toEqual(keys)
        if (bounded.count !== expected.length) {
          expect([bounds.countedEntries, bounds.countedLooks]).toContain(bounded.count)
          expect(bounded.count).toBeLessThan(expected.length)
        }
      }
    }),
    { numRuns: RUNS },
  )
})

it('reads the index in order, whichever filters come together, and never a table as a whole', () => {
  const asked = new Set<string>()
  const recording = {
    prepare: (sql: string) => {
      asked.add(sql)
      return database.prepare(sql)
    },
  }
  fc.assert(
    fc.property(filters, bounds, (filter, bounds) => {
      new PinSearch(recording as unknown as Database, bounds).find(given[0]?.owner ?? 0, filter)
    }),
    { numRuns: RUNS },
  )
  const plans = [...asked].map((sql) => {
    const marks = sql.split('?').length - 1
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from({ length: marks }, () => 1))
    return { sql, plan: (rows as { detail: string }[]).map(({ detail }) => detail).join('; ') }
  })
  const isWhole = /SCAN (?!\(subquery|pin_name VIRTUAL TABLE INDEX \d+:\S*M)|TEMP B-TREE|AUTOMATIC/
  expect(plans.filter(({ plan }) => isWhole.test(plan))).toEqual([])
  expect(plans.some(({ plan }) => plan.includes('SCAN pin_name'))).toBe(true)
})

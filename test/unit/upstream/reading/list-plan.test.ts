import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import { PIN_STATUSES } from '../../../../src/domain/pin.ts'
import type { PinPage } from '../../../../src/upstream/http/pin-page.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../../../../src/upstream/providers/capabilities.ts'
import { countIn, isCountExact, planQuery, splitQuery } from '../../../../src/upstream/reading/list-plan.ts'
import { exampleCid, exampleCidV0 } from '../../../support/providers/example-cid.ts'

const ALL = { statuses: PIN_STATUSES }
const cidsOf = (...numbers: number[]) => numbers.map((n) => parseCid(exampleCid(n)))
const able = (changes: Partial<Capabilities> = {}): Capabilities => ({ ...SPECIFIED_CAPABILITIES, ...changes })

describe('cutting a query into lists', () => {
  it('keeps each content once, in as few lists as the service takes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60)), fc.integer({ min: 1, max: 10 }), (numbers, maxCids) => {
        const parts = splitQuery({ ...ALL, cids: cidsOf(...numbers) }, able({ maxCids }), 40)
        const texts = parts.flatMap(({ cids = [] }) => cids.map(({ text }) => text))
        expect([...texts].sort()).toEqual([...new Set(numbers.map(exampleCid))].sort())
        expect(parts.length).toBe(Math.ceil(texts.length / maxCids))
      }),
    )
  })

  it('takes both versions of the same content for one', () => {
    const cids = [exampleCid(1), exampleCidV0(1)].map((text) => parseCid(text))
    expect(splitQuery({ ...ALL, cids }, able(), 40)).toEqual([{ ...ALL, cids: [cids[1]] }])
  })

  it('makes room for both versions where the service compares text', () => {
    const query = { ...ALL, cids: cidsOf(1, 2, 3, 4, 5, 6) }
    const parts = splitQuery(query, able({ cidForm: 'text' }), 40)
    expect(parts.map(({ cids }) => cids?.length)).toEqual([5, 1])
  })

  it('keeps the head of a request within what the service reads, a long token included (#38)', () => {
    const query = { ...ALL, cids: cidsOf(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) }
    expect(splitQuery(query, able({ maxHeadBytes: 4096 }), 40)).toHaveLength(1)
    expect(splitQuery(query, able({ maxHeadBytes: 4096 }), 3000)).toHaveLength(2)
    expect(splitQuery(query, able({ maxHeadBytes: 4096 }), 4000)).toHaveLength(10)
  })

  it('asks for nothing where nothing can match, and once where the service looks at no CIDs', () => {
    expect(splitQuery({ ...ALL, cids: [] }, able(), 40)).toEqual([])
    expect(splitQuery({ statuses: [] }, able(), 40)).toEqual([])
    const many = { ...ALL, cids: cidsOf(...Array.from({ length: 30 }, (_, n) => n)) }
    expect(splitQuery(many, able({ cidFilter: 'loose' }), 40)).toEqual([many])
    expect(planQuery(many, able({ cidFilter: 'loose' })).cids).toBeUndefined()
  })
})

describe('what a service is asked', () => {
  it('leaves out what would hide pins', () => {
    const query = {
      statuses: ['failed'] as const,
      name: 'x',
      match: 'partial' as const,
      meta: { a: 'b' },
      cids: cidsOf(1),
    }
    const nameFilter = { ...SPECIFIED_CAPABILITIES.nameFilter, partial: 'unusable' } as const
    const unusable = { cidFilter: 'unusable', nameFilter, statusFilter: 'unusable', metaFilter: 'unusable' } as const
    expect(planQuery(query, able(unusable))).toEqual(ALL)
  })

  it('leaves out a name or meta too long for a URL, and an empty name', () => {
    const query = { ...ALL, name: '名'.repeat(255), meta: { a: 'b'.repeat(2000) } }
    expect(planQuery(query, able())).toEqual(ALL)
    expect(planQuery({ ...ALL, name: '' }, able())).toEqual(ALL)
    expect(isCountExact({ ...ALL, name: '' }, able({ count: 'matching' }))).toBe(false)
  })

  it('widens a time to the unit of the service, and to seconds while that is not known', () => {
    const digits = fc.option(fc.integer({ min: 0, max: 9 }))
    const instants = fc.tuple(
      fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
      fc.integer({ min: 0, max: 999_999 }),
    )
    fc.assert(
      fc.property(instants, digits, fc.constantFrom(null, 0, 9), ([date, ns], createdDigits, timeDigits) => {
        const text = date.toISOString().replace('Z', `${String(ns).padStart(6, '0')}Z`)
        const { before = '', after = '' } = planQuery(
          { ...ALL, before: text, after: text },
          able({ createdDigits, timeDigits }),
        )
        const unit = 10n ** BigInt(9 - Math.min(3, createdDigits ?? 0, timeDigits ?? 0))
        const at = parseInstant(text).ns
        expect(parseInstant(before).ns - at).toBeGreaterThanOrEqual(0n)
        expect(parseInstant(before).ns - at).toBeLessThan(unit)
        expect(at - parseInstant(after).ns).toBeGreaterThanOrEqual(0n)
        expect(at - parseInstant(after).ns).toBeLessThan(unit)
      }),
    )
  })
})

describe('how many pins match', () => {
  const page = (length: number, count: number | null): PinPage => ({
    count,
    pins: Array.from({ length }, (_, n) => ({
      service: 'one',
      requestId: `r${n}`,
      status: 'pinned',
      cid: parseCid(exampleCid(n)),
      name: null,
      created: parseInstant('2026-01-31T12:00:00Z'),
      origins: [],
      meta: {},
      delegates: [],
      info: {},
    })),
  })
  const count = (change: object, pins: PinPage, capabilities: Partial<Capabilities>) => {
    const query = { ...ALL, ...change }
    return countIn(pins, { ...query, limit: 10 }, query, able(capabilities))
  }

  it('is seen in a list that is all there is, whatever its count says', () => {
    expect(count({}, page(4, 4), { count: 'unreliable' })).toBe(4)
    expect(count({}, page(4, 99), { count: 'unreliable' })).toBe(4)
    expect(count({ statuses: ['failed'] }, page(4, null), {})).toBe(0)
  })

  it('is unknown where the service stopped counting', () => {
    const capped = { count: 'matching', cappedCounts: [2_000] } as const
    expect(count({ name: 'a' }, page(10, 2_000), capped)).toBe(null)
    expect(count({ name: 'a' }, page(10, 1_999), capped)).toBe(1_999)
    expect(count({ statuses: ['failed'] }, page(10, 2_000), capped)).toBe(2_000)
  })

  it('is what the service counts, where that can be believed', () => {
    expect(count({}, page(10, 50), { count: 'matching' })).toBe(50)
    expect(count({}, page(10, 10), { count: 'matching' })).toBe(10)
    expect(count({}, page(10, 50), { count: 'everything' })).toBe(50)
    expect(count({ statuses: ['pinned'] }, page(10, 50), { count: 'everything' })).toBeNull()
    expect(count({ statuses: ['pinned'] }, page(10, 50), { count: 'total' })).toBe(50)
    expect(count({ before: '2027-01-01T00:00:00Z' }, page(10, 50), { count: 'total' })).toBeNull()
    expect(count({ before: '2027-01-01T00:00:00Z' }, page(10, 50), { count: 'matching' })).toBe(50)
    expect(count({}, page(10, 50), { count: 'unreliable' })).toBeNull()
    expect(count({}, page(10, null), { count: 'matching' })).toBeNull()
  })

  it('is believed of a stranger when it counts everything, and more than it shows', () => {
    expect(count({}, page(10, 50), {})).toBe(50)
    expect(count({}, page(10, 10), {})).toBeNull()
    expect(count({ statuses: ['pinned'] }, page(10, 50), {})).toBeNull()
  })

  it('is not known where a filter is not relied on, or its border is another', () => {
    const known = { count: 'matching' } as const
    expect(count({ cids: cidsOf(1) }, page(10, 50), { ...known, cidFilter: 'loose' })).toBeNull()
    expect(count({ meta: { a: 'b' } }, page(10, 50), { ...known, metaFilter: 'loose' })).toBeNull()
    expect(count({ name: 'x' }, page(10, 50), { ...known, namesPinsByCid: true })).toBeNull()
    expect(count({ before: '2027-01-01T00:00:00Z' }, page(10, 50), { ...known, timeFilter: 'loose' })).toBeNull()
    expect(count({ before: '2027-01-01T00:00:00.5Z' }, page(10, 50), { ...known, createdDigits: 0 })).toBeNull()
  })
})

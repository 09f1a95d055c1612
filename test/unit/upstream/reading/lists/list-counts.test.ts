import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../../src/domain/instant.ts'
import { PIN_STATUSES } from '../../../../../src/domain/pin.ts'
import type { PinPage } from '../../../../../src/upstream/http/pin-page.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import { countIn } from '../../../../../src/upstream/reading/lists/list-counts.ts'
import { exampleCid } from '../../../../support/providers/example-cid.ts'

const ALL = { statuses: PIN_STATUSES }
const cidsOf = (...numbers: number[]) => numbers.map((n) => parseCid(exampleCid(n)))
const able = (changes: Partial<Capabilities> = {}): Capabilities => ({ ...SPECIFIED_CAPABILITIES, ...changes })

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
    return countIn(pins, { ...query, limit: 10 }, { query, capabilities: able(capabilities) })
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

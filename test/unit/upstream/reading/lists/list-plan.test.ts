import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../../src/domain/instant.ts'
import { PIN_STATUSES } from '../../../../../src/domain/pin.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import { isCountExact } from '../../../../../src/upstream/reading/lists/list-counts.ts'
import { planQuery } from '../../../../../src/upstream/reading/lists/list-plan.ts'
import { exampleCid } from '../../../../support/providers/example-cid.ts'

const ALL = { statuses: PIN_STATUSES }
const cidsOf = (...numbers: number[]) => numbers.map((n) => parseCid(exampleCid(n)))
const able = (changes: Partial<Capabilities> = {}): Capabilities => ({ ...SPECIFIED_CAPABILITIES, ...changes })

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

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../../src/domain/cid.ts'
import { PIN_STATUSES } from '../../../../../src/domain/pin.ts'
import { type Capabilities, SPECIFIED_CAPABILITIES } from '../../../../../src/upstream/providers/capabilities.ts'
import { planQuery } from '../../../../../src/upstream/reading/lists/list-plan.ts'
import { cidsThatFit, splitQuery } from '../../../../../src/upstream/reading/lists/split-query.ts'
import { exampleCid, exampleCidV0 } from '../../../../support/providers/example-cid.ts'

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

describe('the CIDs that fit in one list', () => {
  it('are the first ones, up to the number that the service takes', () => {
    expect(cidsThatFit(cidsOf(1, 2, 3), able({ maxCids: 2 }), 40)).toEqual(cidsOf(1, 2))
    expect(cidsThatFit([], able(), 40)).toEqual([])
  })

  it('are at least one, however little room the service leaves', () => {
    expect(cidsThatFit(cidsOf(1, 2), able({ maxHeadBytes: 100 }), 40)).toEqual(cidsOf(1))
  })
})

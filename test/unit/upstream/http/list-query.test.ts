import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import { PIN_STATUSES, type Pin } from '../../../../src/domain/pin.ts'
import { createPinFilter, encodeListQuery } from '../../../../src/upstream/http/list-query.ts'
import { exampleCid, exampleCidV0 } from '../../../support/providers/example-cid.ts'

const all = { statuses: PIN_STATUSES }

describe('the query string of a list', () => {
  it('always has status and limit', () => {
    expect(encodeListQuery({ ...all, limit: 10 })).toBe('status=queued%2Cpinning%2Cpinned%2Cfailed&limit=10')
  })

  it('leaves out the match that is the default, and an empty meta', () => {
    const query = { statuses: ['pinned'] as const, name: 'a b', match: 'exact' as const, meta: {}, limit: 1 }

    expect(encodeListQuery(query)).toBe('name=a+b&status=pinned&limit=1')
  })

  it('survives being read again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.dictionary(fc.string(), fc.string()), (name, meta) => {
        const search = new URLSearchParams(encodeListQuery({ ...all, name, meta, limit: 1 }))
        expect(search.get('name')).toBe(name)
        expect(JSON.parse(search.get('meta') ?? '{}')).toEqual(meta)
      }),
    )
  })
})

describe('filtering here what a service did not', () => {
  const pin: Pin = {
    service: 'one',
    requestId: 'r1',
    status: 'pinned',
    cid: parseCid(exampleCid(1)),
    name: 'Straße',
    created: parseInstant('2026-01-31T12:00:00.000000001Z'),
    origins: [],
    meta: { a: '1', b: '2' },
    delegates: [],
    info: {},
  }

  it.each([
    [true, {}],
    [true, { cids: [parseCid(exampleCidV0(1))] }],
    [false, { cids: [parseCid(exampleCid(2))] }],
    [true, { name: 'Straße' }],
    [false, { name: 'straße' }],
    [true, { name: 'STRAßE', match: 'iexact' }],
    [true, { name: 'traß', match: 'partial' }],
    [false, { name: 'TRA', match: 'partial' }],
    [true, { name: 'TRA', match: 'ipartial' }],
    [false, { statuses: ['failed'] }],
    [true, { meta: { a: '1' } }],
    [false, { meta: { a: '1', b: '1' } }],
    [true, { before: '2026-01-31T12:00:00.000000002Z', after: '2026-01-31T12:00:00Z' }],
    [false, { before: '2026-01-31T12:00:00.000000001Z' }],
    [false, { after: '2026-01-31T12:00:00.000000001Z' }],
    [true, { before: '2026-01-31T13:00:01+01:00' }],
  ] as const)('says %s for %j', (expected, query) => {
    expect(createPinFilter({ ...all, ...query })(pin)).toBe(expected)
  })
})

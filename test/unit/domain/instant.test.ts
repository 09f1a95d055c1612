import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatInstant, parseInstant } from '../../../src/domain/instant.ts'

const anyNs = fc.bigInt({ min: -62_000_000_000n * 10n ** 9n, max: 250_000_000_000n * 10n ** 9n })

describe('parseInstant and formatInstant', () => {
  it('keep every nanosecond', () => {
    fc.assert(
      fc.property(anyNs, (ns) => {
        const text = formatInstant(ns, 9)
        expect(parseInstant(text)).toEqual({ text, ns, digits: 9 })
      }),
    )
  })

  it('round down to the digits asked for', () => {
    fc.assert(
      fc.property(anyNs, fc.integer({ min: 0, max: 9 }), (ns, digits) => {
        const unit = 10n ** BigInt(9 - digits)
        const rounded = parseInstant(formatInstant(ns, digits)).ns
        expect(rounded <= ns && ns - rounded < unit && rounded % unit === 0n).toBe(true)
      }),
    )
  })

  it('reads offsets as the same instant', () => {
    const utc = parseInstant('2022-11-06T05:30:00Z').ns
    expect(parseInstant('2022-11-06T01:30:00-04:00').ns).toBe(utc)
    const text = '2022-11-06T00:30:00.0-05:00'
    expect(parseInstant(text)).toEqual({ text, ns: utc, digits: 1 })
  })

  it.each([
    '',
    'yesterday',
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-02-30T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '2026-01-31T25:00:00Z',
    '1700000000',
    '2026-01-31T12:00:00.Z',
  ])('refuses %j', (text) => {
    expect(() => parseInstant(text, 'filter.createdBefore')).toThrow(
      /^filter\.createdBefore: expected an RFC 3339 timestamp/,
    )
  })
})

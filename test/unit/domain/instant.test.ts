import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareInstants, formatInstant, type Instant, parseInstant } from '../../../src/domain/instant.ts'

const anyNs = fc.bigInt({ min: -62_000_000_000n * 10n ** 9n, max: 250_000_000_000n * 10n ** 9n })

const digitsOf = (length: number, max: number) => fc.nat(max).map((n) => String(n).padStart(length, '0'))
/** A date and time in UTC that mostly is one, without its zone. */
const anyUtc = fc
  .record({
    year: fc.oneof(fc.constantFrom('0000', '1900', '2000', '2023', '2024', '9999'), digitsOf(4, 9999)),
    month: digitsOf(2, 13),
    day: fc.oneof(fc.constantFrom('28', '29', '30', '31'), digitsOf(2, 32)),
    hour: digitsOf(2, 24),
    minute: digitsOf(2, 60),
    second: fc.oneof(fc.constantFrom('59', '60', '61'), digitsOf(2, 59)),
    fraction: fc.oneof(
      fc.constantFrom('', '.', '.000', '.000000000'),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 12, size: 'max' }).map((digits) => `.${digits.join('')}`),
    ),
  })
  .map(
    ({ year, month, day, hour, minute, second, fraction }) =>
      `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction}`,
  )

/** The parts of an instant, which finds some of them only when they are read. */
function partsOf({ text, ns, digits }: Instant) {
  return { text, ns, digits }
}

describe('parseInstant and formatInstant', () => {
  it('keep every nanosecond', () => {
    fc.assert(
      fc.property(anyNs, (ns) => {
        const text = formatInstant(ns, 9)
        expect(partsOf(parseInstant(text))).toEqual({ text, ns, digits: 9 })
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

  it('takes, refuses and reads an instant in UTC as it does its twin with an offset of zero', () => {
    const at = fc.nat(30)
    const letter = fc.constantFrom('', '0', '7', '-', ':', '.', 'T', ' ', '\n')
    const text = fc.oneof(
      anyUtc,
      fc.tuple(anyUtc, at, letter).map(([utc, index, other]) => utc.slice(0, index) + other + utc.slice(index + 1)),
    )
    fc.assert(
      fc.property(text, (utc) => {
        const [ours, twin] = [attempt(() => parseInstant(`${utc}Z`)), attempt(() => parseInstant(`${utc}+00:00`))]
        expect(ours && partsOf(ours)).toEqual(twin && { ...partsOf(twin), text: `${utc}Z` })
      }),
      { numRuns: 3000 },
    )
  })

  it.each([
    ['2024-02-29T00:00:00Z', 1_709_164_800_000_000_000n, 0],
    ['2016-12-31T23:59:60Z', 1_483_228_799_000_000_000n, 0],
    ['1969-12-31T23:59:59.9Z', -100_000_000n, 1],
    ['2026-01-31 12:00:00z', 1_769_860_800_000_000_000n, 0],
    ['2026-01-31T12:00:00.1234567891Z', 1_769_860_800_123_456_789n, 9],
  ])('reads %s', (text, ns, digits) => {
    expect(partsOf(parseInstant(text))).toEqual({ text, ns, digits })
  })

  it.each([
    '',
    'yesterday',
    '1900-02-29T12:00:00Z',
    '2026-04-31T12:00:00Z',
    '2026-01-31T12:00:61Z',
    '2026-01-31T12:00:00Z\n',
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

describe('compareInstants', () => {
  it('orders by nanoseconds, whatever precision and offset the texts have', () => {
    // A few nanoseconds apart, in all the ways to print them.
    const ns = fc.bigInt({ min: -2n, max: 2n }).chain((n) => fc.constantFrom(n, n * 10n ** 8n, n * 10n ** 9n))
    const zone = fc.constantFrom('Z', 'Z', 'Z', 'z', '+00:00')
    const instant = fc
      .tuple(ns, fc.integer({ min: 0, max: 9 }), zone)
      .map(([at, digits, end]): Instant => parseInstant(formatInstant(at, digits).replace('Z', end)))
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        expect(compareInstants(a, b)).toBe(a.ns < b.ns ? -1 : Number(a.ns > b.ns))
        expect(compareInstants(a, partsOf(b))).toBe(compareInstants(a, b))
      }),
      { numRuns: 1000 },
    )
  })
})

function attempt<Value>(read: () => Value): Value | null {
  try {
    return read()
  } catch {
    return null
  }
}

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { retryAfterOf } from '../../../../src/upstream/http/retry-after.ts'

const HOUR_MS = 3_600_000
const WALL_NOW_MS = Date.parse('2026-03-01T12:00:00Z')

/** Reads an answer with these headers. Undefined: the header is absent. */
function read(retryAfter: string | undefined, date?: string): number | undefined {
  const headers = new Map<string, string>()
  if (retryAfter !== undefined) headers.set('retry-after', retryAfter)
  if (date !== undefined) headers.set('date', date)
  return retryAfterOf(headers, WALL_NOW_MS)
}

describe('retryAfterOf', () => {
  it.each([
    ['60', 60_000],
    [' 0 ', 0],
    ['1.5', 1500],
  ])('reads %o as seconds', (text, ms) => {
    expect(read(text)).toBe(ms)
  })

  it.each([
    'Sun, 01 Mar 2026 12:01:30 GMT',
    'Sunday, 01-Mar-26 12:01:30 GMT',
    'Sun Mar  1 12:01:30 2026',
    '2026-03-01T12:01:30Z',
    '2026-03-01T13:01:30+01:00',
  ])('reads %o as a date', (text) => {
    expect(read(text)).toBe(90_000)
  })

  it('compares a date with the Date of the same answer, so that a wrong clock does no harm', () => {
    const date = 'Sun, 01 Mar 2020 00:00:00 GMT'
    expect(read('Sun, 01 Mar 2020 00:00:05 GMT', date)).toBe(5000)
  })

  it('uses its own clock where the Date of the answer is unreadable', () => {
    expect(read('Sun, 01 Mar 2026 12:00:05 GMT', 'yesterday')).toBe(5000)
  })

  it.each([
    ['99999999999', HOUR_MS],
    ['Sun, 01 Mar 2099 12:00:00 GMT', HOUR_MS],
    ['Sun, 01 Mar 2020 12:00:00 GMT', 0],
  ])('cuts %o to a sane delay', (text, ms) => {
    expect(read(text)).toBe(ms)
  })

  it.each([undefined, '', '-5', 'soon', '1e3', '5 minutes', 'Sun, 99 Foo 2026', 'NaN'])(
    'knows nothing from %o',
    (text) => {
      expect(read(text)).toBeUndefined()
    },
  )

  it('answers any text with nothing or a delay of at most an hour', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        (text) => {
          const ms = read(text) ?? 0
          expect(ms).toBeGreaterThanOrEqual(0)
          expect(ms).toBeLessThanOrEqual(HOUR_MS)
        },
      ),
    )
  })
})

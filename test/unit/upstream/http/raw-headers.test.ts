import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RawHeaders } from '../../../../src/upstream/http/raw-headers.ts'

const name = fc.constantFrom(
  'Retry-After',
  'retry-after',
  'DATE',
  'Date',
  'X-RateLimit-Reset',
  'x-ratelimit-limit',
  'Via',
)
const value = fc.string({ unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)) })

const rawOf = (headers: readonly (readonly string[])[]) =>
  new RawHeaders(headers.flat().map((text) => Buffer.from(text, 'latin1')))

describe('RawHeaders', () => {
  it('finds the first header of a name, however it is written, and none that is missing', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value)), (headers) => {
        const raw = rawOf(headers)
        // Of equal keys the last one stays, so the first one must come last.
        const expected = new Map([...headers].reverse().map(([key, text]) => [key.toLowerCase(), text]))
        expect(Object.fromEntries(raw)).toEqual(Object.fromEntries(expected))
        for (const key of ['retry-after', 'date', 'x-ratelimit-reset', 'x-ratelimit-limit', 'via', 'age']) {
          expect(raw.get(key)).toBe(expected.get(key))
        }
      }),
    )
  })
})

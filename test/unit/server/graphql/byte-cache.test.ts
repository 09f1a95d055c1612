import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteCache } from '../../../../src/server/graphql/byte-cache.ts'

describe('a byte cache', () => {
  it('never holds more bytes than it may, and knows how many, whatever is put in and read', () => {
    const step = fc.record({ key: fc.integer({ min: 0, max: 20 }), bytes: fc.integer({ min: 0, max: 300 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const cache = new ByteCache<number>(1_000)
        for (const { key, bytes } of steps) {
          const known = cache.get(`${key}`)
          if (known === undefined) cache.set(`${key}`, bytes, bytes)
          expect(cache.bytes).toBeLessThanOrEqual(1_000)
        }
        const kept = Array.from({ length: 21 }, (_, key) => [`${key}`, cache.get(`${key}`)] as const)
        const bytes = kept.reduce((sum, [key, value]) => sum + (value === undefined ? 0 : value + 2 * key.length), 0)
        expect(cache.bytes).toBe(bytes)
      }),
    )
  })

  it('forgets what was not used for longest', () => {
    const cache = new ByteCache<string>(1_000)
    for (const key of 'abcdefgh') cache.set(key, key, 120)
    cache.get('a')
    cache.set('i', 'i', 120)

    expect(cache.get('a')).toBe('a')
    expect(cache.get('b')).toBeUndefined()
    expect(cache.get('i')).toBe('i')
  })

  it('takes no value that would push out an eighth of all others', () => {
    const cache = new ByteCache<string>(1_000)
    cache.set('a', 'a', 10)
    cache.set('x'.repeat(63), 'large', 0)

    expect([cache.get('a'), cache.get('x'.repeat(63))]).toEqual(['a', undefined])
  })
})

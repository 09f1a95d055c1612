import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecentMap } from '../../../src/upstream/recent-map.ts'

const step = fc.record({ act: fc.constantFrom('get', 'peek', 'set'), key: fc.constantFrom('a', 'b', 'c', 'd', 'e') })

describe('RecentMap', () => {
  it('keeps what was used last, as a list in order of use does', () => {
    fc.assert(
      fc.property(fc.array(step), fc.integer({ min: 1, max: 4 }), (steps, maxSize) => {
        const map = new RecentMap<number>(maxSize)
        let model: { key: string; value: number }[] = []
        for (const [value, { act, key }] of steps.entries()) {
          const known = model.find((entry) => entry.key === key)
          if (act === 'set') map.set(key, value)
          else expect(act === 'get' ? map.get(key) : map.peek(key)).toBe(known?.value)
          const used = act === 'set' ? { key, value } : act === 'get' ? known : undefined
          if (used) model = [...model.filter((entry) => entry.key !== key), used].slice(-maxSize)
        }
        for (const key of ['a', 'b', 'c', 'd', 'e']) {
          expect(map.peek(key)).toBe(model.find((entry) => entry.key === key)?.value)
        }
      }),
    )
  })
})

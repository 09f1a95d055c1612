import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Line, LinePlace } from '../../../../src/server/http/line.ts'

it('has the things in the order in which they joined last, as a set of those that stand in it', () => {
  const step = fc.record({ thing: fc.nat(9), joins: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const line = new Line<number>()
      const places = Array.from({ length: 10 }, (_, thing) => new LinePlace(thing))
      const expected = new Set<number>()
      for (const { thing, joins } of steps) {
        expected.delete(thing)
        if (joins) {
          expected.add(thing)
          line.join(places[thing] as LinePlace<number>)
        } else places[thing]?.leave()
        expect(line.first).toBe([...expected][0] ?? null)
      }
      for (const thing of expected) {
        expect(line.first).toBe(thing)
        places[thing]?.leave()
      }
      expect(line.first).toBeNull()
    }),
  )
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatInstant, parseInstant } from '../../../src/domain/instant.ts'
import { comparePositions, type PinPosition } from '../../../src/domain/pin-order.ts'

const position: fc.Arbitrary<PinPosition> = fc.record({
  created: fc
    .tuple(fc.bigInt({ min: 0n, max: 3n }), fc.constantFrom(0, 3, 9), fc.constantFrom('Z', '+00:00'))
    .map(([ns, digits, zone]) => parseInstant(formatInstant(ns * 10n ** 6n, digits).replace('Z', zone))),
  service: fc.constantFrom('a', 'b', 'B'),
  requestId: fc.constantFrom('1', '2', '10'),
})

it('comparePositions orders by instant, newest first, then by service, then by request id', () => {
  const order = (a: string | bigint, b: string | bigint): number => (a < b ? -1 : Number(a > b))
  fc.assert(
    fc.property(position, position, (a, b) => {
      const expected =
        order(b.created.ns, a.created.ns) || order(a.service, b.service) || order(a.requestId, b.requestId)
      expect(Math.sign(comparePositions(a, b))).toBe(expected)
    }),
    { numRuns: 1000 },
  )
})

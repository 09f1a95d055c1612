import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safePace } from '../../../../src/upstream/budget/rate-limit.ts'

describe('safePace', () => {
  it.each([
    [100, 1000, { intervalMs: 1050 / 95, burst: 5, reserve: 2 }],
    [30, 60_000, { intervalMs: 60_050 / 28, burst: 2, reserve: 1 }],
    [250, 60_000, { intervalMs: 60_050 / 226, burst: 24, reserve: 12 }],
    [2, 1000, { intervalMs: 1050, burst: 1, reserve: 0 }],
    [1, 1000, { intervalMs: 1051, burst: 1, reserve: 0 }],
  ])('turns %d calls in %d ms into %o', (limit, windowMs, pace) => {
    expect(safePace({ limit, windowMs })).toEqual(pace)
  })

  it('lets no window see more than the limit, whatever the limit and the jitter', () => {
    const args = [fc.integer({ min: 2, max: 10_000 }), fc.integer({ min: 1, max: 86_400_000 }), fc.nat(500)] as const
    fc.assert(
      fc.property(...args, (limit, windowMs, jitterMs) => {
        const { intervalMs, burst } = safePace({ limit, windowMs }, jitterMs)
        expect((windowMs + jitterMs) / intervalMs + burst).toBeLessThanOrEqual(limit + 1e-6)
      }),
    )
  })

  it('leaves 90 % of the limit to a steady load, from 20 calls a second or 12 a minute on', () => {
    const limits = fc.oneof(
      fc.record({ limit: fc.integer({ min: 20, max: 10_000 }), windowMs: fc.constant(1000) }),
      fc.record({
        limit: fc.integer({ min: 12, max: 10_000 }),
        windowMs: fc.integer({ min: 60_000, max: 86_400_000 }),
      }),
    )
    fc.assert(
      fc.property(limits, ({ limit, windowMs }) => {
        expect(windowMs / safePace({ limit, windowMs }).intervalMs / limit).toBeGreaterThanOrEqual(0.9 - 1e-9)
      }),
    )
  })
})

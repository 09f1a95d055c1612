import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safePace } from '../../../../src/upstream/budget/safe-pace.ts'

describe('safePace', () => {
  it.each([
    [100, 1000, { spanMs: 1050.001, intervalMs: 1050.001 / 98, burst: 50, pollIntervalMs: 0, reserve: 2 }],
    [
      30,
      60_000,
      { spanMs: 60_050.001, intervalMs: 60_050.001 / 29, burst: 15, pollIntervalMs: 60_050.001 / 14, reserve: 1 },
    ],
    [
      250,
      60_000,
      { spanMs: 60_050.001, intervalMs: 60_050.001 / 245, burst: 125, pollIntervalMs: 60_050.001 / 120, reserve: 5 },
    ],
    [12, 1000, { spanMs: 1050.001, intervalMs: 1050.001 / 12, burst: 6, pollIntervalMs: 0, reserve: 0 }],
    [1, 1000, { spanMs: 1050.001, intervalMs: 1050.001, burst: 1, pollIntervalMs: 0, reserve: 0 }],
  ])('gives the parts of %d calls in %d ms as %o', (limit, windowMs, pace) => {
    expect(safePace({ limit, windowMs })).toEqual(pace)
  })

  it('leaves 92 % of the limit to a steady load, from 50 calls a second or 13 a minute on', () => {
    const limits = fc.oneof(
      fc.record({ limit: fc.integer({ min: 50, max: 10_000 }), windowMs: fc.constant(1000) }),
      fc.record({
        limit: fc.integer({ min: 13, max: 10_000 }),
        windowMs: fc.integer({ min: 60_000, max: 86_400_000 }),
      }),
    )
    fc.assert(
      fc.property(limits, ({ limit, windowMs }) => {
        expect(windowMs / safePace({ limit, windowMs }).intervalMs / limit).toBeGreaterThanOrEqual(0.92)
      }),
    )
  })
})

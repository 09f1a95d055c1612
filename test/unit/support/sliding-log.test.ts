import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SlidingLog } from '../../support/sliding-log.ts'

const times = fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 60 })
const windowMs = fc.integer({ min: 1, max: 40 })

/** The definition, word by word. */
const inWindow = (all: readonly number[], window: number, end: number) =>
  all.filter((at) => at > end - window && at <= end).length

describe('SlidingLog', () => {
  it('counts what lies in the window that ends at a moment', () => {
    fc.assert(
      fc.property(times, windowMs, fc.integer({ min: 0, max: 150 }), (all, window, end) => {
        expect(new SlidingLog(all).countIn(window, end)).toBe(inWindow(all, window, end))
      }),
    )
  })

  it('finds the fullest of all windows, wherever they end', () => {
    fc.assert(
      fc.property(times, windowMs, (all, window) => {
        const everyEnd = Array.from({ length: 150 }, (_, end) => inWindow(all, window, end))
        expect(new SlidingLog(all).maxInWindow(window)).toBe(Math.max(...everyEnd))
      }),
    )
  })

  it('reports a violation exactly when some window holds more than the limit', () => {
    fc.assert(
      fc.property(times, windowMs, fc.integer({ min: 0, max: 10 }), (all, window, limit) => {
        const log = new SlidingLog(all)
        const violations = log.violations(limit, window)
        expect(violations.length > 0).toBe(log.maxInWindow(window) > limit)
        expect(violations.every(({ count }) => count > limit)).toBe(true)
      }),
    )
  })

  it('waits no longer and no shorter than the limit asks', () => {
    fc.assert(
      fc.property(
        times,
        windowMs,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 150 }),
        (all, window, limit, now) => {
          const past = all.filter((at) => at <= now)
          const waitMs = new SlidingLog(past).waitMs(limit, window, now)
          const fits = (at: number) => inWindow(past, window, at) < limit
          expect(fits(now + waitMs)).toBe(true)
          if (waitMs > 0) expect(fits(now + waitMs - 1)).toBe(false)
        },
      ),
    )
  })

  it('keeps two events exactly one window apart out of one window', () => {
    const log = new SlidingLog([0, 999.5, 1000])

    expect([log.maxInWindow(1000), log.maxInWindow(1000.5)]).toEqual([2, 3])
    expect(log.violations(2, 1000.5)).toEqual([{ at: 1000, count: 3 }])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateCell } from '../../../../src/upstream/budget/rate-cell.ts'
import type { RateLimit } from '../../../../src/upstream/budget/rate-limit.ts'
import type { BudgetClass, RequestClass } from '../../../../src/upstream/budget/request-class.ts'
import { mostInAnyWindow } from '../../../support/sliding-log.ts'

const PER_SECOND: RateLimit = { limit: 100, windowMs: 1000, scope: 'address', endpoint: 'all' }
const PER_MINUTE: RateLimit = { limit: 30, windowMs: 60_000, scope: 'token', endpoint: 'list' }

/** Counts a call that is sent as soon as it may leave. */
function send(cell: RateCell, now: number, requestClass: BudgetClass = 'live'): void {
  cell.take(now, requestClass)
  cell.sent(now, requestClass, now)
}

/** Takes calls as fast as the cell allows, from `now` to before `end`; the instants at which they left. */
function takeAll(cell: RateCell, now: number, end: number): number[] {
  const left: number[] = []
  for (let at = Math.max(now, cell.readyAt(now, 'live')); at < end; at = Math.max(at, cell.readyAt(at, 'live'))) {
    send(cell, at)
    left.push(at)
  }
  return left
}

describe('RateCell', () => {
  it('never sends more than its limit within any window and 50 ms, through refusals and headers', () => {
    const limit = fc.constantFrom(
      PER_SECOND,
      PER_MINUTE,
      { ...PER_SECOND, assumed: true },
      { ...PER_SECOND, limit: 3 },
      { ...PER_SECOND, limit: 2000 },
    )
    const step = fc.record({
      rest: fc.oneof(
        fc.constant(0),
        fc.double({ min: 0, max: 0.1, noNaN: true }),
        fc.double({ min: 0, max: 3, noNaN: true }),
      ),
      requestClass: fc.constantFrom<RequestClass>('mutation', 'interactive', 'live'),
      calls: fc.integer({ min: 0, max: 40 }),
      answer: fc.constantFrom('nothing', 'nothing', 'nothing', 'refusal', 'headers'),
      size: fc.nat(50),
    })
    fc.assert(
      fc.property(limit, fc.array(step, { maxLength: 60 }), (each, steps) => {
        const cell = new RateCell(each)
        const left: number[] = []
        let now = 0
        for (const { rest, requestClass, calls, answer, size } of steps) {
          now += rest * each.windowMs
          for (let i = 0; i < calls; i++) {
            now = Math.max(now, cell.readyAt(now, requestClass))
            send(cell, now, requestClass)
            left.push(now)
          }
          if (answer === 'refusal') cell.refused(now, now, now + size)
          if (answer === 'headers') cell.announced(now, { remaining: size, resetsInMs: size * 10 }, now)
        }
        expect(mostInAnyWindow(left, each.windowMs + 50)).toBeLessThanOrEqual(each.limit)
      }),
    )
  })

  it('predicts the instant of each call in a row exactly', () => {
    const cell = new RateCell(PER_SECOND)
    const foretold = Array.from({ length: 50 }, (_, ahead) => Math.max(0, cell.readyAt(0, 'live', ahead)))
    expect(takeAll(cell, 0, 600).slice(0, 50)).toEqual(foretold.map((at) => expect.closeTo(at, 6)))
  })

  it('lets half of the limit leave at once for interactive calls, one for polls, and half of the rest for mutations', () => {
    for (const [requestClass, most] of [
      ['interactive', 50],
      ['live', 1],
      ['mutation', 50],
    ] as const) {
      const cell = new RateCell(PER_SECOND)
      let calls = 0
      while (cell.readyAt(0, requestClass) <= 0) {
        send(cell, 0, requestClass)
        calls += 1
      }
      expect([requestClass, calls]).toEqual([requestClass, most])
      if (requestClass !== 'interactive') continue
      for (calls = 0; cell.readyAt(0, 'mutation') <= 0; calls++) send(cell, 0, 'mutation')
      expect(calls).toBe(25)
    }
  })

  it('keeps a reserve for mutations', () => {
    const cell = new RateCell(PER_SECOND)
    const left = takeAll(cell, 0, 5000)
    const last = left.at(-1) ?? 0
    for (let n = 0; n < 2; n++) {
      expect(cell.readyAt(last, 'mutation')).toBeLessThanOrEqual(last)
      send(cell, last, 'mutation')
    }
    expect(cell.readyAt(last, 'mutation')).toBeGreaterThan(last)
  })

  it('counts a call from its permit on, however long it takes until it is sent, and not at all if it never is', () => {
    const cell = new RateCell({ ...PER_SECOND, limit: 2 })
    cell.take(0, 'interactive')
    cell.take(0, 'live')
    expect(cell.readyAt(5000, 'mutation')).toBeGreaterThan(5000)
    cell.sent(5000, 'interactive', 0)
    expect(cell.readyAt(5500, 'mutation')).toBeCloseTo(6050, 1)
    cell.giveBack('live', 0)
    expect(cell.readyAt(5500, 'mutation')).toBeLessThanOrEqual(5500)
  })

  it('is as if nobody had asked once a call is given back', () => {
    const classes = ['mutation', 'interactive', 'trial', 'live', 'resync'] as const
    const limit = fc.constantFrom(PER_SECOND, PER_MINUTE, { ...PER_SECOND, assumed: true }, { ...PER_SECOND, limit: 3 })
    const call = fc.record({
      requestClass: fc.constantFrom(...classes),
      restMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 3000, noNaN: true })),
    })
    const lost = fc.array(fc.record({ requestClass: fc.constantFrom(...classes), order: fc.nat() }), { maxLength: 8 })
    fc.assert(
      fc.property(limit, fc.array(call, { maxLength: 40 }), lost, (each, calls, lostCalls) => {
        const [cell, untouched] = [new RateCell(each), new RateCell(each)]
        let now = 0
        for (const { requestClass, restMs } of calls) {
          now += restMs
          const isReady = [cell, untouched].map((one) => one.readyAt(now, requestClass) <= now)
          expect(isReady[0]).toBe(isReady[1])
          if (!isReady[0]) continue
          for (const one of [cell, untouched]) send(one, now, requestClass)
        }
        const taken: { requestClass: BudgetClass; order: number; at: number }[] = []
        for (const { requestClass, order } of lostCalls) {
          if (cell.readyAt(now, requestClass) > now) continue
          cell.take(now, requestClass)
          taken.push({ requestClass, order, at: now })
          now += order % 3
        }
        for (const { requestClass, at } of taken.toSorted((one, other) => one.order - other.order)) {
          cell.giveBack(requestClass, at)
        }
        for (const requestClass of classes) {
          for (const ahead of [0, 1, 7]) {
            expect(cell.readyAt(now, requestClass, ahead)).toBe(untouched.readyAt(now, requestClass, ahead))
          }
        }
        expect(cell.left(now)).toEqual(untouched.left(now))
        expect(cell.forgettableAt(now)).toBe(untouched.forgettableAt(now))
      }),
    )
  })

  it('paces what comes after a burst so that no call has to wait for the burst to leave', () => {
    const cell = new RateCell(PER_MINUTE)
    for (let n = 0; n < 15; n++) send(cell, 0, 'interactive')
    const left = takeAll(cell, 0, 120_000)
    const gaps = left.map((at, index) => at - (left[index - 1] ?? 0))
    expect(Math.max(...gaps)).toBeLessThan(5000)
  })

  it('does not add up the delays of late timers', () => {
    const cell = new RateCell(PER_SECOND)
    let sends = 0
    for (let now = 0; now < 60_000; sends++) {
      send(cell, now)
      now = Math.max(now, cell.readyAt(now, 'live')) + 3
    }
    expect(sends / 6000).toBeGreaterThanOrEqual(0.92)
  })

  it('sends nothing while the service refuses, and no burst after', () => {
    const cell = new RateCell(PER_SECOND)
    cell.refused(0, 0, 60_000)
    expect(cell.readyAt(0, 'mutation')).toBe(60_000)
    expect(cell.left(1)).toEqual({ remaining: 0, resetsAt: 60_000 })
    const left = takeAll(cell, 0, 61_000)
    expect(left[0]).toBeGreaterThanOrEqual(60_000)
    expect(left.filter((at) => at < 60_050).length).toBeLessThanOrEqual(5)
  })

  describe('an assumed limit', () => {
    const inSecond = (cell: RateCell, from: number) => takeAll(cell, from, from + 1000).length

    it('drops to 70 % once an episode and is back above 90 % within 30 seconds', () => {
      const cell = new RateCell({ ...PER_SECOND, assumed: true })
      const full = takeAll(cell, 0, 1000).length
      cell.refused(1000, 900, 2000)
      cell.refused(1010, 950, 2000)
      cell.refused(1020, 1000, 2000)
      expect(inSecond(cell, 2000) / full).toBeCloseTo(0.68, 1)
      takeAll(cell, 3000, 31_000)
      expect(inSecond(cell, 31_000) / full).toBeGreaterThanOrEqual(0.9)
    })

    it('drops again when a call that left after the drop is refused', () => {
      const cell = new RateCell({ ...PER_SECOND, assumed: true })
      const full = takeAll(cell, 0, 1000).length
      cell.refused(1000, 900, 2000)
      cell.refused(2100, 2000, 3100)
      expect(inSecond(cell, 3100) / full).toBeLessThan(0.55)
    })

    it('keeps a minimum pace however often the service refuses', () => {
      const cell = new RateCell({ ...PER_SECOND, assumed: true })
      for (let at = 0; at < 100; at++) cell.refused(at, at, at)
      expect(takeAll(cell, 100, 2100).length).toBeGreaterThan(0)
    })

    it("uses the service's own count once it reports one", () => {
      const cell = new RateCell({ ...PER_SECOND, assumed: true })
      const full = takeAll(cell, 0, 1000).length
      cell.announced(1000, { remaining: 50, resetsInMs: 500 }, 900)
      cell.refused(1000, 1000, 2000)
      expect(inSecond(cell, 3000) / full).toBeGreaterThan(0.95)
    })
  })

  it('does not slow a published limit for a refusal, only pauses it', () => {
    const cell = new RateCell(PER_SECOND)
    cell.refused(0, 0, 1000)
    expect(takeAll(cell, 1000, 2000).length).toBeGreaterThanOrEqual(88)
  })

  describe('what headers announce', () => {
    it('lets out as many calls as remain, and the next after the reset', () => {
      const cell = new RateCell(PER_SECOND)
      cell.announced(0, { remaining: 2, resetsInMs: 30_000 }, 0)
      expect(takeAll(cell, 0, 30_000)).toHaveLength(2)
      expect(cell.left(0).remaining).toBe(0)
      expect(takeAll(cell, 30_000, 31_000).length).toBeGreaterThan(80)
    })

    it('believes the lower count of one window, since answers overtake each other', () => {
      const cell = new RateCell(PER_SECOND)
      cell.announced(0, { remaining: 0, resetsInMs: 30_000 }, 0)
      cell.announced(10, { remaining: 1, resetsInMs: 30_000 }, 10)
      expect(cell.readyAt(20, 'live')).toBe(30_000)
    })

    it('uses the latest count of a new window, since each node of a service counts by itself', () => {
      const cell = new RateCell(PER_SECOND)
      cell.announced(0, { remaining: 0, resetsInMs: 30_000 }, 0)
      cell.announced(10, { remaining: 4, resetsInMs: 10_000 }, 10)
      expect(takeAll(cell, 20, 1000)).toHaveLength(4)
    })
  })

  describe('the number of remaining calls', () => {
    it('counts the calls of the last window exactly', () => {
      const cell = new RateCell(PER_MINUTE)
      for (let at = 0; at < 60_000; at += 6000) send(cell, at)
      const resetsAt = expect.closeTo(114_050, 1)
      expect(cell.left(59_000)).toEqual({ remaining: 20, resetsAt })
      expect(cell.left(90_000)).toEqual({ remaining: 25, resetsAt })
      expect(cell.left(120_000)).toEqual({ remaining: 30, resetsAt: 120_000 })
    })
  })

  it('may be evicted only when its past no longer affects a call', () => {
    const history = fc.array(
      fc.record({
        rest: fc.double({ min: 0, max: 2000, noNaN: true }),
        what: fc.constantFrom('take', 'refused', 'announced'),
      }),
      { maxLength: 20 },
    )
    fc.assert(
      fc.property(history, (steps) => {
        const limit: RateLimit = { ...PER_SECOND, assumed: true }
        const cell = new RateCell(limit)
        let now = 0
        for (const { rest, what } of steps) {
          now = Math.max(now + rest, cell.readyAt(now + rest, 'mutation'))
          if (what === 'take') send(cell, now)
          if (what === 'refused') cell.refused(now, now, now + 500)
          if (what === 'announced') cell.announced(now, { remaining: 3, resetsInMs: 700 }, now)
        }
        const later = Math.max(now, cell.forgettableAt(now))
        expect(cell.left(later)).toEqual(new RateCell(limit).left(later))
        expect(takeAll(cell, later, later + 1000)).toEqual(takeAll(new RateCell(limit), later, later + 1000))
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Agenda, type Appointment } from '../../../../src/upstream/budget/agenda.ts'
import { VirtualClock } from '../../../support/virtual-clock.ts'

describe('Agenda', () => {
  it('keeps every appointment once, in order, within a millisecond and never early, but for the cancelled', async () => {
    // Plus 0 turns -0 into 0, which toEqual tells apart.
    const instant = fc.double({ min: -5, max: 50, noNaN: true }).map((at) => at + 0)
    const plan = fc.array(fc.record({ at: instant, isCancelled: fc.boolean() }), {
      size: 'large',
    })
    await fc.assert(
      fc.asyncProperty(plan, async (entries) => {
        const clock = new VirtualClock()
        using agenda = new Agenda(clock, () => {})
        const ran: { at: number; ranAt: number }[] = []
        const made: Appointment[] = []
        for (const { at } of entries) made.push(agenda.add(at, () => ran.push({ at, ranAt: clock.now() })))
        entries.forEach(({ isCancelled }, i) => {
          if (isCancelled) agenda.cancel(made[i])
        })
        await clock.advance(52)
        const kept = entries.filter(({ isCancelled }) => !isCancelled).map(({ at }) => at)
        expect(ran.map(({ at }) => at)).toEqual(kept.sort((a, b) => a - b))
        for (const { at, ranAt } of ran) {
          expect(ranAt).toBeGreaterThanOrEqual(at)
          expect(ranAt).toBeLessThanOrEqual(Math.max(0, at) + 1)
        }
        expect([agenda.size, clock.pendingTimers]).toEqual([0, 0])
      }),
      { numRuns: 50 },
    )
  })

  it('runs the follow-up once for all appointments that were due together', async () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    using agenda = new Agenda(clock, () => ran.push('afterwards'))
    for (const at of [1.2, 1.5, 1.9, 3]) agenda.add(at, () => ran.push(`${at}`))
    await clock.advance(10)
    expect(ran).toEqual(['1.2', '1.5', '1.9', 'afterwards', '3', 'afterwards'])
  })

  it('never sets more than one timer, and none once it is empty or disposed', () => {
    const clock = new VirtualClock()
    const agenda = new Agenda(clock, () => {})
    const first = agenda.add(5, () => {})
    agenda.add(3, () => {})
    agenda.add(9, () => {})
    agenda.cancel(first)
    agenda.cancel(first)
    expect([agenda.size, clock.pendingTimers]).toEqual([2, 1])
    agenda[Symbol.dispose]()
    expect([agenda.size, clock.pendingTimers]).toEqual([0, 0])
  })

  it('sets its timer again when a clock rings early', async () => {
    const clock = new VirtualClock()
    const early = {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      setTimeout: (run: () => void, ms: number) => clock.setTimeout(run, ms / 2),
    }
    using agenda = new Agenda(early, () => {})
    const ran: number[] = []
    agenda.add(8, () => ran.push(clock.now()))
    await clock.advance(20)
    expect(ran).toHaveLength(1)
    expect(ran[0]).toBeGreaterThanOrEqual(8)
  })
})

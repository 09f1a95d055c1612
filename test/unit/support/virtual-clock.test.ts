import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../support/virtual-clock.ts'

describe('a virtual clock', () => {
  it('stands still until it is moved', async () => {
    const clock = new VirtualClock(1000)
    let ran = 0
    clock.setTimeout(() => ran++, 0)
    await new Promise((resolve) => setImmediate(resolve))
    expect([clock.now(), ran, clock.pendingTimers]).toEqual([1000, 0, 1])
    await clock.advance(0)
    expect([clock.now(), ran, clock.pendingTimers]).toEqual([1000, 1, 0])
  })

  it('runs timers at their instants, those of one instant in the order they were set, and none that was cancelled', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.record({ at: fc.nat(50), isCancelled: fc.boolean() })), async (timers) => {
        const clock = new VirtualClock()
        const ran: (readonly [at: number, index: number])[] = []
        const set = timers.map(({ at }, index) => clock.setTimeout(() => ran.push([clock.now(), index]), at))
        for (const [index, { isCancelled }] of timers.entries()) if (isCancelled) set[index]?.cancel()
        const expected = timers
          .map(({ at, isCancelled }, index) => ({ at, index, isCancelled }))
          .filter(({ isCancelled }) => !isCancelled)
          .sort((a, b) => a.at - b.at || a.index - b.index)
          .map(({ at, index }) => [at, index])
        expect(clock.pendingTimers).toBe(expected.length)
        await clock.advance(20)
        await clock.advance(30)
        expect(ran).toEqual(expected)
        expect(clock.pendingTimers).toBe(0)
      }),
    ))

  it('settles promises before the next timer, and runs what they set for the same advance', async () => {
    const clock = new VirtualClock()
    const seen: string[] = []
    const twice = async (name: string): Promise<void> => {
      await clock.sleep(10)
      seen.push(`${name} at ${clock.now()}`)
      await clock.sleep(0)
      seen.push(`${name} again`)
      await clock.sleep(5)
      seen.push(`${name} at ${clock.now()}`)
    }
    void twice('a')
    void twice('b')
    await clock.advance(20)
    expect(seen).toEqual(['a at 10', 'b at 10', 'a again', 'b again', 'a at 15', 'b at 15'])
    expect(clock.now()).toBe(20)
  })

  it('passes by itself at a speed, and stands still when that is over', async () => {
    const clock = new VirtualClock()
    {
      await using _running = clock.runAt(1000)
      await clock.sleep(5_000)
    }
    const end = clock.now()
    expect(end).toBeGreaterThanOrEqual(5_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(clock.now()).toBe(end)
  })
})

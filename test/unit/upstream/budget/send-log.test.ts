import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SendLog } from '../../../../src/upstream/budget/send-log.ts'

it('counts exactly the sends of the span, and of the classes that burst', () => {
  const requestClass = fc.constantFrom('mutation', 'interactive', 'live')
  const sends = fc.array(fc.record({ rest: fc.integer({ min: 0, max: 80 }), requestClass }))
  fc.assert(
    fc.property(sends, (steps) => {
      const log = new SendLog(1000, 100)
      const sent: { at: number; requestClass: string }[] = []
      let now = 0
      for (const { rest, requestClass } of steps) {
        now += rest
        log.push(now, requestClass)
        sent.push({ at: now, requestClass })
        const left = sent.filter(({ at }) => at + 1000 > now)
        expect(log.sizeAt(now)).toBe(left.length)
        for (const each of ['mutation', 'interactive'] as const) {
          const own = left.filter((send) => send.requestClass === each)
          expect(log.sizeOf(each)).toBe(own.length)
          expect(log.leavesAtOf(each, 2)).toBe(own[1] && own[1].at + 1000)
        }
        expect(log.sizeSince(now - 500)).toBe(left.filter(({ at }) => at > now - 500).length)
        expect(log.leavesAt(1)).toBe((left[0]?.at ?? 0) + 1000)
        expect(log.emptyAt).toBe(now + 1000)
      }
      expect([log.sizeAt(now + 1000), log.emptyAt]).toEqual([0, undefined])
    }),
  )
})

it('forgets no send early where it keeps several in one slot', () => {
  const log = new SendLog(1000, 2000)
  for (let at = 0; at < 1000; at += 0.5) log.push(at, 'live')
  expect(log.sizeAt(1000)).toBe(2000)
  expect(log.sizeAt(1500)).toBeGreaterThanOrEqual(1000)
  expect(log.sizeAt(1500)).toBeLessThan(1000 + 64)
})

it('finds the even gap with which no send waits for an older one', () => {
  const log = new SendLog(60_000, 30)
  for (let n = 0; n < 15; n++) log.push(0, 'interactive')
  // 14 are free, and the 15th has to come when the burst leaves.
  expect(log.evenGapFrom(0, 14, 0, 0)).toEqual({ gap: 4000, until: 60_000, sends: 15 })
  expect(log.evenGapFrom(0, -15, 0, 0)).toEqual({ gap: 0, until: 0, sends: 0 })
  expect(new SendLog(60_000, 30).evenGapFrom(0, 0, 1, 60_000)).toEqual({ gap: 60_000, until: 60_000, sends: 1 })
})

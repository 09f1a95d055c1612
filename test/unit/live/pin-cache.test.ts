import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { Pin } from '../../../src/domain/pin.ts'
import { PinCache } from '../../../src/live/watched/pin-cache.ts'

const STATES = ['queued', 'pinning', 'pinned'] as const

function pin(rev: number): Pin {
  const status = STATES[Math.min(2, rev >> 2)] ?? 'pinned'
  const created = parseInstant('2026-01-01T00:00:00.000Z')
  const cid = { text: 'x', key: 'x' }
  return {
    service: 's',
    requestId: 'r',
    cid,
    name: null,
    origins: [],
    meta: {},
    status,
    created,
    delegates: [],
    info: { rev: `${rev}` },
  }
}

it('never returns to an older state, however requests overlap and answers are late, and ends with the last state', () => {
  // Each request is sent, looked at and answered at random instants in this order; the state at an instant is its number.
  const request = fc.tuple(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 0, max: 20 }),
  )
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 30 }), (requests) => {
      const cache = new PinCache()
      const answers: { sent: number; rev: number }[] = []
      let ticket = 0
      let last = -1
      const all = [...requests, [100, 0, 0] as const].map(([sentAt, look, travel]) => ({
        sentAt,
        looksAt: sentAt + look,
        at: sentAt + look + travel,
      }))
      for (let now = 0; now <= 100; now++) {
        for (const each of all)
          if (each.sentAt === now) answers.push({ sent: ++ticket, rev: each.looksAt, ...{ at: each.at } } as never)
        for (const answer of answers as unknown as { sent: number; rev: number; at: number }[]) {
          if (answer.at !== now) continue
          const change = cache.see(pin(answer.rev), { sent: answer.sent, last: ticket }, now)
          if (change === null) continue
          const rev = Number(cache.get('r')?.pin.info.rev)
          expect(rev).toBeGreaterThan(last)
          last = rev
        }
      }
      expect(cache.get('r')?.pin.info.rev).toBe('100')
    }),
  )
})

it('does not restore a removed pin from an answer in flight, or from a service that still lists it', () => {
  const cache = new PinCache()
  cache.see(pin(0), { sent: 1, last: 1 }, 0)
  expect(cache.remove('r', 2, 100)?.type).toBe('removed')
  expect(cache.see(pin(1), { sent: 2, last: 2 }, 60_000)).toBe(null)
  expect(cache.see(pin(1), { sent: 3, last: 3 }, 5_000)).toBe(null)
  expect(cache.isRemoved('r')).toBe(true)
  expect(cache.see(pin(1), { sent: 4, last: 4 }, 10_100)?.type).toBe('added')
})

it('shows an added pin at once, even under an id that was just removed', () => {
  const cache = new PinCache()
  cache.see(pin(0), { sent: 1, last: 1 }, 0)
  cache.remove('r', 1, 0)
  expect(cache.put(pin(5), { sent: 1, last: 2 }, 1)).toBe(null)
  expect(cache.put(pin(5), { sent: 2, last: 2 }, 1)?.type).toBe('added')
})

it('treats a replacement under the same id as a change', () => {
  const cache = new PinCache()
  cache.see(pin(0), { sent: 1, last: 1 }, 0)
  expect(cache.replace('r', pin(3), { sent: 2, last: 2 }, 1)[0]?.type).toBe('changed')
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Pin } from '../../../src/domain/pin.ts'
import type { LiveEvent } from '../../../src/live/live-event.ts'
import { createReader } from '../../support/live-readers.ts'
import { Taking } from '../../support/live-taking.ts'

function pin(requestId: string, rev: number): Pin {
  return { service: 's', requestId, info: { rev: `${rev}` }, status: 'queued' } as unknown as Pin
}

function change(requestId: string, seq: number): LiveEvent {
  const base = { service: 's', cursor: `${seq}`, seq, observedAt: 0 }
  return { ...base, kind: 'STATUS_CHANGED', pin: pin(requestId, seq), previousStatus: 'queued' }
}

it('delivers the last state of each pin in order, and holds at most one event per pin', async () => {
  const step = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.constant(null))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const reader = createReader(() => {})
      const snapshot = ['a', 'b'].map((id, index) => ({
        ...change(id, 0),
        kind: 'SNAPSHOT',
        isResync: false,
        remaining: 1 - index,
      }))
      reader.begin(snapshot as unknown as LiveEvent[], { service: 's', seq: 0, cursor: '' })
      const last = new Map([
        ['a', 0],
        ['b', 0],
      ])
      const told = new Map<string, number>()
      const take = async (): Promise<void> => {
        const { value } = await reader.next()
        if (value?.kind !== 'STATUS_CHANGED' && value?.kind !== 'SNAPSHOT') throw new Error('expected a pin')
        const rev = Number(value.pin.info.rev)
        expect(rev).toBeGreaterThan(told.get(value.pin.requestId) ?? -1)
        told.set(value.pin.requestId, rev)
      }
      const waits = (): boolean => [...last].some(([id, rev]) => told.get(id) !== rev)
      for (const [index, id] of steps.entries()) {
        if (id === null) {
          if (waits()) await take()
          continue
        }
        reader.push(change(id, index + 1))
        last.set(id, index + 1)
      }
      let held = 0
      for (; waits(); held++) await take()
      expect(held).toBeLessThanOrEqual(4)
      expect(told).toEqual(last)
      reader.complete()
      expect(await reader.next()).toEqual({ done: true, value: undefined })
    }),
  )
})

it('advances its cursor also when a snapshot stands for a later change', async () => {
  const reader = createReader(() => {})
  const snapshot = { ...change('a', 3), kind: 'SNAPSHOT', isResync: false, remaining: 0 } as unknown as LiveEvent
  reader.begin([snapshot], { service: 's', seq: 3, cursor: '3' })
  reader.push(change('a', 5))
  expect((await reader.next()).value).toEqual({ ...snapshot, pin: pin('a', 5) })
  expect([await new Taking(reader).take(), ...reader.position]).toEqual([[], ['s', 5]])
})

it('delivers a change of a pin after a replacement that shows its older state, and not in place of its snapshot', async () => {
  const reader = createReader(() => {})
  const snapshots = ['a', 'b'].map((id, index) => {
    return { ...change(id, 3), kind: 'SNAPSHOT', isResync: false, remaining: 1 - index } as unknown as LiveEvent
  })
  const replacement = {
    ...change('a', 4),
    kind: 'REPLACED',
    isNew: false,
    replaced: pin('b', 3),
  } as unknown as LiveEvent
  const changes = [change('a', 5), change('b', 6)]
  reader.begin(snapshots, { service: 's', seq: 3, cursor: '3' })
  for (const event of [replacement, ...changes]) reader.push(event)
  expect(await new Taking(reader).take()).toEqual([...snapshots, replacement, ...changes])
})

it('gets no kind of event that a later version adds, unless it names the kind', async () => {
  const later = { ...change('a', 1), kind: 'UNPINNED' } as unknown as LiveEvent
  const [usual, named] = [createReader(() => {}), createReader(() => {}, { kinds: new Set([later.kind]) })]
  for (const reader of [usual, named]) {
    reader.push(later)
    reader.push(change('b', 2))
  }
  expect(await new Taking(usual).take()).toEqual([change('b', 2)])
  expect(await new Taking(named).take()).toEqual([later])
})

it('stops listening as soon as it ends, and still delivers the waiting events', async () => {
  let ends = 0
  const reader = createReader(() => void ends++)
  reader.push(change('a', 1))
  reader.fail(new Error('refused'))
  reader.push(change('a', 2))
  expect(ends).toBe(1)
  expect((await reader.next()).value?.seq).toBe(1)
  await expect(reader.next()).rejects.toThrow('refused')
  expect(await reader.next()).toEqual({ done: true, value: undefined })
  await reader.return()
  expect(ends).toBe(1)
})

it('wakes all waiting reads when it is closed, and ends when all of its sources have ended', async () => {
  const closed = createReader(() => {})
  const waiting = [closed.next(), closed.next()]
  await closed.return()
  expect(await Promise.all(waiting)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ])
  const reader = createReader(() => {}, { parts: 2 })
  reader.complete()
  const next = reader.next()
  reader.push(change('a', 1))
  expect((await next).done).toBe(false)
  reader.complete()
  expect((await reader.next()).done).toBe(true)
})

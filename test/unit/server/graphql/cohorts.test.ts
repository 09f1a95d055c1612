import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PIN_STATUSES } from '../../../../src/domain/pin.ts'
import type { LiveEvent } from '../../../../src/live/live-event.ts'
import type { LiveReader } from '../../../../src/live/live-reader.ts'
import { Cohort } from '../../../../src/server/graphql/cohort.ts'
import type { Message } from '../../../../src/server/graphql/message.ts'
import { createReader } from '../../../support/live-readers.ts'
import { after, encode, Notes, settle, World } from '../../../support/live-transport/cohort-world.ts'

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      key: fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2', 'b3'),
      status: fc.constantFrom(...PIN_STATUSES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), turns: fc.nat(12), slow: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.nat(15) }) },
)

describe('a cohort', () => {
  it('neither skips nor repeats an event, whenever its members join, leave and read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(60), async (steps, renderTurns) => {
        const world = new World()
        world.renderTurns = renderTurns
        const members: { notes: Notes; leave: () => void; hasLeft: boolean }[] = []
        const join = (turns: number, slow: number) => {
          const notes = new Notes(slow)
          members.push({ notes, leave: world.join(turns, notes), hasLeft: false })
        }
        join(1, 0)
        for (const each of steps) {
          if (each.do === 'change') world.change(each.key, each.status)
          else if (each.do === 'join') join(each.turns, each.slow)
          else if (each.do === 'wait') await after(each.turns)
          else {
            const member = members[each.which % members.length]
            member?.leave()
            if (member) member.hasLeft = true
          }
        }
        await settle()
        const staying = members.filter(({ hasLeft }) => !hasLeft)
        for (const { notes } of members) {
          for (const service of ['a', 'b']) {
            const own = notes.events.filter((event) => event.service === service)
            const snapshot = own.slice(0, 3)
            expect(snapshot.every(({ kind }) => kind === 'SNAPSHOT')).toBe(true)
            const numbers = own.slice(2).map(({ seq }) => seq)
            expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
          }
        }
        for (const { notes } of staying) expect(notes.seen()).toEqual(world.truth())
        // All have caught up, so they are one.
        expect(world.cohorts.size).toBe(staying.length > 0 ? 1 : 0)
        expect(world.readers.size).toBe(staying.length > 0 ? 1 : 0)
        world.renders = 0
        world.change('a1', 'failed')
        await settle()
        expect(world.renders).toBe(staying.length > 0 ? 1 : 0)
        for (const { notes } of staying) expect(notes.seen()).toEqual(world.truth())
        for (const { leave } of members) leave()
        await settle()
        expect([world.cohorts.size, world.readers.size]).toEqual([0, 0])
      }),
      { numRuns: 200 },
    )
  })

  it('shares one source between members that have no event to receive yet', async () => {
    const world = new World()
    const notes = [new Notes(), new Notes()]
    const readers: LiveReader[] = []
    for (const each of notes) {
      const source: LiveReader = createReader(() => {})
      readers.push(source)
      world.cohorts.join('same', { source, render: () => Promise.reject(new Error('nothing')) }, each)
      source.begin([], { service: 'a', seq: 0, cursor: '' })
      await settle()
    }
    expect(world.cohorts.size).toBe(1)
    // The second's own stream is closed: it takes nothing any more.
    expect(await readers[1]?.next()).toEqual({ done: true, value: undefined })
  })

  it('ends for all its members, with an error or without', async () => {
    for (const end of ['complete', new Error('refused')] as const) {
      const world = new World()
      const notes = [new Notes(), new Notes(), new Notes()]
      for (const each of notes) world.join(1, each)
      await settle()
      expect(world.cohorts.size).toBe(1)
      for (const reader of world.readers) {
        if (end === 'complete') for (const _ of ['a', 'b']) reader.complete()
        else reader.fail(end)
      }
      await settle()
      expect(notes.map(({ ended }) => ended)).toEqual([end, end, end])
      expect(world.cohorts.size).toBe(0)
    }
  })

  it('gives new members the results that were rendered before they joined, without rendering them again', async () => {
    const world = new World()
    const events = world.watch(0)
    const snapshot = [...(await take(events, 6))]
    const first = new Notes()
    const source = createReader(() => {})
    let renders = 0
    const render = async (event: LiveEvent): Promise<Message> => {
      renders++
      return { payload: encode(event), key: null, cursor: null }
    }
    world.cohorts.join('same', { source, render }, first)
    source.begin([], { service: 'a', seq: 0, cursor: '' })
    await settle()
    for (let joiner = 0; joiner < 10; joiner++) {
      const own = createReader(() => {})
      world.cohorts.join('same', { source: own, render }, new Notes())
      own.begin(snapshot, { service: 'a', seq: 0, cursor: '' })
    }
    await settle()
    expect(renders).toBe(6)
  })

  it('does not join new members to members that left, when the same service is watched again', async () => {
    const world = new World()
    const render = async (event: LiveEvent): Promise<Message> => ({ payload: encode(event), key: null, cursor: null })
    const join = async () => {
      const source = createReader(() => {}, { parts: 2 })
      world.cohorts.join('same', { source, render }, new Notes())
      for (const service of ['a', 'b']) source.begin([], { service, seq: 0, cursor: '' })
      await settle()
      return source
    }
    const first = await join()
    // All that was asked for of one service has settled.
    first.complete()
    const second = await join()
    const third = await join()
    const isOpen = async (source: LiveReader) => (await Promise.race([source.next(), settle()])) === undefined
    expect([await isOpen(second), await isOpen(third)]).toEqual([true, false])
  })

  it('keeps at most one event per pin while rendering is slow', async () => {
    const source = createReader(() => {})
    const rendered: LiveEvent[] = []
    let release = () => {}
    const render = async (event: LiveEvent): Promise<Message> => {
      rendered.push(event)
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return { payload: encode(event), key: null, cursor: null }
    }
    const cohort = new Cohort({ source, render }, () => {})
    const notes = new Notes()
    cohort.add(notes, null)
    const isRunning = cohort.run(source.next())
    source.begin([], { service: 'a', seq: 0, cursor: '' })
    for (let seq = 1; seq <= 1_000; seq++) {
      const stamp = { service: 'a', seq, cursor: '', observedAt: 0 }
      source.push({ ...stamp, kind: 'REMOVED', requestId: '1', cid: 'bafkqablimvwgy3y' } as LiveEvent)
      // The first is being rendered from now on.
      if (seq === 1) await settle()
    }
    for (let turn = 0; turn < 2; turn++) {
      release()
      await settle()
    }
    expect(rendered.map(({ seq }) => seq)).toEqual([1, 1_000])
    expect(notes.events.map(({ seq }) => seq)).toEqual([1, 1_000])
    await source.return()
    await isRunning
  })

  it('forgets the rendered results of old events, even if the event log still has them', async () => {
    const source = createReader(() => {})
    const rendered: LiveEvent[] = []
    const render = async (event: LiveEvent): Promise<Message> => {
      rendered.push(event)
      return { payload: encode(event), key: null, cursor: null }
    }
    const cohort = new Cohort({ source, render }, () => {})
    cohort.add(new Notes(), null)
    const isRunning = cohort.run(source.next())
    source.begin([], { service: 'a', seq: 0, cursor: '' })
    const events = Array.from({ length: 40 }, (_, index): LiveEvent => {
      const stamp = { service: 'a', seq: index + 1, cursor: '', observedAt: 0 }
      return { ...stamp, kind: 'REMOVED', requestId: String(index), cid: 'bafkqablimvwgy3y' } as LiveEvent
    })
    for (const event of events) source.push(event)
    await settle()
    expect(rendered).toEqual(events)
    const [first, last] = [events[0], events[39]] as [LiveEvent, LiveEvent]
    await Promise.all([cohort.render(last), cohort.render(first)])
    expect(rendered.slice(40)).toEqual([first])
    await source.return()
    await isRunning
  })
})

async function take(reader: LiveReader, count: number): Promise<LiveEvent[]> {
  const events: LiveEvent[] = []
  while (events.length < count) {
    const { value } = await reader.next()
    if (value) events.push(value)
  }
  await reader.return()
  return events
}

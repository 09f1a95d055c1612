import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PIN_STATUSES } from '../../../../src/domain/pin.ts'
import { coalesceKey, DEFAULT_KINDS, type LiveEvent, type PinEventKind } from '../../../../src/live/live-event.ts'
import { after, Notes, settle, World } from '../../../support/live-transport/cohort-world.ts'

const KINDS: readonly ReadonlySet<PinEventKind>[] = [
  DEFAULT_KINDS,
  new Set(['SNAPSHOT', 'STATUS_CHANGED']),
  new Set(['STATUS_CHANGED']),
  new Set(['ADDED', 'REMOVED']),
  new Set(['SNAPSHOT', 'ADDED']),
]

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      key: fc.constantFrom('a1', 'a2', 'b1', 'b2'),
      status: fc.constantFrom(...PIN_STATUSES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('visit' as const), service: fc.constantFrom('a', 'b') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('join' as const),
      kinds: fc.constantFrom(...KINDS),
      turns: fc.nat(12),
      slow: fc.nat(6),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.nat(15) }) },
)

interface Member {
  readonly notes: Notes
  readonly kinds: ReadonlySet<PinEventKind>
  readonly leave: () => void
}

/** The last state of each pin; a pin's name is the number of its last change. */
function lastOfEach(events: readonly LiveEvent[]): Record<string, string | null> {
  return Object.fromEntries(
    events.map((event) => [coalesceKey(event), 'pin' in event ? event.pin.name : `gone ${event.seq}`]),
  )
}

it('a cohort serves the subscriptions with the same kinds, and delivers all events of these kinds and no others', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.nat(60), async (steps, renderTurns) => {
      const world = new World()
      world.renderTurns = renderTurns
      const members: Member[] = []
      const staying = new Set<Member>()
      for (const each of steps) {
        if (each.do === 'change') world.change(each.key, each.status)
        else if (each.do === 'visit') world.visit(each.service)
        else if (each.do === 'wait') await after(each.turns)
        else if (each.do === 'join') {
          const { kinds } = each
          const notes = new Notes(each.slow)
          const member = { notes, kinds, leave: world.join(each.turns, notes, kinds) }
          members.push(member)
          staying.add(member)
        } else {
          const member = members[each.which % Math.max(1, members.length)]
          member?.leave()
          if (member) staying.delete(member)
        }
      }
      await settle()

      for (const member of members) {
        const { notes, kinds } = member
        const begunAt = world.begunAt.get(notes)
        const due = world.changes.filter(({ kind, seq, service }) => {
          return kinds.has(kind) && seq > (begunAt?.get(service) ?? Number.POSITIVE_INFINITY)
        })
        const told = notes.events.filter(({ kind }) => kind !== 'SNAPSHOT')
        const isDue = (event: LiveEvent) =>
          due.some(({ service, seq }) => service === event.service && seq === event.seq)
        expect(told.filter((event) => !isDue(event))).toEqual([])
        for (const service of ['a', 'b']) {
          const numbers = told.filter((event) => event.service === service).map(({ seq }) => seq)
          expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))
        }
        if (staying.has(member)) expect(lastOfEach(notes.events)).toMatchObject(lastOfEach(due))
      }

      const choices = [...new Set([...staying].map(({ kinds }) => kinds))]
      const renders = async (tell: () => void): Promise<number> => {
        world.renders = 0
        tell()
        await settle()
        return world.renders
      }
      expect([world.cohorts.size, world.readers.size]).toEqual([choices.length, choices.length])
      const changed = await renders(() => world.change('a1', 'failed'))
      expect(changed).toBe(choices.filter((kinds) => kinds.has('STATUS_CHANGED')).length)
      const visited = await renders(() => world.visit('b'))
      expect(visited).toBe(choices.filter((kinds) => kinds.has(world.changes.at(-1)?.kind ?? 'STALE')).length)
      for (const { leave } of members) leave()
      await settle()
      expect([world.cohorts.size, world.readers.size]).toEqual([0, 0])
    }),
    { numRuns: 200 },
  )
})

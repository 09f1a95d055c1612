import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Pin } from '../../../src/domain/pin.ts'
import {
  coalesceKey,
  DEFAULT_KINDS,
  type EventBase,
  type LiveEvent,
  type PinEventKind,
  type PinSnapshot,
} from '../../../src/live/live-event.ts'
import type { LiveReader } from '../../../src/live/live-reader.ts'
import { createReader } from '../../support/live-readers.ts'
import { Taking } from '../../support/live-taking.ts'

const SERVICES = ['s', 't'] as const
const PINS = ['a', 'b', 'c'] as const

/** A reader, and what was taken from it. */
class Taker {
  readonly reader: LiveReader
  readonly taken: LiveEvent[] = []
  readonly #taking: Taking

  constructor(kinds?: ReadonlySet<PinEventKind>) {
    this.reader = createReader(() => {}, { parts: SERVICES.length, ...(kinds && { kinds }) })
    this.#taking = new Taking(this.reader)
  }

  async take(most = Number.POSITIVE_INFINITY): Promise<void> {
    this.taken.push(...(await this.#taking.take(most)))
  }
}

/** Makes events as a tenant's informer does: numbered per service, each state of a pin with a number of its own. */
class Source {
  readonly takers: readonly Taker[]
  /** The last event that a taker with these kinds gets of each snapshot, and the cursor that it then has. */
  readonly lastOfSnapshots = new Map<LiveEvent, string>()
  readonly #kinds: ReadonlySet<PinEventKind>
  readonly #begun = new Set<string>()
  readonly #seqs = new Map<string, number>()
  #rev = 0

  constructor(kinds: ReadonlySet<PinEventKind>, takers: readonly Taker[]) {
    this.#kinds = kinds
    this.takers = takers
  }

  begin(service: string, shown: readonly string[], gone: readonly string[]): void {
    if (this.#begun.has(service)) return
    this.#begun.add(service)
    const at = this.#stamp(service)
    const inside = { ...at, cursor: 'nowhere' }
    const snapshots = shown.map((id, index): PinSnapshot => {
      return { ...inside, kind: 'SNAPSHOT', pin: this.#pin(id), isResync: false, remaining: shown.length - index - 1 }
    })
    const events: LiveEvent[] = [...snapshots, ...gone.map((id) => this.#event('REMOVED', inside, [id, id]))]
    if (events.length === 0) events.push({ ...inside, kind: 'CAUGHT_UP', isResync: false })
    const last = { ...(events.pop() as LiveEvent), cursor: at.cursor }
    const snapshot = [...events, last]
    const lastWanted = snapshot.findLast(({ kind }) => this.#kinds.has(kind))
    if (lastWanted) this.lastOfSnapshots.set(lastWanted, at.cursor)
    for (const { reader } of this.takers) reader.begin(snapshot, at)
  }

  /** Before a snapshot, a subscriber is told of trouble with the service only. */
  tell(kind: PinEventKind, service: string, ids: readonly [string, string]): void {
    const isForeword = !this.#begun.has(service)
    if (isForeword && kind !== 'STALE' && kind !== 'RESUMED') return
    if (!isForeword) this.#seqs.set(service, (this.#seqs.get(service) ?? 0) + 1)
    const stamp = this.#stamp(service)
    const event = this.#event(kind, isForeword ? { ...stamp, cursor: 'nowhere' } : stamp, ids)
    for (const { reader } of this.takers) reader.push(event)
  }

  #stamp(service: string): EventBase {
    const seq = this.#seqs.get(service) ?? 0
    return { service, seq, cursor: `${service}${seq}`, observedAt: 0 }
  }

  #pin(requestId: string): Pin {
    return { requestId, info: { rev: `${++this.#rev}` }, status: 'queued' } as unknown as Pin
  }

  #event(kind: PinEventKind, stamp: EventBase, [id, other]: readonly [string, string]): LiveEvent {
    const more = {
      ADDED: () => ({ pin: this.#pin(id) }),
      STATUS_CHANGED: () => ({ pin: this.#pin(id), previousStatus: 'queued' }),
      REPLACED: () => ({ pin: this.#pin(id), replaced: { requestId: other } }),
      REMOVED: () => ({ requestId: id }),
      STALE: () => ({ since: stamp.seq }),
      RESUMED: () => ({ since: stamp.seq }),
      CAUGHT_UP: () => ({ isResync: false }),
      SNAPSHOT: () => ({}),
    }
    return { ...stamp, kind, ...more[kind]() } as unknown as LiveEvent
  }
}

const kinds = fc.subarray([...DEFAULT_KINDS], { minLength: 1 })
const changes = [...DEFAULT_KINDS].filter((kind) => kind !== 'SNAPSHOT')
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('tell' as const),
      kind: fc.constantFrom(...changes, 'STATUS_CHANGED' as const, 'REPLACED' as const),
      service: fc.constantFrom(...SERVICES),
      ids: fc.tuple(fc.constantFrom(...PINS), fc.constantFrom(...PINS)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), most: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('begin' as const),
      service: fc.constantFrom(...SERVICES),
      shown: fc.subarray([...PINS]),
      gone: fc.subarray(['x', 'y']),
    }),
  },
)

/** The last event of each key, where a pin that is shown later in its snapshot is as good as one that has changed. */
function lastOfEach(events: readonly LiveEvent[]): Record<string, string> {
  const told = (event: LiveEvent): string => ('pin' in event ? `rev ${event.pin.info.rev}` : event.kind)
  return Object.fromEntries(events.map((event) => [coalesceKey(event), told(event)]))
}

/** The pins as a page has them that stores each `pin`, and removes what is replaced or removed. */
function pageOf(events: readonly LiveEvent[]): Record<string, string | undefined> {
  const page = new Map<string, string | undefined>()
  for (const event of events) {
    const { service } = event
    if (event.kind === 'REMOVED') page.delete(service + event.requestId)
    if (event.kind === 'REPLACED') page.delete(service + event.replaced.requestId)
    if ('pin' in event) page.set(service + event.pin.requestId, event.pin.info.rev)
  }
  return Object.fromEntries([...page].sort())
}

it('leaves out exactly the events of kinds that are not named, and loses none of the others, however slowly it is read', async () => {
  await fc.assert(
    fc.asyncProperty(kinds, fc.array(step, { minLength: 5, maxLength: 60 }), async (named, steps) => {
      const wanted = new Set(named)
      const [all, eager, slow] = [new Taker(), new Taker(wanted), new Taker(wanted)]
      const source = new Source(wanted, [all, eager, slow])
      for (const each of steps) {
        if (each.do === 'tell') source.tell(each.kind, each.service, each.ids)
        else if (each.do === 'begin') source.begin(each.service, each.shown, each.gone)
        else await slow.take(each.most)
        for (const taker of [all, eager]) await taker.take()
      }
      await slow.take()

      const expected = all.taken.filter(({ kind }) => wanted.has(kind))
      // Whoever comes back with the last of a snapshot has nothing of it to be told again.
      const placed = expected.map((event) => ({ ...event, cursor: source.lastOfSnapshots.get(event) ?? event.cursor }))
      expect(eager.taken).toEqual(placed)
      expect(slow.taken.every(({ kind }) => wanted.has(kind))).toBe(true)
      expect(lastOfEach(slow.taken)).toEqual(lastOfEach(expected))
      expect(pageOf(slow.taken)).toEqual(pageOf(expected))
      for (const service of SERVICES) {
        const seqs = slow.taken.filter((event) => event.service === service).map(({ seq }) => seq)
        expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
      }
      const positions = source.takers.map(({ reader }) => [...reader.position])
      expect(positions).toEqual(positions.map(() => positions[0]))
    }),
    { numRuns: 1_000 },
  )
})

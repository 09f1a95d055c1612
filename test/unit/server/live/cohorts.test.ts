import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../../../../src/domain/cid.ts'
import { parseInstant } from '../../../../src/domain/instant.ts'
import type { Pin, PinStatus } from '../../../../src/domain/pin.ts'
import { coalesceKey, type LiveEvent } from '../../../../src/live/live-event.ts'
import { LiveReader } from '../../../../src/live/live-reader.ts'
import { Cohort } from '../../../../src/server/live/cohort.ts'
import { Cohorts } from '../../../../src/server/live/cohorts.ts'
import type { Message, Subscriber } from '../../../../src/server/live/message.ts'

const STATUSES: readonly PinStatus[] = ['queued', 'pinning', 'pinned', 'failed']

/** Two services' pins, and readers who are told of them as an informer tells. */
class World {
  readonly cohorts = new Cohorts()
  readonly readers = new Set<LiveReader>()
  readonly #pins = new Map<string, Pin>()
  readonly #seqs = new Map<string, number>()
  renders = 0
  renderTurns = 0

  constructor() {
    for (const service of ['a', 'b']) for (const id of ['1', '2', '3']) this.#pins.set(service + id, pinOf(service, id))
  }

  truth(): Record<string, string> {
    return Object.fromEntries([...this.#pins].map(([key, pin]) => [key, `${pin.status} ${pin.name}`]))
  }

  change(key: string, status: PinStatus): void {
    const known = this.#pins.get(key)
    if (!known) throw new Error('no pin')
    const seq = (this.#seqs.get(known.service) ?? 0) + 1
    this.#seqs.set(known.service, seq)
    const pin = { ...known, status, name: String(seq) }
    this.#pins.set(key, pin)
    const event = { ...this.#stamp(pin.service), type: 'PinStatusChange', pin, previousStatus: known.status } as const
    for (const reader of this.readers) if (this.#begun.get(reader)?.has(pin.service)) reader.push(event)
  }

  readonly #begun = new WeakMap<LiveReader, Set<string>>()

  /** A reader of both services, whose snapshots come some turns later. */
  watch(turns: number): LiveReader {
    const reader: LiveReader = new LiveReader(() => this.readers.delete(reader), 2)
    this.readers.add(reader)
    const begun = new Set<string>()
    this.#begun.set(reader, begun)
    const begin = (service: string): void => {
      const pins = [...this.#pins.values()].filter((pin) => pin.service === service)
      begun.add(service)
      reader.begin(
        pins.map((pin, index) => ({
          ...this.#stamp(service),
          type: 'PinSnapshot' as const,
          pin,
          isResync: false,
          remaining: pins.length - index - 1,
        })),
        this.#stamp(service),
      )
    }
    void after(turns).then(() => begin('a'))
    void after(turns * 2).then(() => begin('b'))
    return reader
  }

  join(turns: number, subscriber: Subscriber): () => void {
    const render = async (event: LiveEvent): Promise<Message> => {
      this.renders++
      // Changes take longer than snapshots here, so that newcomers overtake the cohort.
      await after(event.type === 'PinSnapshot' ? 0 : this.renderTurns)
      return { payload: encode(event), key: coalesceKey(event), cursor: null }
    }
    return this.cohorts.join('same', { source: this.watch(turns), render }, subscriber)
  }

  #stamp(service: string) {
    return { service, seq: this.#seqs.get(service) ?? 0, cursor: '', observedAt: 0 }
  }
}

/** Writes down what it gets; is slow while `pauses` are left. */
class Notes implements Subscriber {
  readonly events: Exclude<LiveEvent, { type: 'PinRemoved' | 'LiveStale' | 'LiveResumed' | 'LiveCaughtUp' }>[] = []
  ended: unknown = null
  readonly #turns: number

  constructor(turns = 0) {
    this.#turns = turns
  }

  next({ payload }: Message): void {
    this.events.push(JSON.parse(payload.toString()))
  }

  ready(): Promise<void> {
    return after(this.#turns)
  }

  complete(): void {
    this.ended = 'complete'
  }

  fail(error: unknown): void {
    this.ended = error
  }

  /** The pins as somebody sees them who has got all this. */
  seen(): Record<string, string> {
    return Object.fromEntries(
      this.events.map(({ service, pin }) => [service + pin.requestId, `${pin.status} ${pin.name}`]),
    )
  }
}

function pinOf(service: string, requestId: string): Pin {
  const cid = parseCid('bafkqablimvwgy3y')
  const created = parseInstant('2024-01-01T00:00:00Z')
  const lists = { origins: [], delegates: [], meta: {}, info: {} }
  return { service, requestId, cid, name: '0', status: 'queued', created, ...lists }
}

function encode(event: LiveEvent): Buffer {
  return Buffer.from(JSON.stringify(event, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)))
}

async function after(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve()
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('change' as const),
      key: fc.constantFrom('a1', 'a2', 'a3', 'b1', 'b2', 'b3'),
      status: fc.constantFrom(...STATUSES),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('join' as const), turns: fc.nat(12), slow: fc.nat(6) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('leave' as const), which: fc.nat(20) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('wait' as const), turns: fc.nat(15) }) },
)

describe('a cohort', () => {
  it('neither leaves out nor repeats anything, whenever its members join, leave and read', async () => {
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
            expect(snapshot.every(({ type }) => type === 'PinSnapshot')).toBe(true)
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
  }, 20_000)

  it('brings those together who have nothing to be told yet', async () => {
    const world = new World()
    const notes = [new Notes(), new Notes()]
    const readers: LiveReader[] = []
    for (const each of notes) {
      const source: LiveReader = new LiveReader(() => {})
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

  it('hands out what was made before its members joined, once made', async () => {
    const world = new World()
    const events = world.watch(0)
    const snapshot = [...(await take(events, 6))]
    const first = new Notes()
    const source = new LiveReader(() => {})
    let renders = 0
    const render = async (event: LiveEvent): Promise<Message> => {
      renders++
      return { payload: encode(event), key: null, cursor: null }
    }
    world.cohorts.join('same', { source, render }, first)
    source.begin([], { service: 'a', seq: 0, cursor: '' })
    await settle()
    for (let joiner = 0; joiner < 10; joiner++) {
      const own = new LiveReader(() => {})
      world.cohorts.join('same', { source: own, render }, new Notes())
      own.begin(snapshot, { service: 'a', seq: 0, cursor: '' })
    }
    await settle()
    expect(renders).toBe(6)
  })

  it('joins nobody to those who have left a service that is listened to again', async () => {
    const world = new World()
    const render = async (event: LiveEvent): Promise<Message> => ({ payload: encode(event), key: null, cursor: null })
    const join = async () => {
      const source = new LiveReader(() => {}, 2)
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

  it('forgets what it made for events long past, though they be remembered elsewhere', async () => {
    const source = new LiveReader(() => {})
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
      return { ...stamp, type: 'PinRemoved', requestId: String(index), cid: 'bafkqablimvwgy3y' } as LiveEvent
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

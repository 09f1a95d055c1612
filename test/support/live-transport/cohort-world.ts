import { parseCid } from '../../../src/domain/cid.ts'
import { parseInstant } from '../../../src/domain/instant.ts'
import type { Pin, PinStatus } from '../../../src/domain/pin.ts'
import { coalesceKey, type EventBase, type LiveEvent, type PinEventKind } from '../../../src/live/live-event.ts'
import type { LiveReader } from '../../../src/live/live-reader.ts'
import { Cohorts } from '../../../src/server/graphql/cohorts.ts'
import type { Message, Subscriber } from '../../../src/server/graphql/message.ts'
import { createReader } from '../live-readers.ts'

/** The pins of two services, and readers that get their events in the way an informer delivers them. */
export class World {
  readonly cohorts = new Cohorts()
  readonly readers = new Set<LiveReader>()
  readonly #pins = new Map<string, Pin>()
  readonly #seqs = new Map<string, number>()
  /** All changes so far, in order. */
  readonly changes: LiveEvent[] = []
  /** The number of the last change that a subscriber's snapshot of a service takes in. */
  readonly begunAt = new Map<Subscriber, Map<string, number>>()
  readonly #begun = new WeakMap<LiveReader, Map<string, number>>()
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
    const stamp = this.#nextStamp(known.service)
    const pin = { ...known, status, name: String(stamp.seq) }
    this.#pins.set(key, pin)
    this.#tell({ ...stamp, kind: 'STATUS_CHANGED', pin, previousStatus: known.status })
  }

  /** A pin comes, or goes again, that is in no snapshot. */
  visit(service: string): void {
    const stamp = this.#nextStamp(service)
    const pin = { ...pinOf(service, 'visitor'), name: String(stamp.seq) }
    const { requestId, cid } = pin
    if (stamp.seq % 2 === 0) this.#tell({ ...stamp, kind: 'ADDED', pin })
    else this.#tell({ ...stamp, kind: 'REMOVED', requestId, cid: cid.text })
  }

  /** A reader of both services, whose snapshots come some turns later. */
  watch(turns: number, kinds?: ReadonlySet<PinEventKind>): LiveReader {
    const options = { parts: 2, ...(kinds && { kinds }) }
    const reader: LiveReader = createReader(() => this.readers.delete(reader), options)
    this.readers.add(reader)
    const begun = new Map<string, number>()
    this.#begun.set(reader, begun)
    const begin = (service: string): void => {
      const pins = [...this.#pins.values()].filter((pin) => pin.service === service)
      begun.set(service, this.#stamp(service).seq)
      reader.begin(
        pins.map((pin, index) => ({
          ...this.#stamp(service),
          kind: 'SNAPSHOT' as const,
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

  /** Subscribes by a stream that all have in common who name the same kinds. */
  join(turns: number, subscriber: Subscriber, kinds?: ReadonlySet<PinEventKind>): () => void {
    const render = async (event: LiveEvent): Promise<Message> => {
      this.renders++
      // Changes take longer than snapshots here, so that newcomers overtake the cohort.
      await after(event.kind === 'SNAPSHOT' ? 0 : this.renderTurns)
      return { payload: encode(event), key: coalesceKey(event), cursor: null }
    }
    const source = this.watch(turns, kinds)
    this.begunAt.set(subscriber, this.#begun.get(source) ?? new Map())
    const place = this.cohorts.join(`same ${[...(kinds ?? [])]}`, { source, render }, subscriber)
    return () => place.leave()
  }

  #tell(event: LiveEvent): void {
    this.changes.push(event)
    for (const reader of this.readers) if (this.#begun.get(reader)?.has(event.service)) reader.push(event)
  }

  #nextStamp(service: string): EventBase {
    this.#seqs.set(service, (this.#seqs.get(service) ?? 0) + 1)
    return this.#stamp(service)
  }

  #stamp(service: string): EventBase {
    return { service, seq: this.#seqs.get(service) ?? 0, cursor: '', observedAt: 0 }
  }
}

/** Records each result, and is ready for the next one some turns of the event loop later. */
export class Notes implements Subscriber {
  readonly events: LiveEvent[] = []
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
    const pins = this.events.flatMap((event) => ('pin' in event ? [event.pin] : []))
    return Object.fromEntries(
      pins.map(({ service, requestId, status, name }) => [service + requestId, `${status} ${name}`]),
    )
  }
}

function pinOf(service: string, requestId: string): Pin {
  const cid = parseCid('bafkqablimvwgy3y')
  const created = parseInstant('2024-01-01T00:00:00Z')
  const lists = { origins: [], delegates: [], meta: {}, info: {} }
  return { service, requestId, cid, name: '0', status: 'queued', created, ...lists }
}

/** An event as it is sent. */
export function encode(event: LiveEvent): Buffer {
  return Buffer.from(JSON.stringify(event, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)))
}

/** Lets so many microtasks pass. */
export async function after(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve()
}

/** Rounds of the event loop in which loops that give way come to their ends: in every sixth, they do 10 ms of work. */
const ROUNDS = 120

/** Waits until the world has nothing in flight. */
export async function settle(): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) await new Promise((resolve) => setImmediate(resolve))
}

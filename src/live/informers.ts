import { randomBytes } from 'node:crypto'
import { PinRoom } from '../domain/pin-room.ts'
import type { Clock } from '../upstream/waiting/clock.ts'
import { Informer } from './informer.ts'
import { DEFAULT_KINDS, type PinEventKind } from './live-event.ts'
import { LiveReader } from './live-reader.ts'
import type { LiveTenant } from './live-tenant.ts'
import { Cadence, type CadenceLimit, type UrgentCalls } from './polling/cadence.ts'
import { type Selection, selectionKey } from './selection.ts'
import type { CreateEventLog } from './telling/event-log.ts'
import { LiveCursors, type ResumePoint } from './telling/live-cursor.ts'

/** One part of a subscription: its selection at one tenant. */
export interface WatchPart {
  readonly tenant: LiveTenant
  readonly service: WatchedService
  readonly selection: Selection
}

/** A service, as far as live status needs it: how often it may be polled, and by which clock. */
export interface WatchedService {
  readonly clock: Clock
  /** All polls together keep within these limits. */
  readonly limits: readonly CadenceLimit[]
  /** Polls use what these calls leave. Services that share limits share this object, and all their polls one cadence. */
  readonly urgentCalls: UrgentCalls
}

export interface WatchOptions {
  /** Cursor of an earlier event. Its tenant sends the missed events instead of a snapshot. */
  readonly after?: string | null | undefined
  /** The kinds of events to send. Default: the kinds of the first version of the API. A cursor is valid for other kinds too. */
  readonly kinds?: ReadonlySet<PinEventKind> | undefined
  /** Id of the GraphQL request. Observers of upstream events get it with the requests that the snapshot takes. */
  readonly operationId?: string | undefined
}

export interface InformersOptions {
  /** Creates the log of each informer, which disposes it. */
  readonly createEventLog: CreateEventLog
  readonly random?: (() => number) | undefined
  /** The memory for the pins of all caches. Default: room of its own. */
  readonly room?: PinRoom | undefined
}

/** One informer per watched tenant, and one cadence for all services that share their limits. */
export class Informers implements Disposable {
  readonly #cursors: LiveCursors
  readonly #options: InformersOptions
  readonly #room: PinRoom
  readonly #informers = new Map<string, Informer>()
  readonly #cadences = new Map<UrgentCalls, Cadence>()

  constructor(options: InformersOptions) {
    this.#options = options
    this.#room = options.room ?? new PinRoom()
    this.#cursors = new LiveCursors(randomBytes(32))
  }

  /** Number of tenants that are watched, or were within the last 30 seconds. */
  get size(): number {
    return this.#informers.size
  }

  /** Number of pins in all caches. */
  get pins(): number {
    return [...this.#informers.values()].reduce((sum, informer) => sum + informer.pins, 0)
  }

  /**
   * Follows pins at one or several tenants. Events are kept from now on, not from the first `next()` on.
   *
   * @throws {BadRequestError} for a text that is no cursor, and for a cursor of another selection
   */
  watch(
    parts: readonly WatchPart[],
    { after = null, kinds = DEFAULT_KINDS, operationId }: WatchOptions = {},
  ): LiveReader {
    const resume = ({ tenant, selection }: WatchPart): ResumePoint | null =>
      after === null ? null : (this.#cursors.parse(tenant.key, selectionKey(selection), after) ?? 'unknown')
    const resumePoints = parts.map(resume)
    const leave: (() => void)[] = []
    const onEnd = (): void => {
      for (const each of leave) each()
    }
    const reader = new LiveReader(onEnd, { parts: parts.length, kinds, operationId })
    parts.forEach(({ tenant, service, selection }, index) => {
      leave.push(this.#informer(tenant, service).watch(selection, reader, resumePoints[index] ?? null))
    })
    return reader
  }

  [Symbol.dispose](): void {
    for (const informer of this.#informers.values()) informer[Symbol.dispose]()
    this.#informers.clear()
  }

  #informer(tenant: LiveTenant, service: WatchedService): Informer {
    const known = this.#informers.get(tenant.key)
    if (known) return known
    const { createEventLog, random } = this.#options
    const cadence = this.#cadences.get(service.urgentCalls) ?? new Cadence(service.limits, service.urgentCalls)
    this.#cadences.set(service.urgentCalls, cadence)
    const informer = new Informer(tenant, {
      clock: service.clock,
      cadence,
      cursors: this.#cursors,
      log: createEventLog(tenant.key),
      random,
      room: this.#room,
      onIdle: () => {
        this.#informers.delete(tenant.key)
        informer[Symbol.dispose]()
      },
    })
    this.#informers.set(tenant.key, informer)
    return informer
  }
}

import { randomBytes } from 'node:crypto'
import type { Clock } from '../upstream/clock.ts'
import { Informer } from './informer.ts'
import { DEFAULT_KINDS, type PinEventKind } from './live-event.ts'
import { LiveReader } from './live-reader.ts'
import type { LiveTenant } from './live-tenant.ts'
import { Cadence, type CadenceLimit, type UrgentCalls } from './polling/cadence.ts'
import { type Selection, selectionKey } from './selection.ts'
import { LiveCursors, type ResumePoint } from './telling/live-cursor.ts'

/** One part of a subscription: what it asks for at one tenant. */
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
  /** Leaves polls what it does not use. */
  readonly urgentCalls: UrgentCalls
}

export interface WatchOptions {
  /** Cursor. Its tenant sends the missed events instead of a snapshot. */
  readonly after?: string | null | undefined
  /** The kinds of events to get. Default: the kinds of the first version of the API. They are no part of a cursor. */
  readonly kinds?: ReadonlySet<PinEventKind> | undefined
  /** Names the subscription, for what is read before its snapshot. */
  readonly requestId?: string | undefined
}

export interface InformersOptions {
  readonly wallNow?: (() => number) | undefined
  readonly random?: (() => number) | undefined
}

/** The informers of all tenants that somebody watches. */
export class Informers implements Disposable {
  readonly #cursors: LiveCursors
  readonly #options: InformersOptions
  readonly #informers = new Map<string, Informer>()
  readonly #cadences = new Map<WatchedService, Cadence>()

  constructor(options: InformersOptions = {}) {
    this.#options = options
    this.#cursors = new LiveCursors(randomBytes(32))
  }

  /** How many tenants are watched, or were until lately. */
  get size(): number {
    return this.#informers.size
  }

  /** How many listen, each part of a subscription counted. */
  get listeners(): number {
    return [...this.#informers.values()].reduce((sum, informer) => sum + informer.watches, 0)
  }

  /** How many pins are kept. */
  get pins(): number {
    return [...this.#informers.values()].reduce((sum, informer) => sum + informer.pins, 0)
  }

  /**
   * Follows pins at one or several tenants. Listening begins at once, not with the first `next()`.
   *
   * @throws {BadRequestError} for what is no cursor, or one of another selection
   */
  watch(
    parts: readonly WatchPart[],
    { after = null, kinds = DEFAULT_KINDS, requestId }: WatchOptions = {},
  ): LiveReader {
    const resume = ({ tenant, selection }: WatchPart): ResumePoint | null =>
      after === null ? null : (this.#cursors.parse(tenant.key, selectionKey(selection), after) ?? 'unknown')
    const resumePoints = parts.map(resume)
    const leave: (() => void)[] = []
    const onEnd = (): void => {
      for (const each of leave) each()
    }
    const reader = new LiveReader(onEnd, { parts: parts.length, kinds, requestId })
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
    const { wallNow, random } = this.#options
    const cadence = this.#cadences.get(service) ?? new Cadence(service.limits, service.urgentCalls)
    this.#cadences.set(service, cadence)
    const informer = new Informer(tenant, {
      clock: service.clock,
      cadence,
      cursors: this.#cursors,
      wallNow,
      random,
      onIdle: () => {
        this.#informers.delete(tenant.key)
        informer[Symbol.dispose]()
      },
    })
    this.#informers.set(tenant.key, informer)
    return informer
  }
}

import { randomBytes } from 'node:crypto'
import type { PinningService } from '../upstream/pinning-service.ts'
import type { Tenant } from '../upstream/tenant.ts'
import { Cadence } from './cadence.ts'
import { Informer } from './informer.ts'
import { LiveCursors } from './live-cursor.ts'
import { LiveReader } from './live-reader.ts'
import type { Selection } from './watch.ts'

/** One part of a subscription: what it asks for at one tenant. */
export interface WatchPart {
  readonly tenant: Tenant
  readonly service: PinningService
  readonly selection: Selection
  /** A cursor of an earlier event of this tenant; null for a snapshot. */
  readonly after: string | null
}

export interface InformersOptions {
  /** Signs cursors; the same after a restart. Default: random. */
  readonly secret?: Buffer | undefined
  readonly wallNow?: (() => number) | undefined
  readonly random?: (() => number) | undefined
}

/** The informers of all tenants that somebody watches. */
export class Informers implements Disposable {
  readonly cursors: LiveCursors
  readonly #options: InformersOptions
  readonly #informers = new Map<string, Informer>()
  readonly #cadences = new Map<PinningService, Cadence>()

  constructor(options: InformersOptions = {}) {
    this.#options = options
    this.cursors = new LiveCursors(options.secret ?? randomBytes(32))
  }

  /** How many tenants are watched, or were until lately. */
  get size(): number {
    return this.#informers.size
  }

  /**
   * Follows pins at one or several tenants. Listening begins at once, not with the first `next()`.
   *
   * @throws {BadRequestError} for a cursor of another tenant
   */
  watch(parts: readonly WatchPart[]): LiveReader {
    const leave: (() => void)[] = []
    const reader = new LiveReader(() => {
      for (const each of leave) each()
    }, parts.length)
    for (const { tenant, service, selection, after } of parts) {
      leave.push(this.#informer(tenant, service).watch(selection, reader, after))
    }
    return reader
  }

  [Symbol.dispose](): void {
    for (const informer of this.#informers.values()) informer[Symbol.dispose]()
    this.#informers.clear()
  }

  #informer(tenant: Tenant, service: PinningService): Informer {
    const known = this.#informers.get(tenant.key)
    if (known) return known
    const { wallNow, random } = this.#options
    const cadence = this.#cadences.get(service) ?? new Cadence(service.budgets())
    this.#cadences.set(service, cadence)
    const informer = new Informer(tenant, {
      clock: service.clock,
      cadence,
      cursors: this.cursors,
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

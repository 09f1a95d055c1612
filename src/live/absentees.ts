import { type Cid, parseCid } from '../domain/cid.ts'
import { PinqlError, RateLimitedError, UnauthorizedError } from '../domain/errors.ts'
import { PIN_STATUSES } from '../domain/pin.ts'
import { collectPins } from '../upstream/reading/pin-stream.ts'
import type { LiveTenant } from './live-tenant.ts'
import type { PinCache } from './pin-cache.ts'
import { isThere } from './poll.ts'
import type { Views } from './views.ts'

/** So many pins are asked for by their id in one cycle, to learn whether they are gone. */
const MAX_CONFIRMED = 10
/** A pin that was there is gone when it was not found by its id twice, so far apart: services restart, and answer 404. */
const MISSES_APART_MS = 10_000
/** So long it may turn out that it is there all the same: a service may have restored what it had lost. */
const DOUBT_MS = 3_600_000

interface Suspicion {
  /** When it was first not found by its id; null before. */
  missedAt: number | null
}

export interface AbsenteesOptions {
  readonly tenant: LiveTenant
  readonly cache: PinCache
  readonly views: Views
  readonly now: () => number
  readonly signal: AbortSignal
  /** Told of a pin that the service does not have. */
  readonly onGone: (requestId: string) => void
}

/**
 * Pins that an answer should have shown and did not: finds out which of them are gone.
 *
 * Pages shift while they are read, and services restart: only what is not found by its id, twice, is gone.
 */
export class Absentees {
  readonly #options: AbsenteesOptions
  /** Pins that an answer should have shown and did not. */
  readonly #suspects = new Map<string, Suspicion>()
  /** Pins that were not found and are followed by their ids, and since when, on the clock. */
  readonly #gone = new Map<string, { readonly cid: Cid; readonly at: number }>()

  constructor(options: AbsenteesOptions) {
    this.#options = options
  }

  /** How many there are to find out about. */
  get size(): number {
    return this.#suspects.size
  }

  has(requestId: string): boolean {
    return this.#suspects.has(requestId)
  }

  /** Notes that an answer showed a pin. */
  saw(requestId: string): void {
    this.#suspects.delete(requestId)
    this.#gone.delete(requestId)
  }

  /** Has it found out, by its id, whether a pin is there that an answer lacked. */
  suspect(requestId: string): void {
    if (!this.#suspects.has(requestId)) this.#suspects.set(requestId, { missedAt: null })
  }

  /** Those whose turn it is to be asked for by their id. */
  due(): string[] {
    const { cache, now } = this.#options
    const latest = now() - MISSES_APART_MS
    const due = [...this.#suspects].filter(
      // Whoever waits for a pin that was never there is told sooner.
      ([requestId, { missedAt }]) => missedAt === null || missedAt <= latest || !cache.has(requestId),
    )
    return due.slice(0, MAX_CONFIRMED).map(([requestId]) => requestId)
  }

  /**
   * Asks for pins by their ids.
   *
   * @returns why one of them could not be asked for
   * @throws {UnauthorizedError} and {RateLimitedError}, which concern more than that pin
   */
  async confirm(suspects: readonly string[]): Promise<PinqlError | null> {
    let failure: PinqlError | null = null
    await Promise.all(
      suspects.map(async (requestId) => {
        try {
          await this.#confirmOne(requestId)
        } catch (error) {
          const isOfPin = error instanceof PinqlError
          if (!isOfPin || error instanceof UnauthorizedError || error instanceof RateLimitedError) throw error
          failure = error
          this.#toTheEnd(requestId)
        }
      }),
    )
    return failure
  }

  async #confirmOne(requestId: string): Promise<void> {
    const { tenant, cache, views, now, signal, onGone } = this.#options
    const ref = views.refOf(requestId)
    const cid = cache.get(requestId)?.pin.cid ?? (ref && parseCid(ref.cid))
    if (cid && (await isThere(tenant, requestId, { class: 'live', signal }))) return
    const suspicion = this.#suspects.get(requestId)
    // Another answer may have shown it meanwhile.
    if (!suspicion) return
    if (cid && suspicion.missedAt === null) {
      suspicion.missedAt = now()
      this.#toTheEnd(requestId)
      return
    }
    this.#suspects.delete(requestId)
    if (!cid) return
    if (ref) this.#gone.set(requestId, { cid, at: now() })
    onGone(requestId)
  }

  /** Others are asked for before it. */
  #toTheEnd(requestId: string): void {
    const suspicion = this.#suspects.get(requestId)
    if (!suspicion) return
    this.#suspects.delete(requestId)
    this.#suspects.set(requestId, suspicion)
  }

  /** Asks for some of what was concluded to be gone, while somebody follows it: nothing else would show that it is there. */
  async askForGone(): Promise<number> {
    const { tenant, views, now, signal } = this.#options
    for (const [requestId, { at }] of this.#gone) {
      if (now() - at > DOUBT_MS || !views.refOf(requestId)) this.#gone.delete(requestId)
    }
    const canAskCids = tenant.capabilities.cidFilter === 'exact'
    const asked = [...this.#gone].slice(0, canAskCids ? Math.min(MAX_CONFIRMED, tenant.capabilities.maxCids) : 1)
    const [first] = asked
    if (!first) return 0
    // The next time, others have their turn.
    for (const [requestId, gone] of asked) {
      this.#gone.delete(requestId)
      this.#gone.set(requestId, gone)
    }
    const options = { class: 'resync', signal } as const
    if (!canAskCids) await isThere(tenant, first[0], options)
    else await collectPins(tenant, { cids: asked.map(([, { cid }]) => cid), statuses: PIN_STATUSES }, options)
    return 1
  }
}

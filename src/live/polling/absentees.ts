import { parseCid } from '../../domain/cid.ts'
import { PinqlError, RateLimitedError, UnauthorizedError } from '../../domain/errors.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import type { Clock } from '../../upstream/clock.ts'
import { collectPins } from '../../upstream/reading/pin-stream.ts'
import type { LiveTenant } from '../live-tenant.ts'
import type { PinCache } from '../watched/pin-cache.ts'
import type { Sightings } from '../watched/sightings.ts'
import type { Views } from '../watched/views.ts'
import { hasPin } from './has-pin.ts'

/** So many pins are asked for by their id in one cycle, to learn whether they are gone. */
const MAX_CONFIRMED = 10
/** A pin that was there is gone when it was not found by its id twice, so far apart: services restart, and answer 404. */
const MISSES_APART_MS = 10_000
/** So long it may turn out that it is there all the same: a service may have restored what it had lost. */
const DOUBT_MS = 3_600_000

/** Takes in that a pin is gone. */
export interface GonePins {
  removed(requestId: string): void
}

export interface AbsenteesOptions {
  readonly tenant: LiveTenant
  readonly cache: PinCache
  readonly views: Views
  readonly sightings: Sightings
  readonly intake: GonePins
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * Pins that an answer should have shown and did not: finds out which of them are gone.
 *
 * Pages shift while they are read, and services restart: only what is not found by its id, twice, is gone.
 */
export class Absentees {
  readonly #options: AbsenteesOptions

  constructor(options: AbsenteesOptions) {
    this.#options = options
  }

  /** Those whose turn it is to be asked for by their id. */
  due(): string[] {
    const { cache, sightings, clock } = this.#options
    const latest = clock.now() - MISSES_APART_MS
    const due = [...sightings.suspects].filter(
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
    const { tenant, cache, views, sightings, intake, clock, signal } = this.#options
    const { suspects, gone } = sightings
    const ref = views.refOf(requestId)
    const cid = cache.get(requestId)?.pin.cid ?? (ref && parseCid(ref.cid))
    if (cid && (await hasPin(tenant, requestId, { class: 'live', signal }))) return
    const suspicion = suspects.get(requestId)
    // Another answer may have shown it meanwhile.
    if (!suspicion) return
    if (cid && suspicion.missedAt === null) {
      suspicion.missedAt = clock.now()
      this.#toTheEnd(requestId)
      return
    }
    suspects.delete(requestId)
    if (!cid) return
    if (ref) gone.set(requestId, { cid, at: clock.now() })
    intake.removed(requestId)
  }

  /** Others are asked for before it. */
  #toTheEnd(requestId: string): void {
    const { suspects } = this.#options.sightings
    const suspicion = suspects.get(requestId)
    if (!suspicion) return
    suspects.delete(requestId)
    suspects.set(requestId, suspicion)
  }

  /** Asks for some of what was concluded to be gone, while somebody follows it: nothing else would show that it is there. */
  async askForGone(): Promise<number> {
    const { tenant, views, sightings, clock, signal } = this.#options
    const { gone } = sightings
    for (const [requestId, { at }] of gone) {
      if (clock.now() - at > DOUBT_MS || !views.refOf(requestId)) gone.delete(requestId)
    }
    const canAskCids = tenant.capabilities.cidFilter === 'exact'
    const asked = [...gone].slice(0, canAskCids ? Math.min(MAX_CONFIRMED, tenant.capabilities.maxCids) : 1)
    const [first] = asked
    if (!first) return 0
    // The next time, others have their turn.
    for (const [requestId, pin] of asked) {
      gone.delete(requestId)
      gone.set(requestId, pin)
    }
    const options = { class: 'resync', signal } as const
    if (!canAskCids) await hasPin(tenant, first[0], options)
    else await collectPins(tenant, { cids: asked.map(([, { cid }]) => cid), statuses: PIN_STATUSES }, options)
    return 1
  }
}

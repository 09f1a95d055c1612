import { parseCid } from '../../domain/cid.ts'
import { PinqlError, RateLimitedError, UnauthorizedError } from '../../domain/errors.ts'
import { PIN_STATUSES } from '../../domain/pin.ts'
import type { Clock } from '../../upstream/waiting/clock.ts'
import type { LiveTenant } from '../live-tenant.ts'
import type { PinCache } from '../watched/pin-cache.ts'
import type { Sightings } from '../watched/sightings.ts'
import type { Views } from '../watched/views.ts'
import { hasPin } from './has-pin.ts'

/** Maximum of pins that are looked up by their id in one poll. */
const MAX_CONFIRMED = 10
/** Time between the two lookups that must both fail before a known pin is gone: services restart, and then answer 404. */
const MISSES_APART_MS = 10_000
/** Wait after a lookup that failed. It doubles with each further failure of the same pin. */
const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 600_000
/** A pin whose lookup has failed so often is looked up along with other requests only. */
const MANY_FAILURES = 5
/** A pin that is gone is looked for again during this time, since a service may restore pins that it had lost. */
const DOUBT_MS = 3_600_000

/** Takes in that a pin is gone. No single answer says so. */
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
 * Finds out which of the suspected pins are gone.
 *
 * A list that lacks a pin proves nothing: pages shift while they are read, and services restart. A pin is gone when the
 * service does not find it by its id, twice.
 */
export class Absentees {
  readonly #options: AbsenteesOptions

  constructor(options: AbsenteesOptions) {
    this.#options = options
  }

  /** True while lookups are worth polls of their own. A pin that can never be looked up must not keep other requests from being sent. */
  get arePressing(): boolean {
    for (const { failures } of this.#options.sightings.suspects.values()) if (failures < MANY_FAILURES) return true
    return false
  }

  /** Returns the request ids of the pins that the current poll looks up. */
  due(): string[] {
    const { sightings, clock } = this.#options
    const now = clock.now()
    const due = [...sightings.suspects].filter(([, { notBefore }]) => notBefore <= now)
    return due.slice(0, MAX_CONFIRMED).map(([requestId]) => requestId)
  }

  /**
   * Looks up pins by their ids.
   *
   * @returns the error of one lookup that failed, or null
   * @throws {UnauthorizedError} the token was refused, which concerns more than one pin
   * @throws {RateLimitedError} the budget has no room, which concerns more than one pin
   */
  async confirm(suspects: readonly string[]): Promise<PinqlError | null> {
    let failure: PinqlError | null = null
    await Promise.all(
      suspects.map(async (requestId) => {
        try {
          await this.#confirmOne(requestId)
        } catch (error) {
          if (!isOfOnePin(error)) throw error
          failure = error
          this.#failed(requestId)
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
      suspicion.failures = 0
      // Subscribers to a pin that was never shown need not wait for a second lookup.
      if (cache.has(requestId)) suspicion.notBefore = clock.now() + MISSES_APART_MS
      this.#toTheEnd(requestId)
      return
    }
    suspects.delete(requestId)
    if (!cid) return
    if (ref) gone.set(requestId, { cid, at: clock.now() })
    intake.removed(requestId)
  }

  #failed(requestId: string): void {
    const { sightings, clock } = this.#options
    const suspicion = sightings.suspects.get(requestId)
    if (!suspicion) return
    suspicion.notBefore = clock.now() + Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** suspicion.failures)
    suspicion.failures++
    this.#toTheEnd(requestId)
  }

  /** Puts a pin behind all other suspects. */
  #toTheEnd(requestId: string): void {
    const { suspects } = this.#options.sightings
    const suspicion = suspects.get(requestId)
    if (!suspicion) return
    suspects.delete(requestId)
    suspects.set(requestId, suspicion)
  }

  /**
   * Lists some of the pins that are gone, in case the service has restored them. No other request would show them. If the list fails,
   * others are listed the next time.
   *
   * @param onList called before each list, and ends the read if it throws
   * @returns the number of requests: 0 or 1
   */
  async listGone(onList: () => void): Promise<number> {
    const { tenant, views, sightings, clock, signal } = this.#options
    const { gone } = sightings
    for (const [requestId, { at }] of gone) {
      if (clock.now() - at > DOUBT_MS || !views.refOf(requestId)) gone.delete(requestId)
    }
    const canAskCids = tenant.capabilities.cidFilter === 'exact'
    const asked = [...gone].slice(0, canAskCids ? Math.min(MAX_CONFIRMED, tenant.capabilities.maxCids) : 1)
    const [first] = asked
    if (!first) return 0
    // The next call lists the others first.
    for (const [requestId, pin] of asked) {
      gone.delete(requestId)
      gone.set(requestId, pin)
    }
    const options = { class: 'resync', signal } as const
    const cids = asked.map(([, { cid }]) => cid)
    try {
      if (canAskCids) await tenant.collectPins({ cids, statuses: PIN_STATUSES }, { ...options, onList })
      else await hasPin(tenant, first[0], options)
    } catch (error) {
      if (!isOfOnePin(error)) throw error
    }
    return 1
  }
}

/** False for errors that concern all requests: of the token, of the budget, and of the program. */
function isOfOnePin(error: unknown): error is PinqlError {
  return error instanceof PinqlError && !(error instanceof UnauthorizedError || error instanceof RateLimitedError)
}

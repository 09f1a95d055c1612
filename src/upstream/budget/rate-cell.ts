import type { AnnouncedRate } from '../http/rate-limit-headers.ts'
import { ENDPOINTS, type Endpoint, type RateLimit, type SafePace, safePace } from './rate-limit.ts'
import type { RequestClass } from './request-class.ts'

/** The rest of a limit, for people to read. */
export interface RateLeft {
  readonly remaining: number
  /** Clock time at which the whole limit is free again if nothing more is sent. */
  readonly resetsAt: number
}

/** Sums of intervals are off by less than this. Without the tolerance, rounding would cost a call of the burst. */
const ROUNDING_MS = 1e-6
/** Factor by which a refusal slows down an assumed limit, once per episode of refusals. */
const SLOW_DOWN = 0.7
/** Part of the full pace that is regained per second. */
const RECOVERY_PER_SECOND = 0.01
/** Smallest part of the full pace, however often the service refuses. */
const SLOWEST = 0.02
/** Two announced resets that differ by less than this belong to the same window, since services announce whole seconds. */
const SAME_WINDOW_MS = 2000

/**
 * A limit of a service and its use, as a GCRA cell.
 *
 * The cell stores the instant at which the burst will be full again ("theoretical arrival time"). Each call moves that
 * instant by one interval. A call may leave as long as the instant is no further ahead than the burst allows. This single
 * number admits the same calls as a token bucket, and gives the exact time to wait. All instants are milliseconds on the
 * caller's clock.
 *
 * @see ITU-T I.371, generic cell rate algorithm
 */
export class RateCell {
  readonly limit: RateLimit
  /** Endpoints whose calls this cell counts. */
  readonly endpoints: readonly Endpoint[]
  readonly #safe: SafePace
  #fullAt = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY

  /** Requests left in the current window, as the service's headers announced. */
  #announced: { left: number; resetsAt: number } | undefined
  #isAssumed: boolean

  /** Part of the full pace right after the last refusal. It is regained from `#recoversFrom` on. */
  #pace = 1
  #recoversFrom = Number.NEGATIVE_INFINITY
  #slowedAt = Number.NEGATIVE_INFINITY

  /** Calls in the current window and in the one before, for `left`. */
  #window = 0
  #used = 0
  #usedBefore = 0

  constructor(limit: RateLimit, jitterMs?: number) {
    this.limit = limit
    this.endpoints = limit.endpoint === 'all' ? ENDPOINTS : [limit.endpoint]
    this.#safe = safePace(limit, jitterMs)
    this.#isAssumed = limit.assumed ?? false
  }

  /**
   * Returns the first instant at which a call of this class may leave. An instant in the past means now.
   *
   * @param ahead number of other calls that leave before it
   */
  readyAt(now: number, requestClass: RequestClass, ahead = 0): number {
    const burst = this.#safe.burst - (requestClass === 'mutation' ? 0 : this.#safe.reserve)
    const fullAt = ahead === 0 ? this.#fullAt : Math.max(this.#fullAt, now) + ahead * this.#intervalAt(now)
    // The tolerance is measured in intervals of the full pace, so that slowing down never widens it.
    const readyAt = Math.max(fullAt - (burst - 1) * this.#safe.intervalMs - ROUNDING_MS, this.#pausedUntil)
    const { left, resetsAt } = this.#announcedAt(now)
    return left > ahead ? readyAt : Math.max(readyAt, resetsAt)
  }

  /** Counts a call that leaves now. Must not be called before `readyAt`. */
  take(now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + this.#intervalAt(now)
    if (this.#announced) this.#announced.left -= 1
    this.#rollWindow(now)
    this.#used += 1
  }

  /**
   * Handles a refusal by the service: no call leaves until `until`, and after that there is no burst.
   *
   * If the limit is assumed, the pace drops too. It drops only once for all calls that were sent before the drop.
   *
   * @param sentAt clock time when the refused call was sent
   */
  refused(now: number, sentAt: number, until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
    this.#fullAt = Math.max(this.#fullAt, until + (this.#safe.burst - 1) * this.#safe.intervalMs)
    if (!this.#isAssumed) return
    if (sentAt > this.#slowedAt) {
      this.#pace = Math.max(SLOWEST, this.#paceAt(now) * SLOW_DOWN)
      this.#slowedAt = now
    }
    this.#recoversFrom = Math.max(now, this.#pausedUntil)
  }

  /**
   * Handles a counter that the service announced: no more calls leave in the service's window than it has left.
   *
   * Within one window the lower number counts, since answers may overtake each other. A number for another window, earlier
   * or later, replaces the one before. Services that count per back-end node (Pinata) announce different windows from
   * answer to answer. The lowest number of them all would leave most of the limit unused.
   */
  announced(now: number, rate: AnnouncedRate): void {
    this.#isAssumed = false
    this.#pace = 1
    const resetsAt = now + rate.resetsInMs
    const known = this.#announced
    if (known && known.resetsAt > now && Math.abs(known.resetsAt - resetsAt) < SAME_WINDOW_MS) {
      known.left = Math.min(known.left, rate.remaining)
    } else {
      this.#announced = { left: rate.remaining, resetsAt }
    }
  }

  /** Returns the rest of the limit as people understand it: the calls that the last `windowMs` did not use. */
  left(now: number): RateLeft {
    this.#rollWindow(now)
    const { windowMs, limit } = this.limit
    const { left, resetsAt } = this.#announcedAt(now)
    // The calls of the window before fade out evenly, since their instants are not kept.
    const used = this.#used + this.#usedBefore * (1 - (now % windowMs) / windowMs)
    const remaining = this.#pausedUntil > now ? 0 : Math.max(0, Math.min(Math.floor(limit - used), left))
    return { remaining, resetsAt: Math.max(now, this.#pausedUntil, this.#unusedAt(), resetsAt) }
  }

  /** Returns the instant from which the cell equals a new one, and may be forgotten. */
  forgettableAt(now: number): number {
    this.#rollWindow(now)
    const recoveredAt = this.#recoversFrom + ((1 - this.#pace) / RECOVERY_PER_SECOND) * 1000
    const { resetsAt } = this.#announcedAt(now)
    return Math.max(this.#fullAt, this.#pausedUntil, resetsAt, recoveredAt, this.#unusedAt())
  }

  #announcedAt(now: number): { left: number; resetsAt: number } {
    return this.#announced && this.#announced.resetsAt > now ? this.#announced : NOTHING_ANNOUNCED
  }

  #intervalAt(now: number): number {
    return this.#safe.intervalMs / this.#paceAt(now)
  }

  #paceAt(now: number): number {
    if (this.#pace === 1) return 1
    const recovered = RECOVERY_PER_SECOND * Math.max(0, (now - this.#recoversFrom) / 1000)
    return Math.min(1, this.#pace + recovered)
  }

  #unusedAt(): number {
    const { windowMs } = this.limit
    if (this.#used > 0) return (this.#window + 2) * windowMs
    return this.#usedBefore > 0 ? (this.#window + 1) * windowMs : Number.NEGATIVE_INFINITY
  }

  #rollWindow(now: number): void {
    const window = Math.floor(now / this.limit.windowMs)
    if (window === this.#window) return
    this.#usedBefore = window === this.#window + 1 ? this.#used : 0
    this.#used = 0
    this.#window = window
  }
}

const NOTHING_ANNOUNCED = { left: Number.POSITIVE_INFINITY, resetsAt: Number.NEGATIVE_INFINITY } as const

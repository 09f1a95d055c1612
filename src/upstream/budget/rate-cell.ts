import type { AnnouncedRate } from '../http/rate-limit-headers.ts'
import { ENDPOINTS, type Endpoint, type RateLimit, type SafePace, safePace } from './rate-limit.ts'
import type { RequestClass } from './request-class.ts'

/** What is left of a limit, for people to read. */
export interface RateLeft {
  readonly remaining: number
  /** When the whole limit is free again if nothing more is sent, in milliseconds on the clock. */
  readonly resetsAt: number
}

/** Sums of intervals are off by less than this, which would cost a call of the burst. */
const ROUNDING_MS = 1e-6
/** A refusal slows an assumed limit to this part of its pace, once an episode. */
const SLOW_DOWN = 0.7
/** Part of the full pace that comes back each second. */
const RECOVERY_PER_SECOND = 0.01
/** However often a service refuses, this part of the pace stays. */
const SLOWEST = 0.02
/** Two announced resets closer than this are the same window: they come in whole seconds. */
const SAME_WINDOW_MS = 2000

/**
 * One limit of a service and how much of it is used: a GCRA cell.
 *
 * It keeps the instant at which the burst would be full again ("theoretical arrival time"): each call moves it one
 * interval on, and a call may leave while it is no further ahead than the burst allows. That one number admits what a
 * token bucket admits, and tells exactly how long to wait. All instants are milliseconds on the caller's clock.
 *
 * @see ITU-T I.371, generic cell rate algorithm
 */
export class RateCell {
  readonly limit: RateLimit
  /** Whose calls move this counter. */
  readonly endpoints: readonly Endpoint[]
  readonly #safe: SafePace
  #fullAt = Number.NEGATIVE_INFINITY
  #pausedUntil = Number.NEGATIVE_INFINITY

  /** What the service's headers left us in its current window. */
  #announced: { left: number; resetsAt: number } | undefined
  #isAssumed: boolean

  /** Part of the full pace right after the last refusal, and the instant from which it recovers. */
  #pace = 1
  #recoversFrom = Number.NEGATIVE_INFINITY
  #slowedAt = Number.NEGATIVE_INFINITY

  /** Calls in this window and the one before, for `left`. */
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
   * The first instant at which a call of this class may leave; in the past where it may leave now.
   *
   * @param ahead how many other calls leave before it
   */
  readyAt(now: number, requestClass: RequestClass, ahead = 0): number {
    const burst = this.#safe.burst - (requestClass === 'mutation' ? 0 : this.#safe.reserve)
    const fullAt = ahead === 0 ? this.#fullAt : Math.max(this.#fullAt, now) + ahead * this.#intervalAt(now)
    // The tolerance is measured in full-pace intervals, so that slowing down never widens it.
    const readyAt = Math.max(fullAt - (burst - 1) * this.#safe.intervalMs - ROUNDING_MS, this.#pausedUntil)
    const { left, resetsAt } = this.#announcedAt(now)
    return left > ahead ? readyAt : Math.max(readyAt, resetsAt)
  }

  /** Counts a call that leaves now. Only to be called once `readyAt` has come. */
  take(now: number): void {
    this.#fullAt = Math.max(this.#fullAt, now) + this.#intervalAt(now)
    if (this.#announced) this.#announced.left -= 1
    this.#rollWindow(now)
    this.#used += 1
  }

  /**
   * The service refused a call: nothing leaves until `until`, and then no burst.
   *
   * Where the limit is only assumed the pace drops too, once for all calls that had left before it dropped.
   *
   * @param sentAt when the refused call left
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
   * The service told its own count: no more leaves in its window than it has left.
   *
   * Within one window the lower word holds, since answers overtake each other. A word about another window replaces
   * the one before, earlier or later: services that count on each back-end node (Pinata) speak of a different window
   * from answer to answer, and the lowest of all of them would leave most of the limit unused.
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

  /** What a person would call the rest of the limit: what the last `windowMs` did not use. */
  left(now: number): RateLeft {
    this.#rollWindow(now)
    const { windowMs, limit } = this.limit
    const { left, resetsAt } = this.#announcedAt(now)
    // The calls of the window before fade out evenly; their instants are not kept.
    const used = this.#used + this.#usedBefore * (1 - (now % windowMs) / windowMs)
    const remaining = this.#pausedUntil > now ? 0 : Math.max(0, Math.min(Math.floor(limit - used), left))
    return { remaining, resetsAt: Math.max(now, this.#pausedUntil, this.#unusedAt(), resetsAt) }
  }

  /** From this instant on the cell is as good as new, and may be forgotten. */
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

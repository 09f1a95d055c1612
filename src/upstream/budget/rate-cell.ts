import type { AnnouncedRate } from '../http/rate-limit-headers.ts'
import { AnnouncedWindow } from './announced-window.ts'
import { ENDPOINTS, type Endpoint, JITTER_MS, type RateLimit, type SafePace, safePace } from './rate-limit.ts'
import { type BudgetClass, isPoll } from './request-class.ts'
import { SendLog } from './send-log.ts'
import { SlowDown } from './slow-down.ts'

/** The rest of a limit, for people to read. */
export interface RateLeft {
  readonly remaining: number
  /** Clock time at which the whole limit is free again if nothing more is sent. */
  readonly resetsAt: number
}

/**
 * Most milliseconds that are taken off the gap after a call whose timer was late, so that the calls after it are not late too. If
 * four average gaps of the limit are shorter, they are the maximum.
 */
const LATE_TIMER_MS = 50
/**
 * The part of a burst that an assumed limit allows: 10 calls of 100 per second, where a published limit allows 50. A service with
 * a lower limit than assumed refuses some of them, and the answers say so before many more have left.
 */
const CAUTIOUS = 0.2
/**
 * Late timers and slow connections leave a little of the limit unused, and at the even pace it would never be used. So while at
 * most the part `SPARE` of the limit is free, each gap is multiplied by `HASTE`.
 */
const SPARE = 0.03
const HASTE = 0.75

/**
 * A limit of a service and its use: an exact log of the calls that count.
 *
 * A call counts from its permit on, and from when it is sent for the limit's window and the network's jitter. So no window at
 * the service holds more calls than the limit. Within that, a cell decides by class:
 *
 * - Mutations leave at once while the window has room.
 * - All others leave a reserve to them. Interactive calls leave at once while fewer interactive ones than half of the limit
 *   count, so that people who come together after a rest need not wait. Of an assumed limit it is a tenth.
 * - Polls leave at a pace that keeps room for that, if the window is long.
 * - Whatever else there is leaves at the smoothest pace: the shortest even gap with which no call will have to wait for an
 *   older one to leave the window. A fixed pace would leave gaps of half a window after a burst.
 *
 * All instants are milliseconds on the caller's clock.
 */
export class RateCell {
  readonly limit: RateLimit
  /** Endpoints whose calls this cell counts. */
  readonly endpoints: readonly Endpoint[]
  readonly #isCopy: boolean
  readonly #safe: SafePace
  readonly #creditMs: number
  readonly #sent: SendLog
  /** Calls with a permit that were not sent yet. */
  #held = 0
  #heldInteractive = 0
  /**
   * When the last call left that was no mutation, or should have left if its timer was late. A flood of mutations must not
   * put off all others.
   */
  #pacedAt = Number.NEGATIVE_INFINITY
  /** When the last poll left. */
  #polledAt = Number.NEGATIVE_INFINITY
  /** When the next paced call may leave. Undefined until it is asked for. */
  #nextPaced: number | undefined
  /** True if a call waits for `nextPaced`. */
  #isAwaited = false
  #pausedUntil = Number.NEGATIVE_INFINITY
  /** After a refusal, interactive calls are paced until then. */
  #burstsFrom = Number.NEGATIVE_INFINITY

  #isAssumed: boolean
  readonly #announced = new AnnouncedWindow()
  readonly #slowDown = new SlowDown()

  /** @param isCopy true if another cell counts these calls and more, so that this one decides nothing until a refusal */
  constructor(limit: RateLimit, isCopy = false) {
    this.#isCopy = isCopy
    this.limit = limit
    this.endpoints = limit.endpoint === 'all' ? ENDPOINTS : [limit.endpoint]
    this.#safe = safePace(limit)
    this.#creditMs = Math.min(LATE_TIMER_MS, (4 * limit.windowMs) / limit.limit)
    this.#sent = new SendLog(this.#safe.spanMs, limit.limit)
    this.#isAssumed = limit.assumed ?? false
  }

  /**
   * Returns the first instant at which a call of this class may leave. An instant in the past means now.
   *
   * @param ahead number of other calls that leave before it
   */
  readyAt(now: number, requestClass: BudgetClass, ahead = 0): number {
    const readyAt = Math.max(this.#pausedUntil, this.#roomAt(now, requestClass, ahead))
    const { left, resetsAt } = this.#announced.at(now)
    return left > ahead ? readyAt : Math.max(readyAt, resetsAt)
  }

  /** Counts a call that gets its permit now. Must not be called before `readyAt`. */
  take(now: number, requestClass: BudgetClass): void {
    if (this.#isCopy || (requestClass === 'interactive' && this.#burstsLeft(now) > 0)) this.#pacedAt = now
    else if (requestClass !== 'mutation') {
      // A call that had to wait may have left late, since its timer was late.
      const planned = this.#isAwaited ? Math.min(this.#nextPaced ?? now, now) : now
      this.#pacedAt = Math.max(planned, now - this.#creditMs)
    }
    if (isPoll(requestClass)) this.#polledAt = now
    this.#nextPaced = undefined
    this.#isAwaited = false
    this.#held += 1
    if (requestClass === 'interactive') this.#heldInteractive += 1
    this.#announced.take()
  }

  /** Counts a call with a permit from now on, since it is sent now. */
  sent(now: number, requestClass: BudgetClass): void {
    this.#nextPaced = undefined
    this.#held -= 1
    const isInteractive = requestClass === 'interactive'
    if (isInteractive) this.#heldInteractive -= 1
    this.#sent.push(now, isInteractive)
  }

  /** Forgets a call with a permit that is never sent. */
  giveBack(requestClass: BudgetClass): void {
    this.#nextPaced = undefined
    this.#held -= 1
    if (requestClass === 'interactive') this.#heldInteractive -= 1
    this.#announced.giveBack()
  }

  /**
   * Handles a refusal by the service: no call leaves until `until`, and for one window after that, only changes leave in a burst.
   *
   * If the limit is assumed, the pace drops too. It drops only once for all calls that got their permits before the drop.
   *
   * @param grantedAt clock time when the refused call got its permit
   */
  refused(now: number, grantedAt: number, until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until)
    this.#burstsFrom = Math.max(this.#burstsFrom, until + this.#safe.spanMs)
    this.#pacedAt = Math.max(this.#pacedAt, until - this.#safe.intervalMs)
    this.#nextPaced = undefined
    if (this.#isAssumed) this.#slowDown.refused(now, grantedAt, this.#pausedUntil)
  }

  /**
   * Handles a counter that the service announced: no more calls leave in the service's window than it has left.
   *
   * @param grantedAt clock time when the call that was answered got its permit
   */
  announced(now: number, rate: AnnouncedRate, grantedAt: number): void {
    this.confirm()
    // Calls that were sent a jitter earlier reached the service before this one, so its number includes them.
    const most = this.#held + this.#sent.sizeSince(grantedAt - JITTER_MS)
    this.#announced.announced(now, rate, { least: this.#held, most })
  }

  /** Takes an assumed limit for a published one from now on, since the service announces a limit for these calls. */
  confirm(): void {
    this.#isAssumed = false
    this.#slowDown.end()
  }

  /** Returns the rest of the limit as people understand it: the calls that the last `windowMs` did not use. */
  left(now: number): RateLeft {
    const { left, resetsAt } = this.#announced.at(now)
    const unused = Math.min(this.limit.limit - this.#sent.sizeAt(now) - this.#held, left)
    const emptyAt = this.#sent.emptyAt ?? now
    return {
      remaining: this.#pausedUntil > now ? 0 : Math.max(0, unused),
      resetsAt: Math.max(now, this.#pausedUntil, emptyAt, resetsAt),
    }
  }

  /** Returns the instant from which the cell equals a new one, and may be forgotten, unless calls hold permits. */
  forgettableAt(now: number): number {
    const { resetsAt } = this.#announced.at(now)
    this.#sent.sizeAt(now)
    const emptyAt = this.#sent.emptyAt ?? Number.NEGATIVE_INFINITY
    return Math.max(emptyAt, this.#burstsFrom, this.#pausedUntil, resetsAt, this.#slowDown.endsAt)
  }

  /** Returns the first instant at which the window has room for a call of this class. */
  #roomAt(now: number, requestClass: BudgetClass, ahead: number): number {
    if (this.#isCopy && this.#slowDown.isNone && now >= this.#burstsFrom) return now
    const used = this.#sent.sizeAt(now) + this.#held
    if (requestClass === 'mutation')
      return this.#freeAt(now, this.#slowDown.scaled(now, this.limit.limit), used + ahead)
    const most = this.#slowDown.scaled(now, this.limit.limit - this.#safe.reserve)
    const bursts = requestClass === 'interactive' ? Math.min(this.#burstsLeft(now), most - used) : 0
    if (ahead < bursts) return now
    // The calls ahead use up the burst. This one follows them at the pace that is then left.
    if (bursts > 0) return this.#departureAfter(now, most, most - used - bursts, ahead - bursts + 1, bursts)
    const paced = Math.max(this.#freeAt(now, most, used), this.#nextPacedAt(now, most - used))
    const isBurst = requestClass === 'interactive' && paced > now
    const smooth = isBurst ? Math.min(paced, this.#burstAt(now, most, used)) : paced
    const first = isPoll(requestClass) ? Math.max(smooth, this.#polledAt + this.#safe.pollIntervalMs) : smooth
    if (first > now) this.#isAwaited = true
    if (ahead === 0) return first
    return this.#departureAfter(Math.max(first, now, this.#pausedUntil), most, most - used - 1, ahead)
  }

  /** Returns the number of interactive calls that may leave unpaced while there is room, as far as the log is up to date. */
  #burstsLeft(now: number): number {
    if (now < this.#burstsFrom) return 0
    return this.#burst(now) - this.#sent.interactive - this.#heldInteractive
  }

  /** Returns the number of interactive calls in a window that may leave unpaced. */
  #burst(now: number): number {
    const { burst } = this.#safe
    return this.#slowDown.scaled(now, this.#isAssumed ? Math.ceil(burst * CAUTIOUS) : burst)
  }

  /** Returns when enough interactive calls have left the window for one more to leave at once. */
  #burstAt(now: number, most: number, used: number): number {
    if (now < this.#burstsFrom) return Number.POSITIVE_INFINITY
    const own = this.#sent.interactive + this.#heldInteractive
    const surplus = own - this.#burst(now) + 1
    const burstAt = surplus > 0 ? (this.#sent.interactiveLeavesAt(surplus) ?? Number.POSITIVE_INFINITY) : now
    return Math.max(burstAt, this.#freeAt(now, most, used))
  }

  /** Returns when so many calls have left that fewer than `most` count; the past if that is so now. */
  #freeAt(now: number, most: number, used: number): number {
    const surplus = used - most + 1
    if (surplus <= 0) return Number.NEGATIVE_INFINITY
    const logged = this.#sent.leavesAt(surplus)
    if (logged !== undefined) return logged
    // Calls that were not sent yet, or that leave before this one, count for a whole span at least.
    const rounds = Math.floor((surplus - this.#sent.sizeAt(now) - 1) / most)
    return now + this.#safe.spanMs * (1 + rounds)
  }

  #nextPacedAt(now: number, free: number): number {
    if (this.#nextPaced !== undefined && this.#slowDown.isNone) return this.#nextPaced
    const { spanMs, intervalMs } = this.#safe
    const from = Math.max(this.#pacedAt, now - spanMs)
    const slowestMs = this.#pacedAt === Number.NEGATIVE_INFINITY ? 0 : intervalMs / this.#slowDown.at(now)
    // The usual case: even the last send, if it were the first to bind, would not hold back a call.
    const atMost = ((this.#sent.emptyAt ?? from) - from) / (free + 1)
    const isOpen = free >= 0 && this.#held === 0 && from + Math.max(slowestMs, atMost) <= now
    const gap = isOpen ? atMost : this.#sent.evenGapFrom(from, free, this.#held, now + spanMs).gap
    const isSpare = this.#slowDown.isNone && free > 0 && free <= SPARE * this.limit.limit
    this.#nextPaced = from + Math.max(slowestMs, gap) * (isSpare ? HASTE : 1)
    return this.#nextPaced
  }

  /**
   * Returns when the last of some calls leaves, if they follow a first one at the smoothest pace.
   *
   * @param free number of calls that the limit allows after the first one, less those that count
   * @param more number of calls that are not in the log, and leave before the first one
   */
  #departureAfter(first: number, most: number, free: number, calls: number, more = 0): number {
    const held = this.#held + more
    const intervalMs = this.#safe.spanMs / most
    const heldUntil = first + this.#safe.spanMs
    let from = first
    let left = calls
    let room = free
    while (left > 0) {
      const { gap, until, sends } = this.#sent.evenGapFrom(from, room, held, heldUntil)
      if (gap <= intervalMs || sends >= left) return from + left * Math.max(gap, intervalMs)
      from = until
      left -= sends
      room -= sends
    }
    return from
  }
}

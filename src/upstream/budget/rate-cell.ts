import type { AnnouncedRate } from '../http/rate-limit-headers.ts'
import { AnnouncedWindow } from './announced-window.ts'
import { Bursts } from './bursts.ts'
import { CountedCalls } from './counted-calls.ts'
import { Pace } from './pace.ts'
import { ENDPOINTS, type Endpoint, type RateLimit } from './rate-limit.ts'
import { type BudgetClass, isPoll } from './request-class.ts'
import { JITTER_MS, type SafePace, safePace } from './safe-pace.ts'
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
 * - Mutations leave at once while fewer of them count than half of what other calls leave of the limit. So a flood of them still
 *   leaves a pace to the mutations of others. All other calls leave a reserve to mutations, which they use without a pace.
 * - Interactive calls leave at once while fewer interactive ones than half of the limit count, so that people who come together
 *   after a rest need not wait. Of an assumed limit it is a tenth.
 * - Polls leave at a pace that keeps room for that, if the window is long.
 * - Whatever else there is leaves at the smoothest pace: the shortest even gap with which no call will have to wait for an
 *   older one to leave the window. A fixed pace would leave gaps of half a window after a burst.
 *
 * All instants are milliseconds on one clock, whose time `now` is.
 */
export class RateCell {
  readonly limit: RateLimit
  /** Endpoints whose calls this cell counts. */
  readonly endpoints: readonly Endpoint[]
  readonly #isCopy: boolean
  readonly #safe: SafePace
  readonly #creditMs: number
  readonly #calls: CountedCalls
  readonly #changes = new Pace()
  /** The pace of all calls that are no changes. A flood of changes must not put them off. */
  readonly #others = new Pace()
  readonly #polls = new Pace()
  #pausedUntil = Number.NEGATIVE_INFINITY
  #isAssumed: boolean
  readonly #announced = new AnnouncedWindow()
  readonly #slowDown = new SlowDown()
  readonly #bursts: Bursts

  /** @param isCopy true if another cell counts these calls and more, so that this one decides nothing until a refusal */
  constructor(limit: RateLimit, isCopy = false) {
    this.#isCopy = isCopy
    this.limit = limit
    this.endpoints = limit.endpoint === 'all' ? ENDPOINTS : [limit.endpoint]
    this.#safe = safePace(limit)
    this.#creditMs = Math.min(LATE_TIMER_MS, (4 * limit.windowMs) / limit.limit)
    this.#calls = new CountedCalls(this.#safe.spanMs, limit.limit)
    this.#isAssumed = limit.assumed ?? false
    this.#bursts = new Bursts({ limit, safe: this.#safe, calls: this.#calls, slowDown: this.#slowDown })
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
    const isPaced = !this.#isCopy && this.#bursts.left(now, requestClass) <= 0
    this.#paceOf(requestClass).take(now, isPaced ? this.#creditMs : 0)
    if (isPoll(requestClass)) this.#polls.take(now, 0)
    this.#calls.take(requestClass)
    this.#announced.take()
    this.#replan()
  }

  /**
   * Counts a call with a permit from now on, since it is sent now.
   *
   * @param grantedAt clock time of the permit
   */
  sent(now: number, requestClass: BudgetClass, grantedAt: number): void {
    this.#paceOf(requestClass).sent(grantedAt)
    if (isPoll(requestClass)) this.#polls.sent(grantedAt)
    this.#calls.send(requestClass, now)
    this.#replan()
  }

  /** Forgets a call with a permit that is never sent. The cell is then as if nobody had asked. */
  giveBack(requestClass: BudgetClass, grantedAt: number): void {
    this.#paceOf(requestClass).giveBack(grantedAt)
    if (isPoll(requestClass)) this.#polls.giveBack(grantedAt)
    this.#calls.giveBack(requestClass)
    this.#announced.giveBack()
    this.#replan()
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
    this.#bursts.postpone(until + this.#safe.spanMs)
    this.#others.postpone(until - this.#safe.intervalMs)
    this.#replan()
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
    const { held, sent } = this.#calls
    const most = held + sent.sizeSince(grantedAt - JITTER_MS)
    this.#announced.announced(now, rate, { least: held, most })
  }

  /** Takes an assumed limit for a published one from now on, since the service announces a limit for these calls. */
  confirm(): void {
    this.#isAssumed = false
    this.#bursts.confirm()
    this.#slowDown.end()
  }

  /** Returns the rest of the limit as people understand it: the calls that the last `windowMs` did not use. */
  left(now: number): RateLeft {
    const { left, resetsAt } = this.#announced.at(now)
    const unused = Math.min(this.limit.limit - this.#calls.sizeAt(now), left)
    const emptyAt = this.#calls.sent.emptyAt ?? now
    return {
      remaining: this.#pausedUntil > now ? 0 : Math.max(0, unused),
      resetsAt: Math.max(now, this.#pausedUntil, emptyAt, resetsAt),
    }
  }

  /** Returns the instant from which the cell equals a new one, and may be forgotten, unless calls hold permits. */
  forgettableAt(now: number): number {
    const { resetsAt } = this.#announced.at(now)
    this.#calls.sizeAt(now)
    const emptyAt = this.#calls.sent.emptyAt ?? Number.NEGATIVE_INFINITY
    return Math.max(emptyAt, this.#bursts.interactiveFrom, this.#pausedUntil, resetsAt, this.#slowDown.endsAt)
  }

  /** Returns the first instant at which the window has room for a call of this class. */
  #roomAt(now: number, requestClass: BudgetClass, ahead: number): number {
    if (this.#isCopy && this.#slowDown.isNone && now >= this.#bursts.interactiveFrom) return now
    const calls = this.#calls
    const used = calls.sizeAt(now)
    const shared = this.#slowDown.scaled(now, this.limit.limit - this.#safe.reserve)
    const isReserve = requestClass === 'mutation' && used >= shared - this.#lastSlot(used)
    const most = isReserve ? this.#slowDown.scaled(now, this.limit.limit) : shared
    const bursts = isReserve ? most - used : Math.min(this.#bursts.left(now, requestClass), most - used)
    if (ahead < bursts) return now
    // The calls ahead use up the burst. This one follows them at the pace that is then left.
    if (bursts > 0) {
      return calls.departureAfter(now, ahead - bursts + 1, { most, free: most - used - bursts, more: bursts })
    }
    const first = this.#firstAt(now, requestClass, most, used, isReserve)
    if (first > now) this.#paceOf(requestClass).expect()
    if (ahead === 0) return first
    return calls.departureAfter(Math.max(first, now, this.#pausedUntil), ahead, { most, free: most - used - 1 })
  }

  /** Returns 1 if changes have the last slot of the limit, since other calls count and there is no reserve. */
  #lastSlot(used: number): number {
    return this.#safe.reserve === 0 && used > this.#calls.sizeOf('mutation') ? 1 : 0
  }

  /** Returns the first instant at which the window has room for a call that cannot leave at once in a burst. */
  #firstAt(now: number, requestClass: BudgetClass, most: number, used: number, isReserve: boolean): number {
    const freeAt = this.#calls.freeAt(now, most, used)
    if (isReserve) return freeAt
    const paced = Math.max(freeAt, this.#nextPacedAt(this.#paceOf(requestClass), now, most - used))
    if (isPoll(requestClass)) return Math.max(paced, this.#polls.at + this.#safe.pollIntervalMs)
    return paced > now ? Math.min(paced, this.#bursts.nextAt(now, requestClass, freeAt)) : paced
  }

  #nextPacedAt(pace: Pace, now: number, free: number): number {
    if (pace.next !== undefined && this.#slowDown.isNone) return pace.next
    const { spanMs, intervalMs } = this.#safe
    const { held, sent } = this.#calls
    const from = Math.max(pace.at, now - spanMs)
    const slowestMs = pace.at === Number.NEGATIVE_INFINITY ? 0 : intervalMs / this.#slowDown.at(now)
    // The usual case: even the last send, if it were the first to bind, would not hold back a call.
    const atMost = ((sent.emptyAt ?? from) - from) / (free + 1)
    const isOpen = free >= 0 && held === 0 && from + Math.max(slowestMs, atMost) <= now
    const gap = isOpen ? atMost : sent.evenGapFrom(from, free, held, now + spanMs).gap
    const isSpare = this.#slowDown.isNone && free > 0 && free <= SPARE * this.limit.limit
    const next = from + Math.max(slowestMs, gap) * (isSpare ? HASTE : 1)
    pace.plan(next)
    return next
  }

  #paceOf(requestClass: BudgetClass): Pace {
    return requestClass === 'mutation' ? this.#changes : this.#others
  }

  #replan(): void {
    this.#changes.replan()
    this.#others.replan()
  }
}

import type { ServiceUnavailableError } from '../../domain/errors.ts'
import type { Clock, ClockTimer } from '../waiting/clock.ts'
import { listen } from '../waiting/stop.ts'
import { chooseTrial } from './choose-trial.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { TrialPace } from './trial-pace.ts'
import { TrialTurns, turnKeysOf } from './trial-turns.ts'
import type { Trial, Visit, WaitingVisit } from './visit.ts'

/** Milliseconds until the next look, where a trial is due and no call that waits has room in the budget. */
const LOOK_FOR_ROOM_EVERY_MS = 100

/**
 * The place where calls wait while a breaker of their tenant is open.
 *
 * They use no budget here. Whenever a trial is due, one of them is let through. For that they take turns: tenants, inside a tenant
 * lists, single pins and changes, and inside these callers. All broken accounts have the turns of one tenant. So the failures of
 * one do not keep out the answer to another. In the turn of a change a probe is sent, until three reads were answered with a failure.
 *
 * Calls without room in the budget are passed over. If no call has room, a probe waits for it in the budget, and does not hold up
 * the trials of others. Apart from that, at most one trial at a time waits for the budget, and for a second at most.
 */
export class Gate {
  readonly #clock: Clock
  readonly #breakerOf: (tenantKey: string) => CircuitBreaker
  readonly #isBroken: (tenantKey: string) => boolean
  readonly #pace: TrialPace
  /** The calls that wait, by arrival. */
  readonly #waiting = new Set<WaitingVisit>()
  readonly #turns = new TrialTurns()
  /** Plans the next look. */
  #timer: ClockTimer | undefined
  #lookAt = Number.POSITIVE_INFINITY
  /** Clock time before which no call that waits has room in the budget. */
  #noRoomUntil = Number.NEGATIVE_INFINITY
  /** The trial that was let through and is not sent yet. */
  #pending: Trial | null = null
  /** Breakers for which a late probe waits for the budget, and the clock time at which it expects to leave. */
  readonly #probedLate = new Map<CircuitBreaker, number>()

  /**
   * @param breakerOf returns the breaker that a tenant's calls must wait for, or one that is closed
   * @param isBroken returns whether a tenant's account is known to be broken
   */
  constructor(
    clock: Clock,
    breakerOf: (tenantKey: string) => CircuitBreaker,
    isBroken: (tenantKey: string) => boolean,
  ) {
    this.#clock = clock
    this.#breakerOf = breakerOf
    this.#isBroken = isBroken
    this.#pace = new TrialPace(clock)
  }

  /**
   * Waits until the breakers of a call are closed, or until the call is chosen for the next trial. Returns the trial, or null when
   * the service is back. {@link Gate.sent} or {@link Gate.drop} must follow a trial.
   *
   * @throws {ServiceUnavailableError} at `until`; at once if `until` has passed
   * @throws `signal.reason` when aborted
   */
  wait(visit: Visit): Promise<Trial | null> {
    return new Promise((resolve, reject) => {
      const { tenantKey, until, signal } = visit
      signal?.throwIfAborted()
      const leftMs = until - this.#clock.now()
      if (leftMs <= 0) throw this.refusal(visit)
      const end = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', abort)
        this.#waiting.delete(waiter)
        if (this.#waiting.size === 0) this.#cancelLook()
      }
      const waiter: WaitingVisit = {
        visit,
        keys: turnKeysOf(visit, this.#isBroken(tenantKey)),
        leave: (trial) => {
          end()
          resolve(trial)
        },
        fail: (error) => {
          end()
          reject(error)
        },
      }
      const abort = (): void => waiter.fail(signal?.reason)
      const timer = this.#clock.setTimeout(() => waiter.fail(this.refusal(visit)), leftMs, { keepsAlive: true })
      if (signal) listen(signal, abort)
      this.#waiting.add(waiter)
      const now = this.#clock.now()
      if (this.#noRoomUntil > now && visit.trialWaitMs() === 0) this.#noRoomUntil = now
      this.#plan(this.#dueAt(this.#breakerOf(tenantKey)))
    })
  }

  /** Creates the error of a call that does not wait, or waits no longer. */
  refusal({ tenantKey, trialWaitMs }: Pick<Visit, 'tenantKey' | 'trialWaitMs'>): ServiceUnavailableError {
    const breaker = this.#breakerOf(tenantKey)
    const now = this.#clock.now()
    const hasRoomAt = Math.min(now + trialWaitMs(), this.#probedLate.get(breaker) ?? Number.POSITIVE_INFINITY)
    return breaker.refusal(Math.max(this.#dueAt(breaker), hasRoomAt) - now)
  }

  /**
   * Takes the next trial for a call that does not wait. Returns null if none is due, or if one that is due waits for the budget.
   *
   * @param hasPermit true if the call may leave at once. Then it is not held up by a trial that may not.
   */
  takeTrial(tenantKey: string, hasPermit: boolean): Trial | null {
    if ((this.#pending && !hasPermit) || this.#dueAt(this.#breakerOf(tenantKey)) > this.#clock.now()) return null
    const keys = [tenantKey]
    this.#turns.had(keys)
    const trial: Trial = { tenantKey, keys, followsProbe: false }
    if (!hasPermit) this.#pending = trial
    return trial
  }

  /** Returns whether a trial may be sent now. It may not if another was sent while it waited for the budget. */
  maySend({ tenantKey, followsProbe }: Trial): boolean {
    const breaker = this.#breakerOf(tenantKey)
    return followsProbe || !breaker.isOpen || this.#dueAt(breaker) <= this.#clock.now()
  }

  /** Records that a trial is sent. */
  sent(trial: Trial): void {
    const breaker = this.#breakerOf(trial.tenantKey)
    if (breaker.isOpen) {
      const requests = trial.followsProbe ? 2 : 1
      breaker.putOffTrial(this.#clock.now() + breaker.pauseMs * requests)
      this.#pace.sent(breaker.pauseMs, requests)
    }
    this.#settle(trial)
  }

  /** Records that a trial is not sent. The next one is due. */
  drop(trial: Trial, isRefusedByBudget = false): void {
    if (isRefusedByBudget) this.#noRoomUntil = this.#clock.now() + LOOK_FOR_ROOM_EVERY_MS
    this.#settle(trial)
  }

  /**
   * Makes a call that waits the trial, in place of a probe with a permit. So the permit brings a caller its answer. Returns false
   * if the probe must be sent, since no such call waits.
   *
   * @param trial the trial of the probe, with its permit
   * @param lane lane of the calls that may use the permit
   */
  handOver(trial: Trial, lane: string): boolean {
    for (const waiter of this.#waiting) {
      const { visit, keys } = waiter
      if (visit.tenantKey !== trial.tenantKey || visit.lane !== lane) continue
      this.#turns.had(keys)
      this.#pending = { ...trial, keys }
      waiter.leave(this.#pending)
      return true
    }
    return false
  }

  /** Lets a change through as a trial at once, since a probe for it or for another one has shown that it is worth it. */
  tryChange(tenantKey: string): void {
    const breaker = this.#breakerOf(tenantKey)
    if (!breaker.isOpen || this.#pending) return
    for (const waiter of this.#waiting) {
      const { visit, keys } = waiter
      if (!visit.isChange || this.#breakerOf(visit.tenantKey) !== breaker) continue
      this.#pending = { tenantKey: visit.tenantKey, keys, followsProbe: true }
      waiter.leave(this.#pending)
      return
    }
  }

  /** Sends a probe when the budget has room, unless one waits for that already. */
  probeLate({ tenantKey, trialWaitMs, probeLate }: Pick<Visit, 'tenantKey' | 'trialWaitMs' | 'probeLate'>): void {
    const breaker = this.#breakerOf(tenantKey)
    if (this.#probedLate.has(breaker)) return
    this.#probedLate.set(breaker, this.#clock.now() + trialWaitMs())
    const end = (): void => {
      this.#probedLate.delete(breaker)
    }
    probeLate().then(end, end)
  }

  /**
   * Records that the service has answered somebody. So trials of several breakers may follow each other at once.
   *
   * @param trial null if the call was none
   */
  answered(trial: Trial | null): void {
    if (trial) this.#turns.answered(trial.keys)
    this.#pace.answered()
    if (this.#waiting.size > 0) this.#look()
  }

  /** Lets through the calls whose breakers are closed. */
  letGo(): void {
    for (const waiter of [...this.#waiting]) {
      if (!this.#breakerOf(waiter.visit.tenantKey).isOpen) waiter.leave(null)
    }
  }

  /** Fails all calls that wait. */
  failAll(error: unknown): void {
    for (const waiter of [...this.#waiting]) waiter.fail(error)
  }

  #settle(trial: Trial): void {
    if (this.#pending === trial) this.#pending = null
    this.#look()
  }

  /** Returns the clock time from which a trial of a breaker may be sent. */
  #dueAt(breaker: CircuitBreaker): number {
    return Math.max(breaker.trialAt, this.#pace.nextAt(breaker.pauseMs))
  }

  /** Plans a look for a call to try, if none is planned earlier. */
  #plan(at: number): void {
    if (this.#pending) return
    const lookAt = Math.max(at, this.#noRoomUntil)
    if (lookAt >= this.#lookAt) return
    const inMs = lookAt - this.#clock.now()
    if (inMs > 0) {
      this.#cancelLook()
      this.#lookAt = lookAt
      this.#timer = this.#clock.setTimeout(() => this.#look(), Math.max(1, inMs))
    } else this.#look()
  }

  #cancelLook(): void {
    this.#timer?.cancel()
    this.#lookAt = Number.POSITIVE_INFINITY
  }

  /** Lets a call try if a trial is due, and plans the next look otherwise. */
  #look(): void {
    this.#cancelLook()
    if (this.#pending || this.#waiting.size === 0) return
    const now = this.#clock.now()
    if (this.#noRoomUntil > now) {
      this.#plan(now)
      return
    }
    const choice = chooseTrial(this.#waiting, {
      now,
      turns: this.#turns,
      breakerOf: ({ tenantKey }) => this.#breakerOf(tenantKey),
      dueAt: (breaker) => this.#dueAt(breaker),
    })
    if (choice.kind === 'later') this.#plan(choice.at)
    else if (choice.kind === 'noRoom') {
      this.#noRoomUntil = now + LOOK_FOR_ROOM_EVERY_MS
      this.#plan(now)
      this.probeLate(choice.waiter.visit)
    } else this.#try(choice.waiter, choice.kind === 'probe')
  }

  #try({ visit, keys, leave }: WaitingVisit, isProbed: boolean): void {
    this.#turns.had(keys)
    const trial: Trial = { tenantKey: visit.tenantKey, keys, followsProbe: false }
    this.#pending = trial
    // A change goes on waiting while it is probed for.
    if (isProbed) visit.probe(trial)
    else leave(trial)
  }
}

import type { ServiceUnavailableError } from '../../domain/errors.ts'
import type { SharedTurnOf } from '../budget/request-budget.ts'
import type { Clock } from '../waiting/clock.ts'
import { chooseTrial } from './choose-trial.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import { GateWaiters } from './gate-waiters.ts'
import { NextLook } from './next-look.ts'
import { turnKeysOf } from './trial-turns.ts'
import { Trials } from './trials.ts'
import type { Stay, Trial, Visit } from './visit.ts'

/** The kind of stay of a probe that has its permit. */
const LATE_PROBE = 'late probe'

/**
 * The place where calls wait while a breaker of their tenant is open.
 *
 * They use no budget here. Whenever a trial is due, one of the calls is let through. For that they take turns: tenants, inside a tenant
 * lists, single pins and changes, and inside these callers. All broken accounts have the turns of one tenant, so that their failures
 * do not keep out the answers to others. All tenants that share a turn in the budget have the turns of one tenant, too: anybody can make
 * up any number of tokens, and an answer to a made-up token shows nothing. In the turn of a change a probe is sent, until three reads
 * were answered with a failure.
 *
 * Calls without room in the budget are passed over. If no call has room, a probe waits for it in the budget, and does not hold up
 * the trials of others. Apart from that, at most one trial at a time waits for the budget, and for a second at most.
 */
export class Gate {
  readonly #clock: Clock
  readonly #breakerOf: (tenantKey: string) => CircuitBreaker
  readonly #isBroken: (tenantKey: string) => boolean
  readonly #sharedTurnOf: SharedTurnOf
  readonly #waiters: GateWaiters
  readonly #trials: Trials
  readonly #nextLook: NextLook
  /** Breakers for which a late probe waits for the budget, and the clock time at which it expects to leave. */
  readonly #probedLate = new Map<CircuitBreaker, number>()

  /**
   * @param breakerOf returns the breaker that a tenant's calls must wait for. If there is none, returns any closed breaker.
   * @param isBroken returns whether a tenant's account is known to be broken
   * @param sharedTurnOf Default: each tenant has a turn of its own.
   */
  constructor(
    clock: Clock,
    breakerOf: (tenantKey: string) => CircuitBreaker,
    isBroken: (tenantKey: string) => boolean,
    sharedTurnOf: SharedTurnOf = () => undefined,
  ) {
    this.#clock = clock
    this.#breakerOf = breakerOf
    this.#isBroken = isBroken
    this.#sharedTurnOf = sharedTurnOf
    this.#nextLook = new NextLook(clock, () => this.#look())
    this.#waiters = new GateWaiters(clock, () => this.#nextLook.cancel())
    this.#trials = new Trials(clock, breakerOf)
  }

  /**
   * Waits until the breakers of a call are closed, or until the call is chosen for the next trial. Returns the trial, or null when
   * the service is back. {@link Gate.sent} or {@link Gate.drop} must follow a trial.
   *
   * @throws {ServiceUnavailableError} at `until`; at once if `until` has passed, or when too many calls wait
   * @throws `signal.reason` when aborted
   */
  wait(visit: Visit): Promise<Trial | null> {
    return this.#enter(visit, visit)
  }

  /**
   * Waits for the turn of a probe that has its permit, as {@link Gate.wait} does for a call.
   *
   * @param until clock time at which it gives up
   */
  waitWithPermit(tenantKey: string, until: number): Promise<Trial | null> {
    return this.#enter({ tenantKey, kind: LATE_PROBE, until, signal: undefined, trialWaitMs: () => 0 }, null)
  }

  /** Creates the error of a call that does not wait, or waits no longer. */
  refusal({ tenantKey, trialWaitMs }: Pick<Visit, 'tenantKey' | 'trialWaitMs'>): ServiceUnavailableError {
    const breaker = this.#breakerOf(tenantKey)
    const now = this.#clock.now()
    const hasRoomAt = Math.min(now + trialWaitMs(), this.#probedLate.get(breaker) ?? Number.POSITIVE_INFINITY)
    return breaker.refusal(Math.max(this.#trials.dueAt(breaker), hasRoomAt) - now)
  }

  /**
   * Takes the next trial for a call that does not wait. Returns null if none is due, or if one that is due waits for the budget.
   *
   * @param hasPermit true if the call may leave at once. Then it is not held up by a trial that may not.
   */
  takeTrial(tenantKey: string, hasPermit: boolean): Trial | null {
    const trials = this.#trials
    if (trials.isPending && !hasPermit) return null
    if (trials.dueAt(this.#breakerOf(tenantKey)) > this.#clock.now()) return null
    const trial: Trial = { tenantKey, keys: [tenantKey], followsProbe: false }
    return hasPermit ? trials.begin(trial) : trials.beginPending(trial)
  }

  /** Returns whether a trial may be sent now. It may not if another was sent while it waited for the budget. */
  maySend(trial: Trial): boolean {
    return this.#trials.maySend(trial)
  }

  /** Records that a trial is sent. */
  sent(trial: Trial): void {
    this.#trials.sent(trial)
    this.#look()
  }

  /** Records that a trial is not sent. The next one is due. */
  drop(trial: Trial, isRefusedByBudget = false): void {
    if (isRefusedByBudget) this.#nextLook.noteNoRoom()
    this.#trials.drop(trial)
    this.#look()
  }

  /**
   * Makes a call that waits the trial, in place of a probe with a permit. So the permit brings a caller its answer. Returns false
   * if the probe must be sent, since no such call waits.
   *
   * @param trial the trial of the probe, with its permit
   * @param kind the kind of the visits whose calls may use the permit
   */
  handOver(trial: Trial, kind: string): boolean {
    for (const { tenantKey, visit, keys, leave } of this.#waiters) {
      if (tenantKey !== trial.tenantKey || visit?.kind !== kind) continue
      leave(this.#trials.beginPending({ ...trial, keys }))
      return true
    }
    return false
  }

  /** Lets a change through as a trial at once, since a probe for it or for another one has shown that it is worth it. */
  tryChange(tenantKey: string): void {
    const breaker = this.#breakerOf(tenantKey)
    if (!breaker.isOpen || this.#trials.isPending) return
    for (const { tenantKey: other, visit, keys, leave } of this.#waiters) {
      if (!visit?.isChange || this.#breakerOf(other) !== breaker) continue
      leave(this.#trials.beginPending({ tenantKey: other, keys, followsProbe: true }))
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
    this.#trials.answered(trial)
    if (!this.#waiters.isEmpty) this.#look()
  }

  /** Lets through the calls whose breakers are closed. */
  letGo(): void {
    this.#waiters.letGo((tenantKey) => !this.#breakerOf(tenantKey).isOpen)
  }

  /** Fails all calls that wait. */
  failAll(error: unknown): void {
    this.#waiters.failAll(error)
  }

  #enter(stay: Stay, visit: Visit | null): Promise<Trial | null> {
    const { tenantKey, until, signal } = stay
    const refusal = (): Error => this.refusal(stay)
    const group = this.#sharedTurnOf(tenantKey) ?? tenantKey
    if (this.#waiters.isFull(group)) return Promise.reject(refusal())
    if (signal?.aborted) return Promise.reject(signal.reason)
    const inMs = until - this.#clock.now()
    if (inMs <= 0) return Promise.reject(refusal())
    const keys = turnKeysOf(stay, group, this.#isBroken(tenantKey))
    const left = this.#waiters.enter({ tenantKey, group, keys, visit }, { inMs, refusal, signal })
    if (this.#nextLook.isShortOfRoom && stay.trialWaitMs() === 0) this.#nextLook.noteRoom()
    this.#plan(this.#trials.dueAt(this.#breakerOf(tenantKey)))
    return left
  }

  #plan(at: number): void {
    if (!this.#trials.isPending) this.#nextLook.plan(at)
  }

  /** Lets a call try if a trial is due, and plans the next look otherwise. */
  #look(): void {
    const nextLook = this.#nextLook
    nextLook.cancel()
    if (this.#trials.isPending || this.#waiters.isEmpty) return
    const now = this.#clock.now()
    if (nextLook.isShortOfRoom) {
      nextLook.plan(now)
      return
    }
    const choice = chooseTrial(this.#waiters, {
      now,
      turns: this.#trials.turns,
      breakerOf: this.#breakerOf,
      dueAt: (breaker) => this.#trials.dueAt(breaker),
    })
    if (choice.kind === 'later') nextLook.plan(choice.at)
    else if (choice.kind === 'noRoom') {
      nextLook.noteNoRoom()
      nextLook.plan(now)
      this.probeLate(choice.visit)
    } else {
      const { tenantKey, keys, visit, leave } = choice.waiter
      const trial = this.#trials.beginPending({ tenantKey, keys, followsProbe: false })
      // A change goes on waiting while it is probed for.
      if (choice.kind === 'probe') visit?.probe(trial)
      else leave(trial)
    }
  }
}

import type { Clock, ClockTimer } from '../waiting/clock.ts'
import { listen, type StopSignal } from '../waiting/stop.ts'
import { CircuitBreaker, type CircuitBreakerOptions } from './circuit-breaker.ts'

/** A call that waits until its service is back, or until it may be the next trial. */
export interface Visit {
  /** Clock time at which the call came. */
  readonly since: number
  /** Clock time at which the call gives up. */
  readonly until: number
  readonly signal: StopSignal | undefined
  /** True if the call changes something. Then it is no trial unless a probe has got an answer. */
  readonly isChange: boolean
  /** Returns whether the budget has room for a trial like this call soon. */
  hasRoom(): boolean
  /** Makes a trial in place of the call. */
  probe(gate: Gate): void
  /** Makes a trial in place of the call when the budget has room, however late. Resolves when it was sent, or never will be. */
  probeLate(gate: Gate): Promise<void>
  /** True once the call was let through as a trial, or a probe was made for it. Others then go first. */
  hasTried: boolean
}

interface WaitingVisit {
  readonly visit: Visit
  /** @param isTrial false when the service is back */
  leave(isTrial: boolean): void
  fail(error: unknown): void
}

/** A change whose answer is lost costs its caller more than a list, so that lists are tried first. */
const LISTS_BEFORE_CHANGE = 3
/** Milliseconds until the next look, where a trial is due and no call that waits has room in the budget. */
const LOOK_FOR_ROOM_EVERY_MS = 100

/**
 * A circuit breaker whose calls wait in place of being refused.
 *
 * While the breaker is open, calls wait here and use no budget. Whenever a trial is due, one of them is let through: the
 * read that has waited longest and was no trial before, then a probe for a change, then any read. Reads without room in the
 * budget are passed over. If none has room, a probe waits for it in the budget, and holds up nobody. Apart from that, at most
 * one trial at a time waits for the budget. An answer to any call lets all go.
 */
export class Gate {
  readonly breaker: CircuitBreaker
  /** Number of its tenant's calls that wait, here or for the service as a whole. Kept by the owner of the gate. */
  visitors = 0
  readonly #clock: Clock
  readonly #waiters = new Set<WaitingVisit>()
  #timer: ClockTimer | undefined
  /** The trial that was let through and is not sent yet. `second`: it follows a probe at once, and counts with it as one. */
  #pending: 'first' | 'second' | null = null
  /** True while a late probe waits for the budget. */
  #isProbeQueued = false
  /** True if the next trial is a change, since lists fail but get answers. */
  #isChangeNext = false
  /** Number of lists that were answered with a failure as probes, in this outage. */
  #failedLists = 0

  constructor(serviceName: string, clock: Clock, options?: CircuitBreakerOptions) {
    this.breaker = new CircuitBreaker(serviceName, clock, options)
    this.#clock = clock
  }

  /**
   * Waits until the breaker closes, or until the call is chosen for the next trial. Returns whether it is a trial. A trial
   * must be followed by {@link Gate.begin} or {@link Gate.dropTrial}.
   *
   * @throws {ServiceUnavailableError} at `until`; at once if `until` has passed
   * @throws `signal.reason` when aborted
   */
  wait(visit: Visit): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const { until, signal } = visit
      signal?.throwIfAborted()
      const leftMs = until - this.#clock.now()
      if (leftMs <= 0) throw this.breaker.refusal()
      const end = (): void => {
        timer.cancel()
        signal?.removeEventListener('abort', abort)
        this.#waiters.delete(waiter)
      }
      const waiter: WaitingVisit = {
        visit,
        leave: (isTrial) => {
          end()
          resolve(isTrial)
        },
        fail: (error) => {
          end()
          reject(error)
          this.#serve()
        },
      }
      const abort = (): void => waiter.fail(signal?.reason)
      const timer = this.#clock.setTimeout(() => waiter.fail(this.breaker.refusal()), leftMs, { keepsAlive: true })
      if (signal) listen(signal, abort)
      this.#waiters.add(waiter)
      this.#serve()
    })
  }

  /**
   * Takes the next trial for a call that does not wait. Returns whether it was due. Then {@link Gate.begin} or
   * {@link Gate.dropTrial} must follow.
   */
  takeTrial(): boolean {
    if (this.#pending || this.#clock.now() < this.breaker.trialAt) return false
    this.#pending = 'first'
    return true
  }

  /**
   * Records that a trial that was let through is not sent.
   *
   * @param nextAt clock time before which none is due again. Default: the next one is due now.
   */
  dropTrial(nextAt = 0): void {
    this.#pending = null
    this.breaker.putOffTrial(nextAt)
    this.#serve()
  }

  /** Lets the change that has waited longest through as a trial at once, since a probe has shown that it is worth it. */
  tryChange(): void {
    if (!this.breaker.isOpen || this.#pending) return
    const change = [...this.#waiters].find(({ visit }) => visit.isChange)
    if (!change) return
    this.#pending = 'second'
    change.leave(true)
  }

  /**
   * Records that a list was answered with a failure, as a probe for a change. After three, the next trial is a change, if one
   * waits then: perhaps only lists fail.
   */
  listFailed(): void {
    this.#failedLists++
    this.#isChangeNext = this.#failedLists % LISTS_BEFORE_CHANGE === 0
  }

  /** Sends a probe when the budget has room, unless one waits for that already. */
  probeLate(visit: Pick<Visit, 'probeLate'>): void {
    if (this.#isProbeQueued) return
    this.#isProbeQueued = true
    const end = (): void => {
      this.#isProbeQueued = false
    }
    visit.probeLate(this).then(end, end)
  }

  /**
   * Records that a call is sent. Returns its number.
   *
   * @param trialOf the gate that let the call through as a trial
   */
  begin(trialOf: Gate | null): number {
    const number = this.breaker.begin(trialOf !== null)
    if (trialOf === this) {
      // A probe and the change behind it are two requests. So the pause is twice as long.
      if (this.#pending === 'second') this.breaker.putOffTrial(2 * this.breaker.trialAt - this.#clock.now())
      this.#pending = null
      this.#serve()
    }
    return number
  }

  /** Records how a call ended. See {@link CircuitBreaker.end}. */
  end(number: number, isTrial: boolean, error: unknown, tenantKey?: string): void {
    this.breaker.end(number, isTrial, error, tenantKey)
    if (this.#waiters.size > 0) this.#serve()
  }

  /** Fails all calls that wait. */
  failAll(error: unknown): void {
    for (const waiter of [...this.#waiters]) waiter.fail(error)
  }

  /** Lets through the calls that may go now, and plans the next trial. */
  #serve(): void {
    this.#timer?.cancel()
    if (!this.breaker.isOpen) {
      this.#failedLists = 0
      for (const waiter of [...this.#waiters]) waiter.leave(false)
      return
    }
    if (this.#waiters.size > 0 && this.takeTrial()) this.#letOneTry()
    if (this.#waiters.size === 0 || this.#pending) return
    // A trial that was sent meanwhile has set the timer already.
    this.#timer?.cancel()
    this.#timer = this.#clock.setTimeout(() => this.#serve(), Math.max(1, this.breaker.trialAt - this.#clock.now()))
  }

  #letOneTry(): void {
    const waiters = [...this.#waiters]
    const changes = waiters.filter(({ visit }) => visit.isChange)
    const reads = waiters.filter(({ visit }) => !visit.isChange)
    const tried = changes[0] && this.#isChangeNext ? changes[0] : undefined
    this.#isChangeNext = false
    const chosen =
      tried ??
      reads.find(({ visit }) => !visit.hasTried && visit.hasRoom()) ??
      changes[0] ??
      reads.find(({ visit }) => visit.hasTried && visit.hasRoom())
    if (!chosen) {
      this.#pending = null
      this.breaker.putOffTrial(this.#clock.now() + LOOK_FOR_ROOM_EVERY_MS)
      const [first] = reads
      if (first) this.probeLate(first.visit)
      return
    }
    chosen.visit.hasTried = true
    if (chosen.visit.isChange && chosen !== tried) chosen.visit.probe(this)
    else chosen.leave(true)
  }
}

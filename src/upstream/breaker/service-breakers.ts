import type { ServiceUnavailableError } from '../../domain/errors.ts'
import type { SharedTurnOf } from '../budget/request-budget.ts'
import type { Clock } from '../waiting/clock.ts'
import { BreakerSet, type CallInFlight } from './breaker-set.ts'
import { Gate } from './gate.ts'
import { HealthReport, type StateListener } from './health-report.ts'
import { LastAnswers } from './last-answers.ts'
import type { ServiceHealth } from './service-health.ts'
import { verdictOf } from './verdict.ts'
import type { Trial, Visit } from './visit.ts'

/**
 * The {@link BreakerSet breakers} of one service, and the gate at which calls wait while a breaker of their tenant is open.
 *
 * While a tenant's calls succeed, and no failure of others concerns all tenants, it only notes when the service has
 * {@link LastAnswers answered} the tenant.
 */
export class ServiceBreakers {
  readonly #answers: LastAnswers
  /** True while no failure counts for all tenants, and the listener knows that. */
  #isWell = true
  readonly #breakers: BreakerSet
  readonly #gate: Gate
  readonly #report: HealthReport
  /** Calls that wait in the budget. They have to wait at the gate if a breaker of their tenant opens. */
  readonly #untilOpen = new Set<{ readonly tenantKey: string; onOpen(): void }>()
  #stopping: ServiceUnavailableError | null = null

  /**
   * @param onState see {@link StateListener}
   * @param sharedTurnOf see {@link Gate}
   */
  constructor(serviceName: string, clock: Clock, onState?: StateListener, sharedTurnOf?: SharedTurnOf) {
    const answers = new LastAnswers(clock)
    const breakers = new BreakerSet(serviceName, clock, answers)
    this.#answers = answers
    this.#breakers = breakers
    this.#gate = new Gate(
      clock,
      (tenantKey) => breakers.openFor(tenantKey) ?? breakers.shared,
      (tenantKey) => breakers.isBroken(tenantKey),
      sharedTurnOf,
    )
    this.#report = new HealthReport(serviceName, clock, { breakers, answers, onState })
  }

  /** The error of all calls from now on, since pinql stops; null while it runs. */
  get stopping(): ServiceUnavailableError | null {
    return this.#stopping
  }

  /** Returns whether a tenant's calls must wait now, unless they are trials. */
  isOpen(tenantKey: string): boolean {
    return !this.#isQuiet && this.#breakers.openFor(tenantKey) !== undefined
  }

  /** Returns the clock time since which a tenant's calls must wait. */
  openedAt(tenantKey: string): number {
    return this.#breakers.openFor(tenantKey)?.openedAt ?? 0
  }

  /** Calls `onOpen` when a tenant's calls must wait. Returns a function that ends this. */
  whenOpen(tenantKey: string, onOpen: () => void): () => void {
    const entry = { tenantKey, onOpen }
    this.#untilOpen.add(entry)
    return () => this.#untilOpen.delete(entry)
  }

  /**
   * Waits until a tenant's call may be sent. Returns null when the service is back, or the trial that the call is to be. Then
   * {@link begin} must follow, or {@link drop}.
   *
   * @throws {ServiceUnavailableError} at the end of the visit; at once when too many calls wait
   * @throws `visit.signal.reason` when aborted
   */
  wait(visit: Visit): Promise<Trial | null> {
    return this.#whileOpen(visit.tenantKey, () => this.#gate.wait(visit))
  }

  /**
   * Waits until a probe that has its permit may be the next trial, in the turn of its tenant. Returns null when the probe is not to
   * be sent: the service is back, others were tried until `until`, too many calls wait, or pinql stops.
   */
  waitWithPermit(tenantKey: string, until: number): Promise<Trial | null> {
    return this.#whileOpen(tenantKey, () => this.#gate.waitWithPermit(tenantKey, until)).catch(() => null)
  }

  /**
   * Makes a tenant's call a trial without waiting, if one is due. Returns null otherwise.
   *
   * @param hasPermit true if the call may leave at once
   */
  takeTrial(tenantKey: string, { hasPermit }: { readonly hasPermit: boolean }): Trial | null {
    return this.isOpen(tenantKey) ? this.#gate.takeTrial(tenantKey, hasPermit) : null
  }

  /** Returns whether a trial that got its permit may be sent. If not, {@link drop} must follow. */
  maySend(trial: Trial): boolean {
    return this.#gate.maySend(trial)
  }

  /** Records that a trial is not sent. */
  drop(trial: Trial, isRefusedByBudget = false): void {
    this.#gate.drop(trial, isRefusedByBudget)
  }

  /** Makes a call that waits the trial, in place of a probe with a permit. See {@link Gate.handOver}. */
  handOver(trial: Trial, kind: string): boolean {
    return this.#gate.handOver(trial, kind)
  }

  /** Lets a tenant's change that waits be a trial at once, since the service has answered a probe. */
  tryChange(tenantKey: string): void {
    this.#gate.tryChange(tenantKey)
  }

  /** Sends a probe when the budget has room, in place of a call that does not wait for it. Does nothing if the service is back. */
  probeLate(visit: Pick<Visit, 'tenantKey' | 'trialWaitMs' | 'probeLate'>): void {
    if (this.isOpen(visit.tenantKey)) this.#gate.probeLate(visit)
  }

  /** Creates the error of a call that does not wait, or waits no longer. */
  refusal(visit: Pick<Visit, 'tenantKey' | 'trialWaitMs'>): ServiceUnavailableError {
    return this.#stopping ?? this.#gate.refusal(visit)
  }

  /** Records that a tenant's call is sent, as a trial or not. {@link end} must follow. */
  begin(tenantKey: string, trial: Trial | null, isRead: boolean): CallInFlight {
    if (trial) {
      this.#breakers.trialSent(tenantKey)
      this.#gate.sent(trial)
    }
    return { tenantKey, isRead, trial, number: this.#answers.begin() }
  }

  /**
   * Records how a call ended. Moves the calls that wait, if a breaker has opened or closed.
   *
   * @param error null for a success
   */
  end(call: CallInFlight, error: unknown): void {
    const { tenantKey, trial } = call
    const isUsual = error === null && trial === null && this.#isWell
    if (isUsual && (this.#isQuiet || this.#breakers.isClearFor(tenantKey))) {
      this.#answers.answered(tenantKey)
      if (!this.#isQuiet) this.#gate.answered(null)
      return
    }
    const verdict = verdictOf(error)
    const hasChanged = this.#breakers.end(call, error, verdict)
    const isToldUp = this.#report.note(call, error)
    this.#isWell = isToldUp && this.#breakers.isClearForAll
    if (hasChanged) this.#moveCalls()
    if (verdict === 'answer') this.#gate.answered(trial)
  }

  /** Returns the state of the service as a tenant may see it. See {@link HealthReport.of}. */
  health(tenantKey?: string): ServiceHealth {
    return this.#report.of(tenantKey)
  }

  /** Fails all calls that wait, and all that come. */
  stop(error: ServiceUnavailableError): void {
    this.#stopping = error
    this.#gate.failAll(error)
  }

  /** True while no breaker counts a failure, and nobody waits at the gate. */
  get #isQuiet(): boolean {
    return this.#isWell && this.#breakers.isClearForEach
  }

  /** Waits at the gate again if a breaker has opened once more in the moment in which it let a call go. */
  async #whileOpen(tenantKey: string, wait: () => Promise<Trial | null>): Promise<Trial | null> {
    while (this.isOpen(tenantKey)) {
      if (this.#stopping) throw this.#stopping
      const trial = await wait()
      if (trial) return trial
    }
    return null
  }

  /** Moves calls to where they have to wait, after a breaker has opened or closed. */
  #moveCalls(): void {
    this.#gate.letGo()
    for (const { tenantKey, onOpen } of [...this.#untilOpen]) if (this.isOpen(tenantKey)) onOpen()
  }
}

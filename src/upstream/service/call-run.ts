import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import { SOON_MS } from '../breaker/choose-trial.ts'
import type { Trial, Visit } from '../breaker/visit.ts'
import type { CallRequest, Permit } from '../budget/request-budget.ts'
import { isPoll } from '../budget/request-class.ts'
import { sleep } from '../waiting/sleep.ts'
import { Stop } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import type { CallPath } from './call-path.ts'
import { type CallTimes, callTimes, longestOtherWaitMs } from './call-times.ts'
import { acquireForTrial, acquireWhileUp, createVisit, giveUpEarly, trialWaitMs } from './call-trial.ts'
import { LIST_PROBE, type Probe, pinProbe } from './probes.ts'
import type { ServiceCall } from './service-call.ts'

const MAX_TRIES = 3
const FIRST_BACKOFF_MS = 200
/** Milliseconds after which a probe that waits for the budget gives up. */
const LATE_PROBE_MS = 60_000
/** Milliseconds after which a late probe with a permit has had no turn, since others are tried. */
const LONGEST_WITH_PERMIT_MS = 5_000

/** One call with all of its tries: gate, budget, request, and again. `Service.call` describes its outcomes. */
export class CallRun<Value> {
  readonly #call: ServiceCall<Value>
  readonly #path: CallPath
  readonly #times: CallTimes
  /** The request to the budget. */
  readonly #request: CallRequest & { deadline: number }
  /** The wait at the gate, until the service is back. */
  #visit: Visit | undefined
  #lastFailure: unknown
  /**
   * Number of tries that count towards `MAX_TRIES`, the present one included. Trials do not count. When the service is back for
   * the first time, counting starts again from 1.
   */
  #countedTries = 1
  /** True once the service was back after a wait of this call. */
  #hasReturned = false
  /** Number of requests sent so far, those of trials included. Observers get it as `attempt`. */
  #requestsSent = 0

  constructor(call: ServiceCall<Value>, path: CallPath) {
    const { tenantKey, endpoint, class: requestClass, signal } = call
    const askedAt = call.askedAt ?? path.clock.now()
    this.#call = call
    this.#path = path
    this.#times = callTimes(call, askedAt, path.timeoutMs, call.endsAt ?? signal?.endsAt)
    const deadline =
      requestClass === 'interactive' ? this.#times.lastStart : askedAt + longestOtherWaitMs(path.timeoutMs)
    this.#request = { tenantKey, endpoint, class: requestClass, asker: signal?.asker, deadline }
  }

  async run(): Promise<Value> {
    const { tenantKey, signal, endpoint } = this.#call
    const { breakers } = this.#path
    for (;;) {
      this.#throwIfRefused()
      let trial = breakers.isOpen(tenantKey) ? await this.#passGate() : null
      const permit = await this.#acquire(trial)
      if (!permit) continue
      if (signal?.aborted) {
        permit.giveBack()
        if (trial) breakers.drop(trial)
        throw signal.reason
      }
      this.#throwIfRefused(permit, trial)
      if (!trial && breakers.isOpen(tenantKey)) {
        // The service went down in the moment in which the budget let the call leave.
        this.#visit = undefined
        trial = endpoint === 'write' ? null : breakers.takeTrial(tenantKey, { hasPermit: true })
        if (!trial) {
          permit.giveBack()
          continue
        }
      }
      try {
        return await (trial ? this.#tryOut(permit, trial) : this.#send(permit, null, signal))
      } catch (error) {
        await this.#beforeRetry(error, trial !== null)
      }
    }
  }

  /** Makes the call as a trial that was due, once. */
  async runTrial(trial: Trial): Promise<void> {
    const permit = await this.#acquire(trial)
    if (permit) await this.#tryOut(permit, trial)
  }

  /** Makes the call as a trial when the budget has room, unless the service is back by then. */
  async runLate(): Promise<void> {
    const { budget, clock, breakers } = this.#path
    const request = { ...this.#request, class: 'trial', deadline: clock.now() + LATE_PROBE_MS } as const
    const permit = await budget.acquire(request)
    const trial = await breakers.waitWithPermit(this.#call.tenantKey, clock.now() + LONGEST_WITH_PERMIT_MS)
    if (!trial) permit.giveBack()
    else if (!breakers.handOver({ ...trial, permit }, request.endpoint)) {
      // The time for the answer begins now.
      await new CallRun(this.#call, this.#path).#send(permit, trial, undefined)
    }
  }

  /** Throws if the service has refused the token of the call meanwhile. Then nothing is sent. */
  #throwIfRefused(permit?: Permit, trial?: Trial | null): void {
    const refusal = this.#path.sender.refusalOf(this.#call)
    if (!refusal) return
    permit?.giveBack()
    if (trial) this.#path.breakers.drop(trial)
    throw refusal
  }

  /**
   * Waits for a service that is down. Returns the trial that the call is to be, or null when the service is back. A failure of the
   * call itself says more than that the service is down.
   */
  async #passGate(): Promise<Trial | null> {
    const { tenantKey, signal } = this.#call
    const { breakers } = this.#path
    if (isPoll(this.#call.class)) return this.#takeTrial()
    const openedAt = breakers.openedAt(tenantKey)
    // Each outage gets a visit of its own, so that the time spent in an earlier outage does not shorten this wait.
    if (!this.#visit || this.#visit.since < openedAt) {
      const { askedAt } = this.#times
      // A lookup may have waited for its request since the outage began.
      const since = askedAt >= openedAt ? askedAt : this.#path.clock.now()
      this.#visit = createVisit(this.#call, this.#path, {
        since,
        lastStart: this.#times.lastStart,
        probe: (trial) => this.#probe(trial),
        probeLate: () => this.#probeLate(),
      })
    }
    try {
      const trial = await breakers.wait(this.#visit)
      if (trial) return trial
      this.#visit = undefined
      if (!this.#hasReturned) this.#countedTries = 1
      this.#hasReturned = true
      return null
    } catch (error) {
      throw signal?.aborted ? error : (this.#lastFailure ?? error)
    }
  }

  /** Takes the trial that is due for a poll, which never waits. */
  #takeTrial(): Trial {
    const { tenantKey, endpoint } = this.#call
    const { breakers, budget } = this.#path
    const waitMs = trialWaitMs(budget, tenantKey, endpoint)
    const trial = waitMs <= SOON_MS ? breakers.takeTrial(tenantKey, { hasPermit: false }) : null
    if (trial) return trial
    const asked = { tenantKey, trialWaitMs: () => waitMs, probeLate: () => this.#probeLate() }
    if (waitMs > SOON_MS) breakers.probeLate(asked)
    throw this.#lastFailure ?? breakers.refusal(asked)
  }

  /** Asks in the name of a change that waits whether the service is back, since a change must not find that out itself. */
  #probe(trial: Trial): void {
    const { tenantKey } = this.#call
    const { budget, breakers } = this.#path
    const listWaitMs = trialWaitMs(budget, tenantKey, 'list')
    const isShortOfLists = listWaitMs > 0 && trialWaitMs(budget, tenantKey, 'item') < listWaitMs
    const probe = isShortOfLists ? pinProbe(tenantKey, breakers) : LIST_PROBE
    // The breakers get the error.
    this.#probeWith(probe)
      .runTrial(trial)
      .catch(() => {})
  }

  #probeLate(): Promise<void> {
    return this.#probeWith(LIST_PROBE).runLate()
  }

  #probeWith(probe: Probe): CallRun<unknown> {
    const { tenantKey, token, class: requestClass } = this.#call
    return new CallRun<unknown>({ tenantKey, token, class: requestClass, isRepeatable: true, ...probe }, this.#path)
  }

  #acquire(trial: Trial | null): Promise<Permit | null> {
    const { signal } = this.#call
    if (trial?.permit) return Promise.resolve(trial.permit)
    if (trial) return acquireForTrial(trial, this.#request, this.#path, { signal, visit: this.#visit })
    const { budget } = this.#path
    // The usual case: the call does not wait, so the service cannot go down meanwhile.
    if (budget.expectedWaitMs(this.#request) === 0) return budget.acquire(this.#request, { signal })
    return acquireWhileUp(this.#request, this.#path, signal)
  }

  /** @param trial the trial that this try is */
  async #send(permit: Permit, trial: Trial | null, signal: ServiceCall<Value>['signal']): Promise<Value> {
    const { tenantKey, endpoint, class: requestClass } = this.#call
    const { clock, breakers, urgentCalls, sender } = this.#path
    if (!isPoll(requestClass)) urgentCalls.note(endpoint)
    const timeoutMs = Math.max(1, Math.ceil(Math.min(this.#path.timeoutMs, this.#times.deadline - clock.now())))
    const inFlight = breakers.begin(tenantKey, trial, endpoint !== 'write')
    try {
      const value = await sender.send(this.#call, { permit, signal, timeoutMs, attempt: ++this.#requestsSent })
      permit.sent()
      breakers.end(inFlight, null)
      sender.succeeded(this.#call)
      return value
    } catch (error) {
      // The slot is free again if the request was never sent.
      permit.giveBack()
      breakers.end(inFlight, error)
      throw error
    }
  }

  /**
   * Sends the call as a trial. It goes on after all operations that waited for it have left: an aborted trial would show
   * nothing, and clients that always leave early would keep the breaker open forever. A change was sent then, and must not be
   * called unsent.
   */
  #tryOut(permit: Permit, trial: Trial): Promise<Value> {
    const { endpoint, signal } = this.#call
    const outcome = untilAborted(this.#send(permit, trial, new Stop(signal)), signal)
    return this.#visit && endpoint !== 'write' ? giveUpEarly(outcome, this.#path, this.#visit) : outcome
  }

  /** Waits until the call may be tried again after a failure. Throws the failure when that is never. */
  async #beforeRetry(error: unknown, wasTrial: boolean): Promise<void> {
    const { tenantKey, isRepeatable, signal } = this.#call
    const { clock, breakers, sender, random } = this.#path
    if (error instanceof UnauthorizedError) sender.tokenRefused(this.#call, error)
    const isFinal = this.#call.isFinal?.(error) || !isWorthRepeating(error, isRepeatable)
    if (isFinal || breakers.stopping) throw error
    if (error instanceof ServiceUnavailableError) {
      this.#lastFailure = error
      this.#request.deadline = this.#times.lastStart
    }
    const isShut = breakers.isOpen(tenantKey)
    if (isShut && isPoll(this.#call.class)) throw error
    // The first outage costs no tries. Without a limit afterwards, calls to a service that answers only others would never end.
    if (isShut && (wasTrial || !this.#hasReturned)) return
    if (this.#countedTries >= MAX_TRIES) throw error
    this.#countedTries++
    if (isShut || error instanceof RateLimitedError) return
    const backoffMs = random() * FIRST_BACKOFF_MS * 2 ** (this.#countedTries - 2)
    if (clock.now() + backoffMs > this.#times.lastStart) throw error
    await sleep(clock, backoffMs, { signal })
  }
}

function isWorthRepeating(error: unknown, isRepeatable: boolean): boolean {
  if (error instanceof RateLimitedError) return true
  return error instanceof ServiceUnavailableError && (isRepeatable || !error.mayHaveActed)
}

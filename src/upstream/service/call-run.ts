import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import type { Gate, Visit } from '../breaker/gate.ts'
import type { CallRequest, Permit } from '../budget/request-budget.ts'
import { isPoll } from '../budget/request-class.ts'
import { FailedAnswerError } from '../http/refusals.ts'
import { sleep } from '../waiting/sleep.ts'
import { Stop } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import type { CallPath } from './call-path.ts'
import { type CallTimes, callTimes, longestWait } from './call-times.ts'
import { acquireForTrial, giveUpEarly, hasRoomForTrial, startVisit, trialWaitMs } from './call-trial.ts'
import { LIST_PROBE, type Probe, pinProbe } from './probes.ts'
import type { ServiceCall } from './service-call.ts'

const MAX_TRIES = 3
const FIRST_BACKOFF_MS = 200
/** Milliseconds after which a probe that waits for the budget gives up. */
const LATE_PROBE_MS = 60_000

/** One call with all of its tries: gate, budget, request, and again. `Service.call` says what callers may expect. */
export class CallRun<Value> {
  readonly #call: ServiceCall<Value>
  readonly #path: CallPath
  readonly #times: CallTimes
  /** The request to the budget. */
  readonly #request: CallRequest & { deadline: number }
  /** The wait at the gate, until the service is back. */
  #visit: Visit | undefined
  #lastFailure: unknown
  /** Tries that were no trials. They start anew when the service is back, once. */
  #tries = 1
  #hasReturned = false
  #attempts = 0

  constructor(call: ServiceCall<Value>, path: CallPath) {
    const { tenantKey, endpoint, class: requestClass, signal } = call
    const askedAt = call.askedAt ?? path.clock.now()
    this.#call = call
    this.#path = path
    this.#times = callTimes(call, askedAt, path.timeoutMs)
    const deadline = requestClass === 'interactive' ? this.#times.lastStart : askedAt + longestWait(path.timeoutMs)
    this.#request = { tenantKey, endpoint, class: requestClass, asker: signal?.asker, deadline }
  }

  async run(): Promise<Value> {
    const { tenantKey, signal, endpoint } = this.#call
    const { breakers } = this.#path
    for (;;) {
      let trialOf = breakers.isOpen(tenantKey) ? await this.#passGate() : null
      const permit = await this.#acquire(trialOf)
      if (!permit) continue
      if (signal?.aborted) {
        permit.giveBack()
        trialOf?.dropTrial()
        throw signal.reason
      }
      if (!trialOf && breakers.isOpen(tenantKey)) {
        // The service went down while the call waited for the budget.
        this.#visit = undefined
        trialOf = endpoint === 'write' ? null : breakers.takeTrial(tenantKey)
        if (!trialOf) {
          permit.giveBack()
          continue
        }
      }
      try {
        return await (trialOf ? this.#tryOut(permit, trialOf) : this.#send(permit, null, signal))
      } catch (error) {
        await this.#beforeRetry(error, trialOf !== null)
      }
    }
  }

  /** Makes the call as a trial that was due, once. */
  async runTrial(trialOf: Gate): Promise<Value> {
    const permit = await this.#acquire(trialOf)
    if (!permit) throw this.#path.breakers.refusal(this.#call.tenantKey)
    return this.#tryOut(permit, trialOf)
  }

  /** Makes the call as a trial when the budget has room, unless the service is back by then. */
  async runLate(trialOf: Gate): Promise<void> {
    const { budget, clock, breakers } = this.#path
    const request = { ...this.#request, class: 'trial', deadline: clock.now() + LATE_PROBE_MS } as const
    const permit = await budget.acquire(request)
    // The time for the answer begins now.
    if (breakers.isOpen(this.#call.tenantKey)) {
      await new CallRun(this.#call, this.#path).#send(permit, trialOf, undefined)
    } else permit.giveBack()
  }

  /**
   * Waits for a service that is down. Returns the gate of which the call is the next trial, or null when the service is
   * back. A failure of the call itself says more than that the service is down.
   */
  async #passGate(): Promise<Gate | null> {
    const { tenantKey, signal } = this.#call
    const { breakers } = this.#path
    if (isPoll(this.#call.class)) return this.#takeTrial()
    // A visit of an outage before has nothing to say of this one.
    if (!this.#visit || this.#visit.since < breakers.openedAt(tenantKey)) {
      this.#visit = startVisit(this.#call, this.#path, this.#times, {
        probe: (gate) => this.#probe(gate),
        probeLate: (gate) => this.#probeLate(gate),
      })
    }
    try {
      const trialOf = await breakers.wait(tenantKey, this.#visit)
      if (trialOf) return trialOf
      this.#visit = undefined
      if (!this.#hasReturned) this.#tries = 1
      this.#hasReturned = true
      return null
    } catch (error) {
      throw signal?.aborted ? error : (this.#lastFailure ?? error)
    }
  }

  /** Takes the trial that is due for a poll, which never waits. */
  #takeTrial(): Gate {
    const { tenantKey, endpoint } = this.#call
    const { breakers } = this.#path
    const hasRoom = hasRoomForTrial(this.#path.budget, tenantKey, endpoint)
    const trialOf = hasRoom ? breakers.takeTrial(tenantKey) : null
    if (trialOf) return trialOf
    if (!hasRoom) breakers.probeLate(tenantKey, { probeLate: (gate) => this.#probeLate(gate) })
    throw this.#lastFailure ?? breakers.refusal(tenantKey)
  }

  /** Asks in the name of a change that waits whether the service is back, since a change must not find that out itself. */
  #probe(trialOf: Gate): void {
    const { tenantKey } = this.#call
    const { budget } = this.#path
    const isShortOfLists = trialWaitMs(budget, tenantKey, 'list') > 0 && trialWaitMs(budget, tenantKey, 'item') === 0
    const probe = isShortOfLists ? pinProbe(trialOf) : LIST_PROBE
    // The breakers get the error.
    this.#probeWith(probe)
      .runTrial(trialOf)
      .catch((error) => {
        if (error instanceof FailedAnswerError) trialOf.listFailed()
      })
  }

  #probeLate(trialOf: Gate): Promise<void> {
    return this.#probeWith(LIST_PROBE).runLate(trialOf)
  }

  #probeWith(probe: Probe): CallRun<unknown> {
    const { tenantKey, token, class: requestClass } = this.#call
    return new CallRun<unknown>({ tenantKey, token, class: requestClass, isRepeatable: true, ...probe }, this.#path)
  }

  #acquire(trialOf: Gate | null): Promise<Permit | null> {
    const { signal } = this.#call
    if (trialOf) return acquireForTrial(trialOf, this.#request, this.#path, { signal, visit: this.#visit })
    return this.#path.budget.acquire(this.#request, { signal })
  }

  /** @param trialOf the gate of which this try is a trial */
  async #send(permit: Permit, trialOf: Gate | null, signal: ServiceCall<Value>['signal']): Promise<Value> {
    const { tenantKey, endpoint, class: requestClass } = this.#call
    const { clock, breakers, urgentCalls, sender } = this.#path
    if (requestClass === 'mutation' || requestClass === 'interactive') urgentCalls.note(endpoint)
    const timeoutMs = Math.max(1, Math.ceil(Math.min(this.#path.timeoutMs, this.#times.deadline - clock.now())))
    const inFlight = breakers.begin(tenantKey, trialOf)
    try {
      const value = await sender.send(this.#call, { permit, signal, timeoutMs, attempt: ++this.#attempts })
      permit.sent()
      breakers.end(inFlight, null)
      return value
    } catch (error) {
      // The slot is free again if the request was never sent.
      permit.giveBack()
      breakers.end(inFlight, error)
      throw error
    }
  }

  /**
   * Sends the call as a trial. It goes on after its callers have left: an aborted trial would show nothing, and clients that
   * always leave early would keep the breaker open forever. A change was sent then, and must not be called unsent.
   */
  #tryOut(permit: Permit, trialOf: Gate): Promise<Value> {
    const { tenantKey, endpoint, signal } = this.#call
    const trial = untilAborted(this.#send(permit, trialOf, new Stop(signal)), signal)
    return this.#visit && endpoint !== 'write' ? giveUpEarly(trial, tenantKey, this.#path, this.#visit) : trial
  }

  /** Waits until the call may be tried again after a failure. Throws the failure when that is never. */
  async #beforeRetry(error: unknown, wasTrial: boolean): Promise<void> {
    const { tenantKey, isRepeatable, signal } = this.#call
    const { clock, breakers, sender, random } = this.#path
    if (error instanceof UnauthorizedError) sender.tokenRefused(this.#call)
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
    if (this.#tries >= MAX_TRIES) throw error
    this.#tries++
    if (isShut || error instanceof RateLimitedError) return
    const backoffMs = random() * FIRST_BACKOFF_MS * 2 ** (this.#tries - 2)
    if (clock.now() + backoffMs > this.#times.lastStart) throw error
    await sleep(clock, backoffMs, { signal })
  }
}

function isWorthRepeating(error: unknown, isRepeatable: boolean): boolean {
  if (error instanceof RateLimitedError) return true
  return error instanceof ServiceUnavailableError && (isRepeatable || !error.mayHaveActed)
}

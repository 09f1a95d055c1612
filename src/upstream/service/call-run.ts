import { RateLimitedError, ServiceUnavailableError, UnauthorizedError } from '../../domain/errors.ts'
import type { Gate, Visit } from '../breaker/gate.ts'
import type { ServiceBreakers } from '../breaker/service-breakers.ts'
import type { CallMeter } from '../budget/call-meter.ts'
import type { Endpoint } from '../budget/rate-limit.ts'
import type { AcquireOptions, CallRequest, Permit, RequestBudget } from '../budget/request-budget.ts'
import { isPoll } from '../budget/request-class.ts'
import type { Clock } from '../waiting/clock.ts'
import { sleep } from '../waiting/sleep.ts'
import { Stop } from '../waiting/stop.ts'
import { untilAborted } from '../waiting/until-aborted.ts'
import type { CallSender } from './call-sender.ts'
import { type CallTimes, callTimes, longestTrial, longestVisit, longestWait } from './call-times.ts'
import { LIST_PROBE, pinProbe } from './probes.ts'
import type { ServiceCall } from './service-call.ts'

/** The parts of a service that its calls pass. */
export interface CallPath {
  readonly clock: Clock
  /** Milliseconds that one try may take. */
  readonly timeoutMs: number
  readonly breakers: ServiceBreakers
  readonly budget: RequestBudget
  /** Counts calls that go before polls. */
  readonly urgentCalls: CallMeter
  readonly sender: CallSender
  /** Returns the random part of a pause, from 0 to 1. */
  readonly random: () => number
}

const MAX_TRIES = 3
const FIRST_BACKOFF_MS = 200
/** The shortest time until the next trial, where the budget refuses one. */
const SHORTEST_DELAY_MS = 100

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
  /** Tries since the service was back. */
  #tries = 1
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
        trialOf = endpoint === 'write' ? null : breakers.takeTrial(tenantKey)
        if (!trialOf) {
          permit.giveBack()
          continue
        }
      }
      try {
        return await (trialOf ? this.#tryOut(permit, trialOf) : this.#send(permit, null, signal))
      } catch (error) {
        await this.#beforeRetry(error)
      }
    }
  }

  /** Makes the call as a trial that was due, once. */
  async runTrial(trialOf: Gate): Promise<Value> {
    const permit = await this.#acquire(trialOf)
    if (!permit) throw this.#path.breakers.refusal(this.#call.tenantKey)
    return this.#tryOut(permit, trialOf)
  }

  /**
   * Waits for a service that is down. Returns the gate of which the call is the next trial, or null when the service is
   * back. A failure of the call itself says more than that the service is down.
   */
  async #passGate(): Promise<Gate | null> {
    const { tenantKey, signal } = this.#call
    const { breakers } = this.#path
    if (isPoll(this.#call.class)) return breakers.takeTrialNow(tenantKey, this.#lastFailure)
    this.#visit ??= this.#startVisit()
    try {
      const trialOf = await breakers.wait(tenantKey, this.#visit)
      if (!trialOf) {
        this.#visit = undefined
        this.#tries = 1
      }
      return trialOf
    } catch (error) {
      throw signal?.aborted ? error : (this.#lastFailure ?? error)
    }
  }

  #startVisit(): Visit {
    const { endpoint, signal } = this.#call
    const { clock, timeoutMs } = this.#path
    const since = clock.now()
    return {
      since,
      until: Math.min(since + longestVisit(timeoutMs), this.#times.lastStart),
      signal,
      hasRoom: () => this.#trialWaitMs(endpoint) === 0,
      probe: endpoint === 'write' ? (gate) => this.#probe(gate) : null,
      hasTried: false,
    }
  }

  /** Asks in the name of a change that waits whether the service is back, since a change must not find that out itself. */
  #probe(trialOf: Gate): void {
    const { tenantKey, token, class: requestClass } = this.#call
    const isShortOfLists = this.#trialWaitMs('list') > 0 && this.#trialWaitMs('item') === 0
    const probe = isShortOfLists ? pinProbe(trialOf) : LIST_PROBE
    const call = { tenantKey, token, class: requestClass, isRepeatable: true, ...probe }
    // The breakers get the error.
    new CallRun<unknown>(call, this.#path).runTrial(trialOf).catch(() => {})
  }

  /** Returns the milliseconds until the budget would let a trial leave. */
  #trialWaitMs(endpoint: Endpoint): number {
    const { tenantKey } = this.#call
    return this.#path.budget.expectedWaitMs({ tenantKey, endpoint, class: 'trial' })
  }

  #acquire(trialOf: Gate | null): Promise<Permit | null> {
    const { signal } = this.#call
    const options = { signal }
    if (trialOf) return this.#acquireForTrial(trialOf, options)
    return this.#path.budget.acquire(this.#request, options)
  }

  /** Returns null when the budget has no room for a trial in time: then it has to wait, and its call at the gate. */
  async #acquireForTrial(trialOf: Gate, options: AcquireOptions): Promise<Permit | null> {
    const { clock, budget } = this.#path
    const deadline = Math.min(this.#request.deadline, this.#visit?.until ?? Number.POSITIVE_INFINITY)
    // Trials never burst: while a service is down, they leave at the pace of its limit at most.
    const request = { ...this.#request, class: 'trial', deadline } as const
    try {
      return await budget.acquire(request, options)
    } catch (error) {
      const isLeft = options.signal?.aborted === true
      trialOf.dropTrial(isLeft ? 0 : clock.now() + Math.max(SHORTEST_DELAY_MS, budget.expectedWaitMs(request)))
      if (error instanceof RateLimitedError && !isPoll(this.#call.class)) return null
      throw error
    }
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
   * always leave early would keep the breaker open forever. A caller that came from the gate waits for half of `timeoutMs`
   * in all, unless the service comes back meanwhile.
   */
  #tryOut(permit: Permit, trialOf: Gate): Promise<Value> {
    const { tenantKey, signal } = this.#call
    const { clock, timeoutMs, breakers } = this.#path
    const trial = untilAborted(this.#send(permit, trialOf, new Stop(signal)), signal)
    if (!this.#visit) return trial
    const over = new Stop()
    const giveUp = (): void => {
      if (breakers.isOpen(tenantKey)) over.abort(breakers.refusal(tenantKey))
    }
    const timer = clock.setTimeout(giveUp, this.#visit.since + longestTrial(timeoutMs) - clock.now())
    return untilAborted(trial, over).finally(() => timer.cancel())
  }

  /** Waits until the call may be tried again after a failure. Throws the failure when that is never. */
  async #beforeRetry(error: unknown): Promise<void> {
    const { tenantKey, isRepeatable, signal } = this.#call
    const { clock, breakers, sender, random } = this.#path
    if (error instanceof UnauthorizedError) sender.tokenRefused(this.#call)
    if (!isWorthRepeating(error, isRepeatable)) throw error
    const isLast = this.#tries >= MAX_TRIES
    if (error instanceof RateLimitedError) {
      if (isLast) throw error
      this.#tries++
      return
    }
    this.#lastFailure = error
    this.#request.deadline = this.#times.lastStart
    if (breakers.isOpen(tenantKey)) {
      if (isPoll(this.#call.class)) throw error
      return
    }
    const backoffMs = random() * FIRST_BACKOFF_MS * 2 ** (this.#tries - 1)
    if (isLast || clock.now() + backoffMs > this.#times.lastStart) throw error
    this.#tries++
    await sleep(clock, backoffMs, { signal })
  }
}

function isWorthRepeating(error: unknown, isRepeatable: boolean): boolean {
  if (error instanceof RateLimitedError) return true
  return error instanceof ServiceUnavailableError && (isRepeatable || !error.mayHaveActed)
}

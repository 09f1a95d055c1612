import type { Clock } from '../waiting/clock.ts'
import type { LastingState, ServiceEvent } from './upstream-observer.ts'

/** The origin of the token that a call used. */
type TokenFrom = NonNullable<ServiceEvent['tokenFrom']>

/** Only the first refusal or pause of one kind within this time is reported. */
const REPEAT_EVERY_MS = 60_000
/** After a quiet minute, this many changes of state are reported at once. Then one is reported per `STATE_EVERY_MS`. */
const STATE_BURST = 6
const STATE_EVERY_MS = 10_000
/** Sums and differences of instants are off by less than this. */
const ROUNDING_MS = 1e-3

/**
 * Reports the events of one service.
 *
 * Any client of the gateway can cause refusals, and failures with a token of its own. So the number of reports is limited to
 * one a minute for each kind of refusal and pause, and about six a minute for changes of state. A change that was left out
 * is reported after a later call, if the state still differs from the last report.
 */
export class ServiceReporter {
  readonly #serviceName: string
  readonly #clock: Clock
  readonly #onService: (event: ServiceEvent) => void
  readonly #changes = new Allowance(STATE_BURST, STATE_EVERY_MS)
  readonly #kinds = new Map<string, { readonly allowance: Allowance; repeats: number }>()
  #state: LastingState = 'up'
  #since: number
  #isOver = false

  constructor(serviceName: string, clock: Clock, onService: (event: ServiceEvent) => void) {
    this.#serviceName = serviceName
    this.#clock = clock
    this.#onService = onService
    this.#since = clock.now()
  }

  /** Stops reporting. Requests that fail because the gateway stops say nothing about the service. */
  end(): void {
    this.#isOver = true
  }

  /**
   * Reports a state if it is new. Returns false if it is left out, since there were many changes.
   *
   * @param reason a sentence for `partlyDown` and `down`
   */
  isNow(state: LastingState, reason: () => string): boolean {
    if (state === this.#state) return true
    const now = this.#clock.now()
    if (!this.#changes.take(now)) return false
    const lastedS = Math.round((now - this.#since) / 1000)
    this.#state = state
    this.#since = now
    const words = state === 'up' ? `${this.#serviceName} answers again, after ${lastedS} s` : reason()
    this.#report({ state, reason: words, tokenFrom: null, pausedMs: null, repeats: 0 })
    return true
  }

  refusedToken(tokenFrom: TokenFrom): void {
    const reason = `${this.#serviceName} refused ${wordsFor(tokenFrom)}`
    this.#reportOnce({ state: 'refusingToken', reason, tokenFrom, pausedMs: null })
  }

  /** @param status of the answer that asked for the pause: 429, or any other status whose headers leave no requests */
  paused(tokenFrom: TokenFrom, pausedMs: number, status: number): void {
    const seconds = Math.ceil(pausedMs / 1000)
    const how = status === 429 ? 'answered 429' : 'allows no more requests'
    const reason = `${this.#serviceName} ${how} for ${wordsFor(tokenFrom)}: pinql pauses for ${seconds} s`
    this.#reportOnce({ state: 'paused', reason, tokenFrom, pausedMs })
  }

  #reportOnce(event: Omit<ServiceEvent, 'service' | 'repeats'>): void {
    const key = `${event.state} ${event.tokenFrom}`
    const kind = this.#kinds.get(key) ?? { allowance: new Allowance(1, REPEAT_EVERY_MS), repeats: 0 }
    this.#kinds.set(key, kind)
    if (!kind.allowance.take(this.#clock.now())) {
      kind.repeats++
      return
    }
    const { repeats } = kind
    kind.repeats = 0
    const reason = repeats > 0 ? `${event.reason} (${repeats} times more since the last report)` : event.reason
    this.#report({ ...event, reason, repeats })
  }

  #report(event: Omit<ServiceEvent, 'service'>): void {
    if (!this.#isOver) this.#onService({ service: this.#serviceName, ...event })
  }
}

/** Allows a burst of events, and then one event per `everyMs`. */
class Allowance {
  readonly #burst: number
  readonly #everyMs: number
  #fullAt = Number.NEGATIVE_INFINITY

  constructor(burst: number, everyMs: number) {
    this.#burst = burst
    this.#everyMs = everyMs
  }

  take(now: number): boolean {
    const aheadMs = Math.max(0, this.#fullAt - now) + this.#everyMs
    if (aheadMs > this.#burst * this.#everyMs + ROUNDING_MS) return false
    this.#fullAt = now + aheadMs
    return true
  }
}

function wordsFor(tokenFrom: TokenFrom): string {
  return tokenFrom === 'configuration' ? 'the token in the configuration' : "a caller's token"
}

import { ServiceUnavailableError } from '../../../domain/errors.ts'
import { downError } from '../../breaker/down-error.ts'
import { longestVisitMs } from '../../service/call-times.ts'
import type { Service } from '../../service/service.ts'
import { Stop, type StopSignal } from '../../waiting/stop.ts'

/**
 * The time that a lookup is told when it leaves. Requests that try a service that is down are rarely farther apart, and a lookup does not
 * know when the next one is due.
 */
const NEXT_TRIAL_MS = 1_000
/** A request that fails sooner did not wait for the service: pinql stops, or too many calls wait. */
const AT_ONCE_MS = 100

/** Clock times of a request of lookups. */
export interface RequestTimes {
  /** When it began to wait. */
  readonly begunAt: number
  /** When the lookup began that had waited longest by then. */
  readonly firstAskedAt: number
}

/** Gives each lookup of a tenant its own time to wait for a service that is down, though lookups share requests. */
export class LookupOutage {
  readonly #service: Service
  readonly #tenantKey: string

  constructor(service: Service, tenantKey: string) {
    this.#service = service
    this.#tenantKey = tenantKey
  }

  /**
   * Makes a lookup. If the service is down, the lookup leaves its request after 0.45 times `timeoutMs`, unless the service is back
   * by then. The request may have begun earlier, and goes on for the other lookups.
   *
   * @param find makes the lookup, until its signal is aborted
   * @throws {ServiceUnavailableError} when the lookup leaves
   * @throws whatever `find` rejects with
   */
  bound<Value>(signal: StopSignal, find: (signal: StopSignal) => Promise<Value>): Promise<Value> {
    if (!this.#isDown) return find(signal)
    const { clock, timeoutMs } = this.#service
    const stop = new Stop(signal)
    const unfollow = stop.follow(signal)
    const leave = (): void => {
      if (this.#isDown) stop.abort(this.#refusal())
    }
    const timer = clock.setTimeout(leave, longestVisitMs(timeoutMs), { keepsAlive: true })
    return find(stop).finally(() => {
      timer.cancel()
      unfollow()
    })
  }

  /**
   * Returns the clock time up to which the lookups of a request began that fail with it. The others have time left: they go on with
   * the next request.
   *
   * If the request failed at once, the next one may too. So its first lookup fails in any case: else the others would go on without
   * an end.
   */
  failsUntil(error: unknown, { begunAt, firstAskedAt }: RequestTimes): number {
    const { clock, timeoutMs } = this.#service
    const now = clock.now()
    if (!(error instanceof ServiceUnavailableError && this.#isDown)) return now
    const overSince = now - longestVisitMs(timeoutMs)
    return now - begunAt < AT_ONCE_MS ? Math.max(overSince, firstAskedAt) : overSince
  }

  get #isDown(): boolean {
    return this.#service.isDownFor(this.#tenantKey)
  }

  #refusal(): ServiceUnavailableError {
    const { lastError } = this.#service.health(this.#tenantKey)
    return downError(this.#service.name, { retryAfterMs: NEXT_TRIAL_MS, cause: lastError })
  }
}

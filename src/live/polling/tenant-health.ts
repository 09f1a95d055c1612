import { PinqlError, UnauthorizedError } from '../../domain/errors.ts'
import type { Clock } from '../../upstream/waiting/clock.ts'
import type { Audience } from '../telling/audience.ts'
import type { View } from '../watched/view.ts'
import type { Views } from '../watched/views.ts'
import { Backoff } from './backoff.ts'

export interface TenantHealthOptions {
  readonly views: Views
  readonly audience: Audience
  readonly clock: Clock
  readonly random?: (() => number) | undefined
}

/** Decides what good answers, failures and refusals of the token mean for the next poll and for the subscribers. */
export class TenantHealth {
  readonly #options: TenantHealthOptions
  readonly #backoff: Backoff
  #lastGoodAt: number
  #isRefused = false
  #isInDoubt = false

  constructor(options: TenantHealthOptions) {
    this.#options = options
    this.#backoff = new Backoff(options.random)
    this.#lastGoodAt = options.clock.wallNow()
  }

  /** Unix milliseconds of the last good answer. */
  get lastGoodAt(): number {
    return this.#lastGoodAt
  }

  /** Time on the clock before which no poll may start. In the past unless polls fail. */
  get notBefore(): number {
    return this.#backoff.notBefore
  }

  /** True when the next poll is due as soon as {@link notBefore} allows it, whatever the cadence. */
  get isPollUrgent(): boolean {
    return this.#backoff.isPending || this.#isInDoubt
  }

  /** Notes that a poll has started, which settles any doubt about the token. */
  pollStarted(): void {
    this.#isInDoubt = false
  }

  /** Notes that a poll has ended without an error. It may have sent no request, see {@link answered}. */
  pollSucceeded(): void {
    this.#backoff.succeeded()
  }

  /**
   * Plans the retry of a poll that has failed. Subscribers get a `STALE`, or the error if it is final.
   *
   * @param startedAt time on the clock when the poll started
   */
  pollFailed(error: unknown, startedAt: number): void {
    const { views, audience, clock } = this.#options
    const isRefusal = error instanceof UnauthorizedError
    // One refusal may be a mistake of the service. A second one, to a poll that started later, ends all subscriptions.
    const isFinal = isRefusal && this.#isRefused && startedAt >= this.#backoff.notBefore
    if (!(error instanceof PinqlError) || isFinal) {
      audience.fail(views, error)
      return
    }
    this.#isRefused ||= isRefusal
    const isWorthReporting = this.#backoff.failed(error, clock.now())
    if (isWorthReporting && !isRefusal) {
      audience.reportStale({ kind: 'STALE', since: this.#lastGoodAt, reason: error })
    }
  }

  /** Notes that the service has answered well. Subscribers that got a `STALE` get a `RESUMED`. */
  answered(): void {
    this.#isRefused = false
    this.#lastGoodAt = this.#options.clock.wallNow()
    this.#options.audience.reportResumed()
  }

  /** Ends a view whose token was refused twice. The token may still work for other views: the next poll finds out, at once. */
  readRefused(view: View, error: UnauthorizedError): void {
    const { views, audience } = this.#options
    this.#isRefused = true
    this.#isInDoubt = true
    audience.fail(views.begun().length > 0 ? [view] : views, error)
  }
}

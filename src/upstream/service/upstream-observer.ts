import type { ErrorCode } from '../../domain/errors.ts'
import type { Endpoint } from '../budget/rate-limit.ts'
import type { RequestClass } from '../budget/request-class.ts'

/**
 * Gets events about the requests that pinql sends to pinning services, and about the services.
 *
 * Both methods are called synchronously and must return soon: requests wait for them. An error that a method throws, or with
 * which a promise of it rejects, harms no request. The first error of each observer is logged, and later ones are dropped.
 *
 * No event contains a token, a CID or a name of a pin. Request ids come from clients: a client chooses its own with the header
 * `x-request-id`.
 *
 * pinql measures and collects nothing for a method that is absent.
 */
export interface UpstreamObserver {
  /**
   * Called once per HTTP request to a service, after its answer or failure. Each retry is a request of its own.
   *
   * A request that failed because no connection could be made is reported too, with `error`. A call that pinql refuses by
   * itself is not reported, since nothing is sent: the rate budget is full, or the service is left alone after failures.
   */
  onCall?(call: UpstreamCall): void
  /**
   * Called when the state of a service changes, when a service refuses a token, and when it pauses us.
   *
   * A service counts as `up` at the start, without an event. Reports are limited: repeated refusals and pauses are counted
   * instead, see {@link ServiceEvent.repeats}. After six changes of state within a minute, further changes are left out until
   * there is room, and then the state is reported if it still differs from the last report.
   */
  onService?(event: ServiceEvent): void
}

/** One HTTP request to a service, and how it ended. */
export interface UpstreamCall {
  /** Configured name of the service. */
  readonly service: string
  /** `list`: `GET /pins`. `item`: `GET /pins/{requestid}`. `write`: any change. */
  readonly endpoint: Endpoint
  /** Why the request was made: a change, a query, a poll, or a look at pins that have settled. */
  readonly class: RequestClass
  /** 1 for the first request, 2 and 3 for the retries. */
  readonly attempt: number
  /**
   * Request ids of the operations that waited for the request when it ended, each once. If all clients had left by then, the
   * ids of the operations that waited when it was sent. Empty for polls, and for requests that pinql makes in the background.
   *
   * The id is the header `x-request-id` of the answer. All operations of one WebSocket have the id of its upgrade request.
   */
  readonly requestIds: readonly string[]
  /** Milliseconds that the rate budget held the request back. Not the pause before a retry. */
  readonly waitedMs: number
  /** Milliseconds from sending the request to the end of its answer, or to its failure. */
  readonly tookMs: number
  /** HTTP status of the answer, refusals included. Null when no whole answer came. */
  readonly status: number | null
  /** Null when the answer could be used. A refusal, such as 429 or 503, is an answer that can be used. */
  readonly error: UpstreamCallError | null
}

/** Why a request has no answer that can be used. */
export interface UpstreamCallError {
  /**
   * `SERVICE_UNAVAILABLE`: no connection, or no answer in time. `MALFORMED_RESPONSE`: the answer is not in the words of the
   * Pinning Service API. `ABORTED`: nobody waited for it any more. `UNEXPECTED`: a bug of pinql.
   */
  readonly code: ErrorCode | 'ABORTED' | 'UNEXPECTED'
  /** Node's or undici's code, such as `ECONNREFUSED`; `UND_ERR_ABORTED` for a timeout. Null when there is none. */
  readonly cause: string | null
}

/**
 * - `up`: pinql sends requests with every token. Reported when a service comes back.
 * - `partlyDown`: requests with some tokens failed so often that pinql sends no more with them for a while. Other tokens work.
 * - `down`: requests failed so often that pinql sends none for a while.
 * - `paused`: the service has asked for a pause, by status 429 or because its rate-limit headers leave nothing.
 * - `refusingToken`: the service has refused a token.
 *
 * `paused` and `refusingToken` do not end `up`, `partlyDown` or `down`, and nothing reports their end.
 */
export type ServiceState = 'up' | 'partlyDown' | 'down' | 'paused' | 'refusingToken'

/** Something that an operator may want to know of a service. */
export interface ServiceEvent {
  /** Configured name of the service. */
  readonly service: string
  readonly state: ServiceState
  /** A sentence for people. It contains no token, and no text from the service. */
  readonly reason: string
  /**
   * Whose token a service has refused or paused: the one in the configuration, or one that a caller brought. A refused
   * `caller` token may be that caller's mistake. Null for all other states.
   */
  readonly tokenFrom: 'configuration' | 'caller' | null
  /** Milliseconds of the pause; null for all other states. */
  readonly pausedMs: number | null
  /**
   * How many events like this one were left out since the last one. `paused` and `refusingToken` are reported once a minute
   * at most, for each service and each `tokenFrom`. Always 0 for the other states.
   */
  readonly repeats: number
}

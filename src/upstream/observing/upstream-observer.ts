import type { ErrorCode } from '../../domain/errors.ts'
import type { Endpoint } from '../budget/rate-limit.ts'
import type { RequestClass } from '../budget/request-class.ts'

/**
 * Gets events about the requests that pinql sends to pinning services, and about the services.
 *
 * Both methods are called synchronously and must return soon, since requests wait for them. If a method throws, or returns
 * a promise that rejects, no request is harmed. The first error of each observer is logged. Later errors are dropped.
 *
 * No event contains a token, a CID or a name of a pin. Request ids come from clients: a client chooses its own with the
 * header `x-request-id`.
 *
 * pinql measures and collects nothing for a method that is absent.
 */
export interface UpstreamObserver {
  /**
   * Called once per HTTP request to a service, after its answer or failure. Each retry of a call is a request of its own.
   *
   * A request that failed because no connection could be made is reported too, with `error`. A call that pinql refuses by
   * itself is not reported, since nothing is sent. That happens when the rate budget is full, and when a service does not
   * come back in time.
   */
  onCall?(call: UpstreamCall): void
  /**
   * Called when the state of a service changes, when a service refuses a token, and when a service asks for a pause.
   *
   * A service counts as `up` at the start, without an event. Reports are limited. Repeated refusals and pauses are counted
   * instead, see {@link ServiceEvent.repeats}. After six changes of state within a minute, further changes are left out
   * until there is room. Then the state is reported if it still differs from the last report.
   */
  onService?(event: ServiceEvent): void
}

/** One HTTP request to a service, and how it ended: one try of a call, which may have several. */
export interface UpstreamCall {
  /** Configured name of the service. */
  readonly service: string
  /** `list`: `GET /pins`. `item`: `GET /pins/{requestid}`. `write`: any change. */
  readonly endpoint: Endpoint
  /** Reason for the request: a change, a query, a poll of pins, or a check of pins that have settled. */
  readonly class: RequestClass
  /** 1 for the first request of a call, and more for its retries. */
  readonly attempt: number
  /**
   * Request ids of the operations that waited for the request when it ended, each once. If all clients had left by then,
   * the ids of the operations that waited when it was sent. Empty for polls, and for requests that pinql makes in the
   * background.
   *
   * The id is the header `x-request-id` of the answer. All operations of one WebSocket have the id of its upgrade request.
   */
  readonly requestIds: readonly string[]
  /** Milliseconds that the rate budget held the request back. The pause before a retry is not included. */
  readonly waitedMs: number
  /** Milliseconds from sending the request to the end of its answer, or to its failure. */
  readonly tookMs: number
  /** HTTP status of the answer, refusals included. Null when no whole answer came. */
  readonly status: number | null
  /**
   * Code of the error by which the service refused the request: `UNAUTHORIZED` for its token, whether the status is 401, 403 or
   * another. Null when the service did not refuse it, or `error` says why there is no answer.
   */
  readonly refusal: ErrorCode | null
  /** Null when the answer could be used. A refusal, such as 429 or 503, is an answer that can be used. */
  readonly error: UpstreamCallError | null
}

/** The reason why a request has no answer that can be used. */
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
 * - `partlyDown`: requests with some tokens failed so often that they wait now. Other tokens work.
 * - `down`: requests failed so often that they wait now. pinql sends one now and then, to find out whether the service is back.
 * - `paused`: the service has asked for a pause, by status 429 or because its rate-limit headers leave nothing.
 * - `refusingToken`: the service has refused a token.
 *
 * `paused` and `refusingToken` do not end `up`, `partlyDown` or `down`, and nothing reports their end.
 */
export type ServiceState = 'up' | 'partlyDown' | 'down' | 'paused' | 'refusingToken'

/** A state that lasts until the next one is reported. */
export type LastingState = Extract<ServiceState, 'up' | 'partlyDown' | 'down'>

/** An event that an operator may want to know about. */
export interface ServiceEvent {
  /** Configured name of the service. */
  readonly service: string
  readonly state: ServiceState
  /** A sentence for people. It contains no token, and no text from the service. */
  readonly reason: string
  /**
   * Origin of the token that the service refused or paused: the configuration, or a caller. A refused `caller` token may be
   * that caller's mistake. Null for all other states.
   */
  readonly tokenFrom: 'configuration' | 'caller' | null
  /** Milliseconds of the pause; null for all other states. */
  readonly pausedMs: number | null
  /**
   * Number of events like this one that were left out since the last report. `paused` and `refusingToken` are reported at
   * most once a minute, for each service and each `tokenFrom`. What is left out last is reported with the next event of its
   * kind, however late: {@link UpstreamCall.refusal} counts refused requests. Always 0 for the other states.
   */
  readonly repeats: number
}

/** The fields of every error. */
interface Common {
  /** For people. Branch on `code` instead: messages may change. */
  readonly message: string
  /** The field that failed, such as `['nodes', 2]`. Null for an error that is a field of an object, such as `payload.error`. */
  readonly path: readonly (string | number)[] | null
}

/** An argument cannot be used, or a service refused the request. The same request fails again. */
export interface BadRequest extends Common {
  readonly code: 'BAD_REQUEST'
  /** Path of the argument, such as `input.pins[3].cid`. Null when a service refused the request as a whole. */
  readonly argument: string | null
  readonly expected: string | null
  readonly received: string | null
  /** The service that refused. Null when pinql refused: then no upstream request was sent. */
  readonly service: string | null
}

/** The request has no token for the service, or the service refused the token. */
export interface Unauthorized extends Common {
  readonly code: 'UNAUTHORIZED'
  readonly service: string
}

/** No service of this name is configured. */
export interface UnknownService extends Common {
  readonly code: 'UNKNOWN_SERVICE'
  readonly service: string
  /** The names of the configured services. */
  readonly known: readonly string[]
}

/** The service has no such pin that the token may see. */
export interface PinNotFound extends Common {
  readonly code: 'PIN_NOT_FOUND'
  readonly service: string
}

/** The service wants payment, or the account is full. */
export interface InsufficientFunds extends Common {
  readonly code: 'INSUFFICIENT_FUNDS'
  readonly service: string
}

/** The service accepts no further request for now. Nothing was done. */
export interface RateLimited extends Common {
  readonly code: 'RATE_LIMITED'
  readonly service: string
  /** Milliseconds until a retry makes sense. 1,000 where `retryAfterMs` was not selected. */
  readonly retryAfterMs: number
}

/** The service could not be reached, did not answer in time, or failed. */
export interface ServiceUnavailable extends Common {
  readonly code: 'SERVICE_UNAVAILABLE'
  readonly service: string
  /** True for a change that the service may have made although no answer came. */
  readonly mayHaveActed: boolean
  /** Milliseconds until pinql sends this service requests again. Null while pinql still sends them. */
  readonly retryAfterMs: number | null
}

/** The service answered with success, but not as the Pinning Service API says. Usually its configured endpoint is wrong. */
export interface MalformedResponse extends Common {
  readonly code: 'MALFORMED_RESPONSE'
  readonly service: string
}

/** Any other refusal by the service. */
export interface ServiceFailure extends Common {
  readonly code: 'SERVICE_ERROR'
  readonly service: string
  /** HTTP status of the service's answer. 0 where `httpStatus` was not selected. */
  readonly httpStatus: number
  /** The service's own code. */
  readonly reason: string | null
}

/** The idempotency key was used before, with another input. Nothing was done. */
export interface IdempotencyConflict extends Common {
  readonly code: 'IDEMPOTENCY_CONFLICT'
  readonly service: string
}

/** A change was sent, no answer came, and the service does not show whether it was made. */
export interface OutcomeUnknown extends Common {
  readonly code: 'OUTCOME_UNKNOWN'
  readonly service: string
  readonly mayHaveActed: true
  /** Names the change in the service's own records, as the entry `pinql.op` of `meta`. */
  readonly operationId: string
}

/**
 * Every error whose code this version of `pinql/client` does not know: codes of later versions of pinql, codes of GraphQL
 * such as `GRAPHQL_VALIDATION_FAILED`, and failures of the network, which have no code.
 */
export interface OtherError extends Common {
  readonly code: 'OTHER'
  /** The code as it came. Empty where the error had none. */
  readonly originalCode: string
  readonly service: string | null
  readonly retryAfterMs: number | null
  /** All other fields of the error as they came, such as `requestId` of `INTERNAL_SERVER_ERROR`. */
  readonly details: Readonly<Record<string, unknown>>
}

/**
 * Any error of the API. A discriminated union: a `switch` on `code` narrows it to the fields that belong to that code.
 *
 * New codes arrive as `OTHER`, so a `switch` that handles all members stays complete when pinql gets more codes.
 *
 * @example
 * function describe(error: ApiError): string {
 *   switch (error.code) {
 *     case 'RATE_LIMITED':
 *       return `Try again in ${Math.ceil(error.retryAfterMs / 1000)} s`
 *     case 'UNKNOWN_SERVICE':
 *       return `Choose one of ${error.known.join(', ')}`
 *     default:
 *       return error.message
 *   }
 * }
 */
export type ApiError =
  | BadRequest
  | Unauthorized
  | UnknownService
  | PinNotFound
  | InsufficientFunds
  | RateLimited
  | ServiceUnavailable
  | MalformedResponse
  | ServiceFailure
  | IdempotencyConflict
  | OutcomeUnknown
  | OtherError

/** A code of pinql's own. See docs/errors.md. */
export type ApiErrorCode = Exclude<ApiError['code'], 'OTHER'>

/** The member of `ApiError` that has this code. */
export type ApiErrorOf<Code extends ApiError['code']> = Extract<ApiError, { readonly code: Code }>

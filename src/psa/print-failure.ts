/**
 * The reasons that the specification names for a failure, and the HTTP status of each. A service may add its own reasons.
 *
 * @see Pinning Service API 1.0.0, `components.responses`
 */
export const FAILURE_STATUS = {
  BAD_REQUEST: 400,
  UNAUTHORIZED: 401,
  NOT_FOUND: 404,
  INSUFFICIENT_FUNDS: 409,
  INTERNAL_SERVER_ERROR: 500,
} as const

/** The body of every response that is not a success: `Failure` of the specification. */
export interface FailureBody {
  readonly error: {
    /** For programs. */
    readonly reason: string
    /** For people. */
    readonly details: string
  }
}

export function printFailure(reason: string, details: string): FailureBody {
  return { error: { reason, details } }
}

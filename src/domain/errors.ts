// Every failure that a client can meet and act on, one class and one stable code each; those that only changes have are in
// `change-errors.ts`. Clients read of them in docs/errors.md.

/** The stable, machine-readable names of failures; `Error.code` in GraphQL. */
export const ERROR_CODES = [
  'BAD_REQUEST',
  'UNAUTHORIZED',
  'UNKNOWN_SERVICE',
  'PIN_NOT_FOUND',
  'INSUFFICIENT_FUNDS',
  'RATE_LIMITED',
  'SERVICE_UNAVAILABLE',
  'MALFORMED_RESPONSE',
  'SERVICE_ERROR',
  'IDEMPOTENCY_CONFLICT',
  'OUTCOME_UNKNOWN',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** Base class of all expected failures. Branch on the class or on `code`, never on `message`. */
export abstract class PinqlError extends Error {
  abstract readonly code: ErrorCode
}

/** The caller sent an argument that cannot be used. Costs no upstream request where pinql itself finds the mistake. */
export class BadRequestError extends PinqlError {
  override readonly name = 'BadRequestError'
  readonly code = 'BAD_REQUEST'
  /** Path of the offending argument, such as `input.origins[3]`; null when a service refused the whole request. */
  readonly argument: string | null
  /** Description of a valid value; null when a service refused and did not say. */
  readonly expected: string | null
  /** The refused value, shortened to 100 characters; null when a service refused. */
  readonly received: string | null
  /** The service that refused; null when pinql did. */
  readonly service: string | null

  constructor(
    message: string,
    details: {
      argument?: string | null
      expected?: string | null
      received?: string | null
      service?: string | null
      cause?: unknown
    } = {},
  ) {
    super(message, causeOf(details))
    this.argument = details.argument ?? null
    this.expected = details.expected ?? null
    this.received = details.received ?? null
    this.service = details.service ?? null
  }

  /**
   * Makes an error with the usual message: `input.cid: expected a CID, got "hello"`.
   *
   * @param argument path of the argument, in GraphQL's names
   * @param expected description of a valid value
   * @param received the refused value, of any type; shown shortened
   */
  static of(argument: string, expected: string, received: unknown, cause?: unknown): BadRequestError {
    const shown = show(received)
    // A part of the path may be a key that the caller chose.
    const place = shorten(argument)
    return new BadRequestError(`${place}: expected ${expected}, got ${shown}`, {
      argument: place,
      expected,
      received: shown,
      cause,
    })
  }
}

/** There is no token for the service, or the service refused the token: with 401, or in a way of its own. */
export class UnauthorizedError extends PinqlError {
  override readonly name = 'UnauthorizedError'
  readonly code = 'UNAUTHORIZED'
  readonly service: string
  constructor(message: string, details: { service: string; cause?: unknown }) {
    super(message, causeOf(details))
    this.service = details.service
  }
}

/** No service of that name is configured. */
export class UnknownServiceError extends PinqlError {
  override readonly name = 'UnknownServiceError'
  readonly code = 'UNKNOWN_SERVICE'
  readonly service: string
  /** The names that are configured. */
  readonly known: readonly string[]
  constructor(serviceName: string, known: readonly string[]) {
    super(`Unknown service ${show(serviceName)}: expected one of ${known.join(', ')}`)
    this.service = serviceName
    this.known = known
  }
}

/** The service has no pin with this request id that the token may see. */
export class PinNotFoundError extends PinqlError {
  override readonly name = 'PinNotFoundError'
  readonly code = 'PIN_NOT_FOUND'
  readonly service: string
  readonly requestId: string
  constructor(serviceName: string, requestId: string) {
    super(`${serviceName} has no pin ${show(requestId)} that this token may see`)
    this.service = serviceName
    this.requestId = requestId
  }
}

/** The service wants payment, or the account is full: 402, 409 `INSUFFICIENT_FUNDS`, or the 403 of a plan. */
export class InsufficientFundsError extends PinqlError {
  override readonly name = 'InsufficientFundsError'
  readonly code = 'INSUFFICIENT_FUNDS'
  readonly service: string
  constructor(message: string, details: { service: string; cause?: unknown }) {
    super(message, causeOf(details))
    this.service = details.service
  }
}

/** The budget of requests to the service is used up. Nothing was sent, or the service refused the request. */
export class RateLimitedError extends PinqlError {
  override readonly name = 'RateLimitedError'
  readonly code = 'RATE_LIMITED'
  readonly service: string
  /** Milliseconds until a retry makes sense. */
  readonly retryAfterMs: number
  constructor(serviceName: string, retryAfterMs: number) {
    super(`${serviceName} allows no further request for ${Math.ceil(retryAfterMs)} ms`)
    this.service = serviceName
    this.retryAfterMs = Math.max(0, Math.ceil(retryAfterMs))
  }
}

/** The service could not be reached, did not answer in time, or answered with 5xx. */
export class ServiceUnavailableError extends PinqlError {
  override readonly name = 'ServiceUnavailableError'
  readonly code = 'SERVICE_UNAVAILABLE'
  readonly service: string
  /** True when the request may have taken effect at the service although no answer came. */
  readonly mayHaveActed: boolean
  /** Milliseconds until pinql sends the service the next request; null when nothing holds requests back. */
  readonly retryAfterMs: number | null
  constructor(
    message: string,
    details: { service: string; mayHaveActed?: boolean; retryAfterMs?: number | null; cause?: unknown },
  ) {
    super(message, causeOf(details))
    this.service = details.service
    this.mayHaveActed = details.mayHaveActed ?? false
    this.retryAfterMs = details.retryAfterMs == null ? null : Math.max(0, Math.ceil(details.retryAfterMs))
  }
}

/** The service answered with success, but with a body that the Pinning Service API does not allow. */
export class MalformedResponseError extends PinqlError {
  override readonly name = 'MalformedResponseError'
  readonly code = 'MALFORMED_RESPONSE'
  readonly service: string
  constructor(message: string, details: { service: string; cause?: unknown }) {
    super(message, causeOf(details))
    this.service = details.service
  }
}

/** The service refused for another reason, given in its own words. */
export class ServiceError extends PinqlError {
  override readonly name = 'ServiceError'
  readonly code = 'SERVICE_ERROR'
  readonly service: string
  /** The HTTP status of the answer. */
  readonly httpStatus: number
  /** The service's `error.reason`, where it gave one. */
  readonly reason: string | null
  constructor(
    message: string,
    details: { service: string; httpStatus: number; reason?: string | null; cause?: unknown },
  ) {
    super(message, causeOf(details))
    this.service = details.service
    this.httpStatus = details.httpStatus
    this.reason = details.reason ?? null
  }
}

const MAX_SHOWN = 100
/** Characters of a text that are looked at. A token that begins among those that are shown ends among these, or is cut. */
const MAX_READ = 2 * MAX_SHOWN
const TOKENS = /(\bbearer\s+)[^\s"'\\]+|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?/gi

/** Prints any value for a message, shortened to 100 characters so that a message stays one line. Never shows a bearer token or a JWT. */
export function show(value: unknown): string {
  return shorten(printed(value).slice(0, MAX_READ).replace(TOKENS, '$1[token]'))
}

function printed(value: unknown): string {
  if (typeof value === 'bigint') return `${value}`
  // Of a long text, only the beginning is printed.
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_READ))
  try {
    return JSON.stringify(value) ?? String(value)
  } catch (error) {
    if (error instanceof RangeError) return 'a value that is nested too deep'
    throw error
  }
}

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN - 3)}…` : text
}

/** Returns the options of an `Error`, with the cause if there is one. */
export function causeOf(details: { cause?: unknown }): ErrorOptions {
  return details.cause === undefined ? {} : { cause: details.cause }
}

import { BadRequestError, MalformedResponseError, ServiceError, ServiceUnavailableError } from '../../domain/errors.ts'

// Refusals that pinql can handle by itself. Clients see the class that each of them extends.

/** The service already has a pin of this CID and accepts no second one. */
export class DuplicatePinError extends BadRequestError {}

/** The service rejects the origins, for example private addresses. */
export class OriginsRefusedError extends BadRequestError {}

/** The answer came from something that is not a pinning service. So the request had no effect. */
export class WrongEndpointError extends MalformedResponseError {}

/** The service answered a list with 404, in JSON. The list may be empty, or the endpoint wrong. */
export class ListNotFoundError extends ServiceError {}

/** The service refused a request as malformed, in the specification's own words for that. */
export class SpecifiedRefusalError extends BadRequestError {}

/** The service answered a list with success and nothing of a list, such as an empty body. The list may be empty, or the endpoint wrong. */
export class EmptyAnswerError extends MalformedResponseError {
  /** Equal for all answers of this kind. */
  readonly form: string

  constructor(message: string, details: { service: string; form: string; cause?: unknown }) {
    super(message, details)
    this.form = details.form
  }
}

/** The service refused a list with 404 or 410, without JSON. The list may be empty, or the endpoint wrong. */
export class EmptyRefusalError extends ServiceError {
  /** Equal for all answers of this kind. */
  readonly form: string

  constructor(message: string, details: { service: string; httpStatus: number; reason: string | null; form: string }) {
    super(message, details)
    this.form = details.form
  }
}

/** Returns the form of an answer that may be an empty list; null for other errors. */
export function emptyFormOf(error: unknown): string | null {
  return error instanceof EmptyAnswerError || error instanceof EmptyRefusalError ? error.form : null
}

/** The service answered that it failed: 5xx, 408 or 424. */
export class FailedAnswerError extends ServiceUnavailableError {
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(message: string, details: { service: string; status: number; mayHaveActed: boolean }) {
    super(message, details)
    this.status = details.status
  }
}

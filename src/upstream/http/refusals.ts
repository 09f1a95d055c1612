import { BadRequestError, MalformedResponseError, ServiceUnavailableError } from '../../domain/errors.ts'

// Refusals that pinql can act on by itself. To clients they are what they extend.

/** The service has a pin of that CID already, and takes no second one. */
export class DuplicatePinError extends BadRequestError {}

/** The service does not like the origins, such as private addresses. */
export class OriginsRefusedError extends BadRequestError {}

/** Something answered that is no pinning service, and so has done nothing that was asked for. */
export class WrongEndpointError extends MalformedResponseError {}

/** The service answered that it failed. */
export class FailedAnswerError extends ServiceUnavailableError {
  /** The HTTP status of the answer. */
  readonly status: number

  constructor(message: string, details: { service: string; status: number; mayHaveActed: boolean }) {
    super(message, details)
    this.status = details.status
  }
}

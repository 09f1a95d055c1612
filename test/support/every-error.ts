import { IdempotencyConflictError, OutcomeUnknownError, UnchangedPinError } from '../../src/domain/change-errors.ts'
import {
  BadRequestError,
  InsufficientFundsError,
  MalformedResponseError,
  PinNotFoundError,
  type PinqlError,
  RateLimitedError,
  ServiceError,
  ServiceUnavailableError,
  UnauthorizedError,
  UnknownServiceError,
} from '../../src/domain/errors.ts'

const service = 'filebase'
const cause = new Error('secret')

/** One error of each class with all that it can have, in the order of their codes. `BAD_REQUEST` has two classes. */
export const ERRORS: readonly PinqlError[] = [
  BadRequestError.of('input.cid', 'a CID', 'hello', cause),
  new UnchangedPinError(service, { part: 'name', wanted: 'new', found: 'old', isOthers: false }, []).at('input'),
  new UnauthorizedError('unauthorized', { service, cause }),
  new UnknownServiceError('filebsae', [service, 'local']),
  new PinNotFoundError(service, 'r1'),
  new InsufficientFundsError('insufficient', { service, cause }),
  new RateLimitedError(service, 1499.5),
  new ServiceUnavailableError('unavailable', { service, mayHaveActed: true, retryAfterMs: 29_999.1, cause }),
  new MalformedResponseError('malformed', { service, cause }),
  new ServiceError('refused', { service, httpStatus: 418, reason: 'TEAPOT', cause }),
  new IdempotencyConflictError(service, 'key'),
  new OutcomeUnknownError(service, { operationId: 'op', idempotencyKey: 'key', candidates: [], cause }),
]

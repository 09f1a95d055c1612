/** The package entry `pinql/client`, for clients of the API in TypeScript. Runs in browsers. Imports no package. */
export type {
  ApiError,
  ApiErrorCode,
  ApiErrorOf,
  BadRequest,
  IdempotencyConflict,
  InsufficientFunds,
  MalformedResponse,
  OtherError,
  OutcomeUnknown,
  PinNotFound,
  RateLimited,
  ServiceFailure,
  ServiceUnavailable,
  Unauthorized,
  UnknownService,
} from './api-error.ts'
export { API_ERROR_CODES, readError } from './read-error.ts'
export { readErrors } from './read-errors.ts'
export { type AddPinInput, type SelectedPin, toAddPinInput } from './to-add-pin-input.ts'

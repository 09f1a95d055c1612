import {
  BadRequestError,
  ERROR_CODES,
  InsufficientFundsError,
  MalformedResponseError,
  PinNotFoundError,
  type PinqlError,
  RateLimitedError,
  ServiceError,
  ServiceUnavailableError,
  UnauthorizedError,
  UnknownServiceError,
} from '../domain/errors.ts'
import { builder } from './builder.ts'

const CODE_DESCRIPTIONS: Record<(typeof ERROR_CODES)[number], string> = {
  BAD_REQUEST: 'What was sent cannot be used.',
  UNAUTHORIZED: 'No token, or the service refused it.',
  UNKNOWN_SERVICE: 'No service of that name is configured.',
  PIN_NOT_FOUND: 'The service has no such pin that the token may see.',
  INSUFFICIENT_FUNDS: 'The service wants payment, or the account is full.',
  RATE_LIMITED: "The service's request budget is used up.",
  SERVICE_UNAVAILABLE: 'The service is down, unreachable or too slow.',
  MALFORMED_RESPONSE: 'The service answered, but not in the words of the Pinning Service API.',
  SERVICE_ERROR: 'Any other refusal by the service.',
  IDEMPOTENCY_CONFLICT: 'The idempotency key was used before, for something else.',
  OUTCOME_UNKNOWN: 'Nobody can tell whether the change was made.',
}

const ErrorCodeRef = builder.enumType('ErrorCode', {
  description: 'What went wrong, for programs. Stable: branch on this or on `__typename`, never on `message`.',
  values: Object.fromEntries(ERROR_CODES.map((code) => [code, { description: CODE_DESCRIPTIONS[code] }])) as Record<
    (typeof ERROR_CODES)[number],
    { description: string }
  >,
})

/** The interface of all errors that are part of an answer. */
export const ErrorRef = builder.interfaceRef<PinqlError>('Error').implement({
  description: 'Something a client can act on. Every error that is part of an answer implements it.',
  fields: (t) => ({
    code: t.expose('code', { type: ErrorCodeRef, description: 'What went wrong, for programs.' }),
    message: t.exposeString('message', {
      description: 'What went wrong, for people: what was expected, and what came.',
    }),
  }),
  // Every class is named as its type.
  resolveType: (error) => error.name,
})

/** A failure as a value of a field, since GraphQL would throw what is an `Error`. */
export function toErrorValue(error: PinqlError): PinqlError {
  return { ...error, message: error.message }
}

const SERVICE = 'The configured name of the service.'

builder.objectType(BadRequestError, {
  name: 'BadRequestError',
  description:
    'What was sent cannot be used. Where pinql can tell by itself, no request to the service was spent on it.',
  interfaces: [ErrorRef],
  fields: (t) => ({
    argument: t.exposeString('argument', {
      nullable: true,
      description:
        'The argument that is wrong, such as `input.origins[3]`. Null when the service refused without naming one.',
    }),
    expected: t.exposeString('expected', { nullable: true, description: 'What would have been accepted.' }),
    received: t.exposeString('received', {
      nullable: true,
      description: 'What came, as JSON, shortened to 100 characters.',
    }),
    // Not `service`: a field that other errors always have could not be selected together with one that may be null.
    refusedBy: t.exposeString('service', {
      nullable: true,
      description: 'The configured name of the service that refused. Null when pinql did.',
    }),
  }),
})

builder.objectType(UnauthorizedError, {
  name: 'UnauthorizedError',
  description: 'There is no token for the service, or the service refused it.',
  interfaces: [ErrorRef],
  fields: (t) => ({ service: t.exposeString('service', { description: SERVICE }) }),
})

builder.objectType(UnknownServiceError, {
  name: 'UnknownServiceError',
  description: 'No service of that name is configured.',
  interfaces: [ErrorRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: 'The name that was asked for.' }),
    known: t.exposeStringList('known', { description: 'The names that are configured.' }),
  }),
})

builder.objectType(PinNotFoundError, {
  name: 'PinNotFoundError',
  description: 'The service has no such pin that the token may see.',
  interfaces: [ErrorRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: SERVICE }),
    requestId: t.exposeString('requestId', { description: "The service's own identifier that was asked for." }),
  }),
})

builder.objectType(InsufficientFundsError, {
  name: 'InsufficientFundsError',
  description: 'The service wants payment, or the account has no room left.',
  interfaces: [ErrorRef],
  fields: (t) => ({ service: t.exposeString('service', { description: SERVICE }) }),
})

builder.objectType(RateLimitedError, {
  name: 'RateLimitedError',
  description: "The service's request budget is used up. Nothing was done; the same request may be sent again later.",
  interfaces: [ErrorRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: SERVICE }),
    retryAfterMs: t.exposeInt('retryAfterMs', { description: 'Milliseconds until a new try makes sense.' }),
  }),
})

builder.objectType(ServiceUnavailableError, {
  name: 'ServiceUnavailableError',
  description: 'The service is down, unreachable, or did not answer in time.',
  interfaces: [ErrorRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: SERVICE }),
    mayHaveActed: t.exposeBoolean('mayHaveActed', {
      description: 'True when the change may have been made although no answer came. Look before sending it again.',
    }),
  }),
})

builder.objectType(MalformedResponseError, {
  name: 'MalformedResponseError',
  description: 'The service answered, but not in the words of the Pinning Service API. Often its endpoint is wrong.',
  interfaces: [ErrorRef],
  fields: (t) => ({ service: t.exposeString('service', { description: SERVICE }) }),
})

builder.objectType(ServiceError, {
  name: 'ServiceError',
  description: 'Any other refusal by the service, in its own words.',
  interfaces: [ErrorRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: SERVICE }),
    httpStatus: t.exposeInt('status', { description: "The HTTP status of the service's answer." }),
    reason: t.exposeString('reason', { nullable: true, description: "The service's own code, where it gave one." }),
  }),
})

/**
 * What any request to a service can end with.
 *
 * A union of these and a success says with `resolveType` which the success is: errors are told by their class before.
 */
export const serviceErrors = [
  BadRequestError,
  UnauthorizedError,
  UnknownServiceError,
  InsufficientFundsError,
  RateLimitedError,
  ServiceUnavailableError,
  MalformedResponseError,
  ServiceError,
] as const

/** What a request about one pin can end with. */
export const pinErrors = [PinNotFoundError, ...serviceErrors] as const

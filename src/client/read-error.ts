import type { ApiError, ApiErrorCode, ApiErrorOf } from './api-error.ts'

type Json = Readonly<Record<string, unknown>>
type Own<Code extends ApiError['code']> = Omit<ApiErrorOf<Code>, 'code' | 'message' | 'path'>

const SAFE_RETRY_MS = 1_000

/** Readers of the fields of each code. A field that was not selected gets a value of its type, so that `ApiError` is true. */
const FIELDS: { readonly [Code in ApiErrorCode]: (from: Json) => Own<Code> } = {
  BAD_REQUEST: (from) => ({
    argument: text(from.argument),
    expected: text(from.expected),
    received: text(from.received),
    service: text(from.service),
  }),
  UNAUTHORIZED: ofService,
  UNKNOWN_SERVICE: (from) => ({ ...ofService(from), known: texts(from.known) }),
  PIN_NOT_FOUND: ofService,
  INSUFFICIENT_FUNDS: ofService,
  RATE_LIMITED: (from) => ({ ...ofService(from), retryAfterMs: number(from.retryAfterMs) ?? SAFE_RETRY_MS }),
  SERVICE_UNAVAILABLE: (from) => ({
    ...ofService(from),
    // A client that did not ask must not take "unknown" for "no": it would make the change twice.
    mayHaveActed: from.mayHaveActed !== false,
    retryAfterMs: number(from.retryAfterMs),
  }),
  MALFORMED_RESPONSE: ofService,
  SERVICE_ERROR: (from) => ({
    ...ofService(from),
    httpStatus: number(from.httpStatus) ?? 0,
    reason: text(from.reason),
  }),
  IDEMPOTENCY_CONFLICT: ofService,
  OUTCOME_UNKNOWN: (from) => ({ ...ofService(from), mayHaveActed: true, operationId: text(from.operationId) ?? '' }),
}

/** The codes of `ApiError` other than `OTHER`, in the order of docs/errors.md. */
export const API_ERROR_CODES = Object.keys(FIELDS) as readonly ApiErrorCode[]

/**
 * Reads one error: the `error` of a change's payload or of any other object, or one element of GraphQL's `errors`.
 *
 * Never throws. An unknown code gives `OTHER`, and so does a value that is no error of pinql's. Null, undefined and missing give null.
 *
 * Select all fields of `Error` that your code reads. A field that was not selected is `''`, `[]`, `0` or null. `retryAfterMs` of
 * `RATE_LIMITED` is 1,000 then, and `mayHaveActed` of `SERVICE_UNAVAILABLE` is true.
 *
 * @example
 * const { data } = await client.mutate({ mutation: ADD_PIN, variables: { input: { cid } } })
 * const error = readError(data?.addPin.error)
 * if (error?.code === 'RATE_LIMITED') retryIn(error.retryAfterMs)
 */
export function readError(error: unknown): ApiError | null {
  if (error === null || error === undefined) return null
  try {
    return decode(error)
  } catch (cause) {
    // Only an object that throws when its fields are read gets here.
    return other('', cause instanceof Error ? cause.message : '', null, {})
  }
}

function decode(error: unknown): ApiError {
  if (!isObject(error)) return other('', String(error), null, {})
  const extensions = isObject(error.extensions) ? error.extensions : {}
  // GraphQL's `errors` have their fields in `extensions`. The `error` of a payload has all fields itself.
  const from = typeof extensions.code === 'string' ? extensions : error
  const message = text(error.message) ?? text(error.reason) ?? ''
  const path = Array.isArray(error.path) ? error.path.filter(isKey) : null
  const { code } = from
  if (isApiErrorCode(code)) return { code, message: message || code, path, ...FIELDS[code](from) } as ApiError
  const { code: _code, message: _message, path: _path, extensions: _extensions, ...rest } = from
  // A WebSocket's close event has a number as its code.
  return other(typeof code === 'number' ? String(code) : (text(code) ?? ''), message, path, rest)
}

function other(originalCode: string, message: string, path: (string | number)[] | null, details: Json): ApiError {
  return {
    code: 'OTHER',
    originalCode,
    message: message || originalCode || 'Unknown error',
    path,
    service: text(details.service),
    retryAfterMs: number(details.retryAfterMs),
    details,
  }
}

function ofService(from: Json): { service: string } {
  return { service: text(from.service) ?? '' }
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}

function isApiErrorCode(code: unknown): code is ApiErrorCode {
  return typeof code === 'string' && Object.hasOwn(FIELDS, code)
}

function isKey(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number'
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

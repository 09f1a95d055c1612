import { expect } from 'vitest'
import type { ErrorFields } from '../../../src/domain/error-fields.ts'
import { NULL_ERROR_FIELDS } from '../null-error-fields.ts'

/** The parts of an error: a value or a matcher for each field that is not null. */
export type ErrorParts = { readonly [Field in keyof ErrorFields]?: unknown } & {
  readonly code: ErrorFields['code']
  readonly message: unknown
}

/** Selection of all fields of an `Error`. */
export const ERROR_FIELDS = ['code', 'message', ...Object.keys(NULL_ERROR_FIELDS)].join(' ')

/** An error as a client reads it beside the data, who selects `ERROR_FIELDS`. */
export function shownError(parts: ErrorParts): object {
  return { ...NULL_ERROR_FIELDS, ...parts }
}

/** The same error in `errors`: its extensions have no field that would be null. */
export function thrownError({ message, ...extensions }: ErrorParts, ...path: readonly (string | number)[]): object {
  return { message, path, extensions }
}

/** A service whose process has ended. */
export const unreachable = (service: string): ErrorParts => ({
  code: 'SERVICE_UNAVAILABLE',
  message: `${service} could not be reached: ECONNREFUSED`,
  service,
  mayHaveActed: false,
})

/** A service that had not answered when the time for the whole request was over. */
export const late = (service: string): ErrorParts => ({
  code: 'SERVICE_UNAVAILABLE',
  message: `${service} did not answer before the time for the whole request was over`,
  service,
  mayHaveActed: false,
})

/** A service that had not answered a read when the read had to end, so that the request can be answered in time. */
export const lateRead = (service: string): ErrorParts => ({
  ...late(service),
  message: expect.stringMatching(`^${service} did not answer within \\d+ ms$`),
})

/** A pin that its service does not have. */
export const notFound = (requestId = '', service = 'one'): ErrorParts => ({
  code: 'PIN_NOT_FOUND',
  message: `${service} has no pin ${JSON.stringify(requestId)} that this token may see`,
  service,
})

/** An argument that pinql refuses by itself. What came is shortened to 100 characters. */
export function badInput(argument: string, expected: string, received: unknown): ErrorParts {
  const json = JSON.stringify(received)
  const shown = json.length > 100 ? `${json.slice(0, 97)}…` : json
  const message = `${argument}: expected ${expected}, got ${shown}`
  return { code: 'BAD_REQUEST', message, argument, expected, received: shown }
}

/** The payload of a change that failed, as `FAILURE_FIELDS` show it. */
export function failedPayload(error: ErrorParts, more: object = {}): object {
  return { pin: null, error: shownError(error), idempotencyKey: A_MADE_KEY, candidates: [], ...more }
}

/** Selection of the payload of an add or a replacement that is expected to fail. */
export const FAILURE_FIELDS = `pin { id } error { ${ERROR_FIELDS} } idempotencyKey candidates { id }`

/** An idempotency key that pinql made. */
export const A_MADE_KEY = expect.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)

import type { ErrorFields } from '../../src/domain/error-fields.ts'

/** The optional fields of an `Error`, none of which applies. Tests name them once, apart from the code that they test. */
export const NULL_ERROR_FIELDS: Record<Exclude<keyof ErrorFields, 'code' | 'message'>, null> = {
  service: null,
  argument: null,
  expected: null,
  received: null,
  known: null,
  retryAfterMs: null,
  mayHaveActed: null,
  httpStatus: null,
  reason: null,
  operationId: null,
}

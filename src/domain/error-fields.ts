import type { Failure } from './unexpected-error.ts'

/** A failure as clients see it: one flat object of scalars. A field that does not apply is null. */
export interface ErrorFields {
  readonly code: Failure['code']
  readonly message: string
  readonly service: string | null
  readonly argument: string | null
  readonly expected: string | null
  readonly received: string | null
  readonly known: readonly string[] | null
  readonly retryAfterMs: number | null
  readonly mayHaveActed: boolean | null
  readonly httpStatus: number | null
  readonly reason: string | null
  readonly operationId: string | null
}

const NOTHING: Omit<ErrorFields, 'code' | 'message'> = {
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

const OPTIONAL = Object.keys(NOTHING) as (keyof typeof NOTHING)[]

/**
 * Returns the fields of a failure that clients may see.
 *
 * Every place that shows a failure uses it, such as the `error` of a payload and the `extensions` of an error in `errors`.
 */
export function errorFieldsOf(error: Failure): ErrorFields {
  const own: Partial<ErrorFields> = error
  const shown = OPTIONAL.map((key) => [key, own[key] ?? null] as const)
  return { code: error.code, message: error.message, ...NOTHING, ...Object.fromEntries(shown) }
}

import { type ErrorFields, errorFieldsOf } from '../domain/error-fields.ts'
import type { Failure } from '../domain/unexpected-error.ts'
import { builder } from './builder.ts'

const CODE = `Stable name of the failure. Later versions may add codes: treat a code that you do not know like \`SERVICE_ERROR\`.

- \`BAD_REQUEST\`: an argument cannot be used, or the service refused the request. Correct it; the same request fails again.
- \`UNAUTHORIZED\`: the token for the service is missing, malformed or refused. Send a valid one.
- \`UNKNOWN_SERVICE\`: no service has this name; \`known\` has the names.
- \`PIN_NOT_FOUND\`: the service has no such pin that the token may see. Forget it.
- \`INSUFFICIENT_FUNDS\`: the service wants payment, or the account is full. Its owner has to act.
- \`RATE_LIMITED\`: the limit on requests is used up. Nothing was done; retry after \`retryAfterMs\`.
- \`SERVICE_UNAVAILABLE\`: the service is down or too slow. Retry later; check first if \`mayHaveActed\` is true.
- \`MALFORMED_RESPONSE\`: the service does not speak the Pinning Service API. Its operator has to check the endpoint.
- \`SERVICE_ERROR\`: the service refused for another reason; see \`httpStatus\` and \`reason\`.
- \`IDEMPOTENCY_CONFLICT\`: the idempotency key was used with another input. Nothing was done; make a new key.
- \`OUTCOME_UNKNOWN\`: nobody can tell whether the change was made. Send the same input with the same key again.

Beside these: \`INTERNAL_SERVER_ERROR\`, a bug of pinql in this one element; the log has it under the request id. Only in \`errors\`, for the request as a whole: \`REQUEST_TIMEOUT\` (it took too long), \`GRAPHQL_VALIDATION_FAILED\` and other codes of GraphQL.`

/** Shows failures of all classes as one flat object. */
export const ErrorType = builder.objectRef<ErrorFields>('Error').implement({
  description:
    'The reason why something failed. Branch on `code`, never on `message`. A field that does not apply to the code is null. The same fields are in `extensions` of an error in `errors`.',
  fields: (t) => ({
    code: t.exposeString('code', { description: CODE }),
    message: t.exposeString('message', {
      description: 'Text for people: what was expected, and what came. It may change; do not parse it.',
    }),
    service: t.exposeString('service', {
      nullable: true,
      description:
        'Name of the service that the error is about. For `UNKNOWN_SERVICE`: the name that was asked for. Null where pinql itself found a mistake in the input.',
    }),
    argument: t.exposeString('argument', {
      nullable: true,
      description: '`BAD_REQUEST`: path of the argument that is wrong, such as `input.pins[3].cid`.',
    }),
    expected: t.exposeString('expected', {
      nullable: true,
      description: '`BAD_REQUEST`: what the argument would have to be.',
    }),
    received: t.exposeString('received', {
      nullable: true,
      description: '`BAD_REQUEST`: what came instead, as JSON, shortened to 100 characters.',
    }),
    known: t.exposeStringList('known', {
      nullable: true,
      description: '`UNKNOWN_SERVICE`: names of the configured services.',
    }),
    retryAfterMs: t.exposeInt('retryAfterMs', {
      nullable: true,
      description:
        'Milliseconds until a retry makes sense. Set for `RATE_LIMITED`, and for `SERVICE_UNAVAILABLE` while pinql sends the service nothing after repeated failures.',
    }),
    mayHaveActed: t.exposeBoolean('mayHaveActed', {
      nullable: true,
      description:
        '`SERVICE_UNAVAILABLE` and `OUTCOME_UNKNOWN`: true when the change may have been made although no answer came. Check before you send it again. Always false for a read.',
    }),
    httpStatus: t.exposeInt('httpStatus', {
      nullable: true,
      description: "`SERVICE_ERROR`: HTTP status of the service's answer.",
    }),
    reason: t.exposeString('reason', {
      nullable: true,
      description: "`SERVICE_ERROR`: the service's own error code, if it gave one.",
    }),
    operationId: t.exposeString('operationId', {
      nullable: true,
      description:
        "`OUTCOME_UNKNOWN`: id of the change in the service's own records, as the entry `pinql.op` of `meta`. Useful when you ask the service's operators.",
    }),
  }),
})

/**
 * Returns a list whose failed elements become null beside an error of their own.
 *
 * GraphQL takes an `Error` among the elements for a failure of that element. Pothos has no type for that.
 */
export function withErrors<Value>(elements: Promise<(Value | Failure)[]>): Promise<Value[]> {
  return elements as Promise<Value[]>
}

/** Returns a failure as the value of a field. GraphQL would throw an `Error` that a field returns. */
export function toErrorValue(error: Failure | null): ErrorFields | null {
  return error && errorFieldsOf(error)
}

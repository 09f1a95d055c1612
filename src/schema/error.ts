import { type ErrorFields, errorFieldsOf } from '../domain/error-fields.ts'
import type { PinqlError } from '../domain/errors.ts'
import { builder } from './builder.ts'

/** Clients get a failure as this one object, whatever its class. */
export const ErrorType = builder.objectRef<ErrorFields>('Error').implement({
  description:
    'The reason why something failed. Branch on `code`, never on `message`. A field that does not apply to the code is null. The same fields are in `extensions` of an error in `errors`.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'One of `BAD_REQUEST`, `UNAUTHORIZED`, `UNKNOWN_SERVICE`, `PIN_NOT_FOUND`, `INSUFFICIENT_FUNDS`, `RATE_LIMITED`, `SERVICE_UNAVAILABLE`, `MALFORMED_RESPONSE`, `SERVICE_ERROR`, `IDEMPOTENCY_CONFLICT` and `OUTCOME_UNKNOWN`. Later versions may add codes: treat a code you do not know like `SERVICE_ERROR`.',
    }),
    message: t.exposeString('message', {
      description: 'Text for people: what was expected, and what came. It may change; do not parse it.',
    }),
    service: t.exposeString('service', {
      nullable: true,
      description:
        'Name of the service that failed or refused. For `UNKNOWN_SERVICE`: the name that was asked for. Null when pinql refused the request before it asked a service.',
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

/** A failure as the value of a field; GraphQL would throw an `Error` that a field returns. */
export function toErrorValue(error: PinqlError | null): ErrorFields | null {
  return error && errorFieldsOf(error)
}

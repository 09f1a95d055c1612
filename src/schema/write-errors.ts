import { IdempotencyConflictError, OutcomeUnknownError } from '../domain/errors.ts'
import { builder } from './builder.ts'
import { ErrorRef, pinErrors } from './error-types.ts'
import { PinRef } from './pin.ts'

export const IDEMPOTENCY_KEY =
  'Names this change, 1 to 255 printable characters of your choice, such as a UUID. Sent again within 24 hours with the same input, it makes no second pin: the answer is the first one. Default: one is made.'

export const IDEMPOTENCY_KEY_USED =
  'The key that was given, or the one that pinql made. Sent again with the same input, it finds the same pin.'

const SERVICE = 'The configured name of the service.'

builder.objectType(IdempotencyConflictError, {
  name: 'IdempotencyConflictError',
  description: 'The idempotency key was used within the last 24 hours, for another change. Nothing was done.',
  interfaces: [ErrorRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: SERVICE }),
    idempotencyKey: t.exposeString('idempotencyKey', { description: 'The key that was sent.' }),
  }),
})

builder.objectType(OutcomeUnknownError, {
  name: 'OutcomeUnknownError',
  description:
    'The change was sent and no answer came, and the service does not show whether it was made. Send the same again with `idempotencyKey`: pinql looks again, and sends it again only where that cannot make a second pin.',
  interfaces: [ErrorRef],
  fields: (t) => ({
    service: t.exposeString('service', { description: SERVICE }),
    operationId: t.exposeString('operationId', {
      description: "Names the change in the service's own records, as the entry `pinql.op` of `meta`.",
    }),
    idempotencyKey: t.exposeString('idempotencyKey', {
      description: 'What to send again: the key that was given, or the one that pinql made.',
    }),
    candidates: t.expose('candidates', {
      type: [PinRef],
      description: 'The pins that may be the one: same content and name, and new as far as is known. Often none.',
    }),
  }),
})

/** What adding or replacing a pin can end with. */
export const writeErrors = [...pinErrors, IdempotencyConflictError, OutcomeUnknownError] as const

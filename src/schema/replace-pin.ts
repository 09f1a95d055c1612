import type { MadePin } from '../resolvers/add-pin.ts'
import { replacePin } from '../resolvers/replace-pin.ts'
import { builder } from './builder.ts'
import { PinRef } from './pin.ts'
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_USED, writeErrors } from './write-errors.ts'

const ReplacePinInputRef = builder.inputType('ReplacePinInput', {
  description: 'Which pin to replace, and by what. Nothing is taken over from the old pin.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Global id of the pin to replace.' }),
    cid: t.field({ type: 'CID', required: true, description: 'Root of the new content.' }),
    name: t.string({ description: 'Name of the new pin, at most 255 characters.' }),
    origins: t.field({ type: ['Multiaddr'], description: 'At most 20 peers that have the new content.' }),
    meta: t.field({ type: 'StringMap', description: 'Entries of your own for the new pin.' }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
})

const ReplacePinSuccess = builder.objectRef<MadePin>('ReplacePinSuccess').implement({
  description: 'The service took the request in.',
  fields: (t) => ({
    pin: t.expose('pin', { type: PinRef, description: 'The new pin. It usually has a new id; the old one is gone.' }),
    idempotencyKey: t.exposeString('idempotencyKey', { description: IDEMPOTENCY_KEY_USED }),
  }),
})

const ReplacePinResult = builder.errorUnion('ReplacePinResult', {
  description: 'The new pin, or why there is none.',
  types: [ReplacePinSuccess, ...writeErrors],
  resolveType: () => ReplacePinSuccess,
})

builder.mutationField('replacePin', (t) =>
  t.field({
    type: ReplacePinResult,
    description:
      'Put another pin in the place of one so that blocks both share are not dropped in between: in a single step, or, where the service cannot, by adding the new one first.',
    args: {
      input: t.arg({ type: ReplacePinInputRef, required: true, description: 'Which pin to replace, and by what.' }),
    },
    resolve: (_root, args, context) => replacePin(args.input, context),
  }),
)

import { addPin, addPins, copyPins, type MadePin } from '../resolvers/add-pin.ts'
import { builder } from './builder.ts'
import { PinRef } from './pin.ts'
import { IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_USED, writeErrors } from './write-errors.ts'

const AddPinInputRef = builder.inputType('AddPinInput', {
  description: 'What to pin, and where.',
  fields: (t) => ({
    service: t.string({ description: "Name of the service. Default: the gateway's default service." }),
    cid: t.field({
      type: 'CID',
      required: true,
      description: 'Root of the content; all that it links to is pinned too.',
    }),
    name: t.string({ description: 'A name to find it by, at most 255 characters.' }),
    origins: t.field({
      type: ['Multiaddr'],
      description: 'At most 20 peers that have the content. Needed where the service cannot find it by itself.',
    }),
    meta: t.field({
      type: 'StringMap',
      description: 'Entries of your own, to filter by later. Some services drop them.',
    }),
    idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
  }),
})

const AddPinSuccess = builder.objectRef<MadePin>('AddPinSuccess').implement({
  description: 'The service took the request in.',
  fields: (t) => ({
    pin: t.expose('pin', {
      type: PinRef,
      description: 'The new pin, usually QUEUED at first. For a key that was used before: the pin as it was then.',
    }),
    idempotencyKey: t.exposeString('idempotencyKey', { description: IDEMPOTENCY_KEY_USED }),
  }),
})

const AddPinResult = builder.errorUnion('AddPinResult', {
  description: 'The new pin, or why there is none.',
  types: [AddPinSuccess, ...writeErrors],
  resolveType: () => AddPinSuccess,
})

builder.mutationFields((t) => ({
  addPin: t.field({
    type: AddPinResult,
    description:
      'Ask a service to pin a CID. The answer comes before the content is fetched: watch the status of the pin.',
    args: { input: t.arg({ type: AddPinInputRef, required: true, description: 'What to pin, and where.' }) },
    resolve: (_root, args, context) => addPin(args.input, context),
  }),
  addPins: t.field({
    type: [AddPinResult],
    description:
      'Add many pins, one request each. One that fails does not stop the others; results are in the order of the inputs.',
    args: { inputs: t.arg({ type: [AddPinInputRef], required: true, description: 'At most 1,000.' }) },
    resolve: (_root, args, context) => addPins(args.inputs, context) as never,
  }),
  copyPins: t.field({
    type: [AddPinResult],
    description:
      'Pin the same CIDs at another service, with their names and meta. The peers that hold the content now are named as origins.',
    args: {
      ids: t.arg.idList({ required: true, description: 'Global ids of the pins to copy, at most 1,000.' }),
      to: t.arg.string({ required: true, description: 'Name of the service that is to pin.' }),
    },
    resolve: (_root, args, context) => copyPins(args.ids, args.to, context) as never,
  }),
}))

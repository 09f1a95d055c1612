import { type AddPinInput, addPin, addPins, copyPins } from '../resolvers/add-pin.ts'
import type { NewPinResult } from '../resolvers/new-pin-result.ts'
import { builder } from './builder.ts'
import { ErrorType, toErrorValue } from './error.ts'
import { costs, lengthOf, lookups } from './field-cost.ts'
import { CANDIDATES, ERROR, IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_USED } from './payload-descriptions.ts'
import { PinType } from './pin.ts'

const AddPinInputType = builder.inputType('AddPinInput', {
  description: 'A pin to add: which content, and at which service.',
  fields: (t) =>
    ({
      cid: t.field({
        type: 'CID',
        required: true,
        description: 'Root of the content. The service pins it with everything it links to.',
      }),
      service: t.string({ description: "Name of the service. Default: the gateway's default service." }),
      name: t.string({ description: 'Name to find the pin by, at most 255 characters. It need not be unique.' }),
      meta: t.field({
        type: 'StringMap',
        description:
          'Entries of your own, at most 999, such as `{ app: "blog" }`. `PinFilter.meta` finds pins by them. Some services drop them: see `ServiceCapabilities.keepsMeta`.',
      }),
      origins: t.field({
        type: ['Multiaddr'],
        description:
          'Peers that have the content, at most 20. The service fetches from them; without any, it has to find the content by itself.',
      }),
      idempotencyKey: t.string({ description: IDEMPOTENCY_KEY }),
    }) satisfies Record<keyof AddPinInput, unknown>,
})

const AddPinsInputType = builder.inputType('AddPinsInput', {
  description: 'Pins to add.',
  fields: (t) => ({
    pins: t.field({ type: [AddPinInputType], required: true, description: 'The pins, at most 1,000.' }),
  }),
})

const CopyPinsInputType = builder.inputType('CopyPinsInput', {
  description: 'Pins to copy to another service.',
  fields: (t) => ({
    ids: t.idList({ required: true, description: 'Global ids of the pins to copy, at most 1,000.' }),
    to: t.string({ required: true, description: 'Name of the service that gets the copies.' }),
  }),
})

const AddPinPayloadType = builder.objectRef<NewPinResult>('AddPinPayload').implement({
  description: 'Result of adding a pin: either `pin` or `error` is set.',
  fields: (t) => ({
    pin: t.expose('pin', {
      type: PinType,
      nullable: true,
      description:
        'The new pin, usually `QUEUED` at first. For a key that was used before: the pin as it was answered then. Null when the change failed.',
    }),
    error: t.field({
      type: ErrorType,
      nullable: true,
      description: ERROR,
      resolve: ({ error }) => toErrorValue(error),
    }),
    idempotencyKey: t.exposeString('idempotencyKey', { description: IDEMPOTENCY_KEY_USED }),
    candidates: t.expose('candidates', { type: [PinType], description: CANDIDATES }),
  }),
})

builder.mutationFields((t) => ({
  addPin: t.field({
    type: AddPinPayloadType,
    description:
      'Asks a service to pin content. It answers before the content is fetched: follow the status with `pinStatusChanged`. Costs one upstream request.',
    args: { input: t.arg({ type: AddPinInputType, required: true, description: 'The pin to add.' }) },
    ...costs({ requests: (_args, times) => times }),
    resolve: (_root, args, context) => addPin(args.input, context),
  }),
  addPins: t.field({
    type: [AddPinPayloadType],
    description:
      'Adds many pins. Returns one payload per pin, in the same order; one that fails does not stop the others. Costs one upstream request per pin.',
    args: { input: t.arg({ type: AddPinsInputType, required: true, description: 'The pins to add.' }) },
    ...costs({
      requests: (args, times) => times * lengthOf(args, 'input', 'pins'),
      size: (args) => lengthOf(args, 'input', 'pins'),
      items: ['input', 'pins'],
    }),
    resolve: (_root, args, context) => addPins(args.input.pins, context),
  }),
  copyPins: t.field({
    type: [AddPinPayloadType],
    description:
      'Pins the same content at another service, with the names and `meta` of the pins. The peers that have the content now become the origins of the copies. Returns one payload per id, in the same order.',
    args: { input: t.arg({ type: CopyPinsInputType, required: true, description: 'The pins to copy.' }) },
    ...costs({
      requests: (args, times) => times * (lengthOf(args, 'input', 'ids') + lookups(lengthOf(args, 'input', 'ids'))),
      size: (args) => lengthOf(args, 'input', 'ids'),
      items: ['input', 'ids'],
    }),
    resolve: (_root, args, context) => copyPins(args.input.ids, args.input.to, context),
  }),
}))

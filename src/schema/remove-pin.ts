import { type RemovePinResult, type RemovePinsInput, removePin, removePins } from '../resolvers/remove-pin.ts'
import { builder } from './builder.ts'
import { ErrorType, toErrorValue } from './error.ts'
import { costs, type FieldArgs, lengthOf, MAX_ITEMS } from './field-cost.ts'
import { PinType } from './pin.ts'
import { PinFilterType } from './pin-filter.ts'

const RemovePinInputType = builder.inputType('RemovePinInput', {
  description: 'A pin to remove.',
  fields: (t) => ({ id: t.id({ required: true, description: 'Global id of the pin.' }) }),
})

const RemovePinsInputType = builder.inputType('RemovePinsInput', {
  description: 'Pins to remove: either those of `ids`, or those of one service that match `filter`.',
  fields: (t) =>
    ({
      ids: t.idList({ description: 'Global ids, at most 1,000. Not together with `filter`.' }),
      filter: t.field({
        type: PinFilterType,
        description:
          'The pins to remove. Each pin is checked again before it is removed. An empty filter is refused; `status` with all four statuses matches every pin.',
      }),
      service: t.string({
        description: "Name of the service that `filter` is for. Default: the gateway's default service.",
      }),
      dryRun: t.boolean({
        defaultValue: false,
        description: 'True to only read the pins that would be removed. Nothing is removed then.',
      }),
    }) satisfies Record<keyof RemovePinsInput, unknown>,
})

const RemovePinPayloadType = builder.objectRef<RemovePinResult>('RemovePinPayload').implement({
  description: 'Result of removing a pin.',
  fields: (t) => ({
    pinId: t.exposeID('pinId', {
      nullable: true,
      description:
        'Global id of the pin that this payload is about, removed or not. Null when the pins that match a filter could not be listed.',
    }),
    removedId: t.exposeID('removedId', {
      nullable: true,
      description:
        'Global id of the pin that is gone; remove it from your cache. Null when the removal failed, and with `dryRun`.',
    }),
    pin: t.expose('pin', {
      type: PinType,
      nullable: true,
      description:
        'The pin as it was before. Set only where pinql read it: with `filter` and with `dryRun`. Keep it if you may want to add the pin again.',
    }),
    error: t.field({
      type: ErrorType,
      nullable: true,
      description: 'The reason why the pin was not removed; null after success.',
      resolve: ({ error }) => toErrorValue(error),
    }),
  }),
})

/** The number of pins that a removal is about: those of `ids`, or the most that a filter removes. */
function removals(args: FieldArgs): number {
  return lengthOf(args, 'input', 'ids') || MAX_ITEMS
}

builder.mutationFields((t) => ({
  removePin: t.field({
    type: RemovePinPayloadType,
    description:
      'Removes a pin. The service may then drop the content, unless another pin holds it. Costs one upstream request.',
    args: { input: t.arg({ type: RemovePinInputType, required: true, description: 'The pin to remove.' }) },
    ...costs({ requests: (_args, times) => times }),
    resolve: (_root, args, context) => removePin(args.input.id, context),
  }),
  removePins: t.field({
    type: [RemovePinPayloadType],
    description:
      'Removes many pins, one upstream request each. Returns one payload per pin, in the order of `ids`, or newest first; one that fails does not stop the others. A filter removes at most 1,000 pins: if you get 1,000 payloads, send it again. If listing fails, the result is a single error. Pins that cannot be read are not removed by a filter; then the last payload is an error with the number of them. Try it with `dryRun` first.',
    args: { input: t.arg({ type: RemovePinsInputType, required: true, description: 'The pins to remove.' }) },
    ...costs({ requests: (args, times) => times * removals(args), size: removals, items: ['input', 'ids'] }),
    resolve: (_root, args, context) => removePins(args.input, context),
  }),
}))

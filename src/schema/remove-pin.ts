import { removePin, removePins } from '../resolvers/remove-pin.ts'
import { builder } from './builder.ts'
import { pinErrors } from './error-types.ts'
import { PinFilterRef } from './pins.ts'

const RemovePinSuccess = builder.objectRef<{ readonly id: string }>('RemovePinSuccess').implement({
  description: 'The service took the removal in.',
  fields: (t) => ({ id: t.exposeID('id', { description: 'Global id of the pin that is gone.' }) }),
})

const RemovePinResult = builder.errorUnion('RemovePinResult', {
  description: 'What was removed, or why nothing was.',
  types: [RemovePinSuccess, ...pinErrors],
  resolveType: () => RemovePinSuccess,
})

builder.mutationFields((t) => ({
  removePin: t.field({
    type: RemovePinResult,
    description: 'Remove a pin. The service may then drop the content, unless another pin holds it.',
    args: { id: t.arg.id({ required: true, description: 'Global id of the pin.' }) },
    resolve: (_root, args, context) => removePin(args.id, context),
  }),
  removePins: t.field({
    type: [RemovePinResult],
    description:
      'Remove many pins, one request each: those of `ids`, or those of one service that match `filter`. One that fails does not stop the others. Results are in the order of the ids, or newest first. A filter removes at most 1,000 pins: when so many results come back, send it again. When the pins cannot be listed, the only result is why.',
    args: {
      ids: t.arg.idList({ description: 'Global ids, at most 1,000. Not together with `filter`.' }),
      service: t.arg.string({
        description: "Name of the service that `filter` is for. Default: the gateway's default service.",
      }),
      filter: t.arg({
        type: PinFilterRef,
        description:
          'Which pins. Each is checked against it before it is removed. One that says nothing is refused; `status` with all four statuses matches every pin.',
      }),
    },
    resolve: (_root, args, context) => removePins(args, context) as never,
  }),
}))

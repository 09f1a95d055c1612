import { removePin, removePins } from '../resolvers/remove-pin.ts'
import { builder } from './builder.ts'
import { pinErrors } from './error-types.ts'

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
      'Remove many pins, one request each. One that fails does not stop the others; results are in the order of the ids.',
    args: { ids: t.arg.idList({ required: true, description: 'Global ids, at most 1,000.' }) },
    resolve: (_root, args, context) => removePins(args.ids, context) as never,
  }),
}))

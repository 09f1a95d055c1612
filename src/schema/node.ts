import type { Pin } from '../domain/pin.ts'
import { node, nodes } from '../resolvers/node.ts'
import type { ServiceFields } from '../resolvers/service.ts'
import { builder } from './builder.ts'
import { withErrors } from './error.ts'
import { costs, lengthOf, lookups } from './field-cost.ts'

/** Interface of Relay, by which clients fetch any object again. */
export const NodeType = builder.interfaceRef<Pin | ServiceFields>('Node').implement({
  description: 'An object with a global id: `node` fetches it again by that id.',
  fields: (t) => ({
    id: t.id({
      description: 'Global id. It is opaque, and the same at every instance of the gateway.',
      // Each type makes ids of its own form.
      resolve: () => {
        throw new TypeError('Every type that implements Node resolves its own id')
      },
    }),
  }),
  resolveType: (value) => ('requestId' in value ? 'Pin' : 'Service'),
})

builder.queryFields((t) => ({
  node: t.field({
    type: NodeType,
    nullable: true,
    description:
      'A pin or service by its global id. Null, without an error, when it is not there; null beside an error when it could not be read.',
    args: { id: t.arg.id({ required: true, description: 'Global id of a pin or service.' }) },
    ...costs({ requests: (_args, times) => times }),
    resolve: (_root, args, context) => node(args.id, context),
  }),
  nodes: t.field({
    type: [NodeType],
    nullable: { list: false, items: true },
    description:
      'Pins and services by their global ids, in the order of `ids`. An element is null, without an error, when it is not there, and null beside an error when it could not be read. More than 1,000 ids are a `BAD_REQUEST` of the whole list: `data` is null. Ten pins cost one upstream request.',
    args: { ids: t.arg.idList({ required: true, description: 'Global ids, at most 1,000.' }) },
    ...costs({
      requests: (args, times) => times * lookups(lengthOf(args, 'ids')),
      size: (args) => lengthOf(args, 'ids'),
      items: ['ids'],
    }),
    resolve: (_root, args, context) => withErrors(nodes(args.ids, context)),
  }),
}))

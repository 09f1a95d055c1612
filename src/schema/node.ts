import { node, nodes } from '../resolvers/pin.ts'
import { builder } from './builder.ts'
import { withErrors } from './error.ts'
import { NodeType } from './node-interface.ts'

builder.queryFields((t) => ({
  node: t.field({
    type: NodeType,
    nullable: true,
    description:
      'A pin or service by its global id. Null, without an error, when it is not there; null beside an error when it could not be read.',
    args: { id: t.arg.id({ required: true, description: 'Global id of a pin or service.' }) },
    resolve: (_root, args, context) => node(args.id, context),
  }),
  nodes: t.field({
    type: [NodeType],
    nullable: { list: false, items: true },
    description:
      'Pins and services by their global ids, in the order of `ids`. An element is null, without an error, when it is not there, and null beside an error when it could not be read. More than 1,000 ids are a `BAD_REQUEST` of the whole list: `data` is null. Ten pins cost one upstream request.',
    args: { ids: t.arg.idList({ required: true, description: 'Global ids, at most 1,000.' }) },
    resolve: (_root, args, context) => withErrors(nodes(args.ids, context)),
  }),
}))

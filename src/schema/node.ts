import type { Pin } from '../domain/pin.ts'
import { node, nodes } from '../resolvers/pin.ts'
import type { PinningService } from '../upstream/pinning-service.ts'
import { builder } from './builder.ts'
import { NodeRef } from './node-interface.ts'

builder.queryFields((t) => ({
  node: t.field({
    type: NodeRef,
    nullable: true,
    description: 'Anything by its global id; null when it is not there.',
    args: { id: t.arg.id({ required: true, description: 'Global id.' }) },
    resolve: (_root, args, context) => node(args.id, context),
  }),
  nodes: t.field({
    type: [NodeRef],
    nullable: { list: true, items: true },
    description:
      'Many by their global ids, in the same order; null for one that is not there. Ten pins cost one request.',
    args: { ids: t.arg.idList({ required: true, description: 'Global ids, at most 1,000.' }) },
    resolve: (_root, args, context) => nodes(args.ids, context) as Promise<(Pin | PinningService | null)[]>,
  }),
}))

import type { Pin } from '../domain/pin.ts'
import type { ServiceFields } from '../resolvers/service.ts'
import { builder } from './builder.ts'

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

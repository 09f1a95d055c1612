import type { Pin } from '../domain/pin.ts'
import type { PinningService } from '../upstream/pinning-service.ts'
import { builder } from './builder.ts'

/** Relay's `Node`. */
export const NodeRef = builder.interfaceRef<Pin | PinningService>('Node').implement({
  description: 'Anything that has a global id and can be fetched again by it.',
  fields: (t) => ({
    id: t.id({
      description: 'Global id: opaque, the same at every instance of the gateway.',
      // Each type has its own way to name itself.
      resolve: () => {
        throw new TypeError('Every type that implements Node resolves its own id')
      },
    }),
  }),
  resolveType: (value) => ('requestId' in value ? 'Pin' : 'Service'),
})

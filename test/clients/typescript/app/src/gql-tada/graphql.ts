import { initGraphQLTada } from 'gql.tada'
import type { introspection } from './generated/schema.d.ts'

export const graphql = initGraphQLTada<{
  introspection: introspection
  disableMasking: true
  scalars: {
    CID: string
    Cursor: string
    DateTime: string
    Multiaddr: string
    StringMap: Record<string, string>
  }
}>()

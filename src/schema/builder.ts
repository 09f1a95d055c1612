// Declares the namespace that our own declarations name, for those who compile against them.
/// <reference types="@pothos/core" preserve="true" />
import SchemaBuilder from '@pothos/core'
import ErrorsPlugin from '@pothos/plugin-errors'
import type { GatewayContext } from '../resolvers/context.ts'

export interface SchemaTypes {
  Context: GatewayContext
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    CID: { Input: string; Output: string }
    DateTime: { Input: string; Output: string }
    Multiaddr: { Input: string; Output: string }
    StringMap: { Input: unknown; Output: Readonly<Record<string, string>> }
    Cursor: { Input: string; Output: string }
  }
}

/** Pothos's builder: plugins, scalars and context type. Each other file of this folder adds one type or field to it. */
export const builder = new SchemaBuilder<SchemaTypes>({
  plugins: [ErrorsPlugin],
  defaultFieldNullability: false,
  errors: { defaultTypes: [] },
})

builder.queryType({ description: 'Everything that can be read.' })
builder.mutationType({
  description:
    'Everything that can be changed. Each result is either the success or a typed error; ask for `__typename`.',
})

// Our published declarations use a namespace of Pothos, so programs that compile against them need this reference.
/// <reference types="@pothos/core" preserve="true" />
import SchemaBuilder from '@pothos/core'
import type { Cid } from '../domain/cid.ts'
import type { GatewayContext } from '../resolvers/context.ts'

export interface SchemaTypes {
  Context: GatewayContext
  DefaultFieldNullability: false
  Scalars: {
    ID: { Input: string; Output: string }
    CID: { Input: string; Output: Cid }
    DateTime: { Input: string; Output: string }
    Multiaddr: { Input: string; Output: string }
    StringMap: { Input: unknown; Output: Readonly<Record<string, string>> }
    Cursor: { Input: string; Output: string }
  }
}

/** Builds the schema. Each other file of this folder adds types or fields to it when it is imported. */
export const builder = new SchemaBuilder<SchemaTypes>({ defaultFieldNullability: false })

builder.queryType({
  description:
    'Reads. A read that fails is null, and its error is in `errors`. For `pins`, the whole `data` is null. `extensions` of an error has the fields of `Error`, such as `code`. Trouble with one element of a list is a field beside it, such as `ContentAtService.error`.',
})
builder.mutationType({
  description:
    'Changes. Each returns a payload: `error` is null after success. Lists of changes return one payload per element, in the same order, and one that fails does not stop the others.',
})

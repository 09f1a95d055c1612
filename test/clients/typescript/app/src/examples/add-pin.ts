import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { readError, readErrors } from 'pinql/client'
import { AddPinDocument } from '../codegen/generated/graphql.ts'
import { explain } from './explain.ts'

export type Send = <Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
) => Promise<{ data?: Data | null; errors?: readonly unknown[] }>

/** Adds a pin and returns what to tell the user. */
export async function addPin(send: Send, cid: string): Promise<string> {
  const result = await send(AddPinDocument, { input: { cid } })
  // The change was refused as a whole, or no answer came.
  const [failure] = readErrors(result)
  if (failure) return explain(failure)
  // The service, or pinql, refused this pin.
  const error = readError(result.data?.addPin.error)
  return error ? explain(error) : `Added as ${result.data?.addPin.pin?.id}`
}

import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { print } from 'graphql'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'

export const PINQL_URL = process.env.PINQL_URL ?? ''

/** Of graphql-ws. Connects for the first subscription. */
export const sockets = createClient({ url: process.env.PINQL_WS_URL ?? '', webSocketImpl: WebSocket })

/** Posts an operation and returns its data. Rejects with the list of errors where there are some. */
export async function request<Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, errors } = await post<Data>({ query: print(document), variables })
  if (errors || !data) throw Object.assign(new Error('The operation failed'), { errors })
  return data
}

export async function post<Data>(body: {
  query: string
  variables: unknown
}): Promise<{ data?: Data | null; errors?: readonly { message: string }[] }> {
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' }
  const response = await fetch(PINQL_URL, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await response.json()) as { data?: Data | null; errors?: readonly { message: string }[] }
}

/** Starts a subscription and returns what ends it. */
export function subscribe<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  sink: { next(data: Data): void; error(reason: unknown): void },
): () => void {
  return sockets.subscribe<Data>(
    { query: print(document), variables },
    {
      next: ({ data, errors }) => (data ? sink.next(data) : sink.error(errors)),
      error: sink.error,
      complete: () => {},
    },
  )
}

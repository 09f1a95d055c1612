import { type ApolloClient, gql, type TypedDocumentNode } from '@apollo/client'
import { readErrors } from 'pinql/client'

const NODES: TypedDocumentNode<{ nodes: ({ name: string | null } | null)[] }, { ids: string[] }> = gql`
  query Nodes($ids: [ID!]!) {
    nodes(ids: $ids) {
      id
      ... on Pin {
        name
      }
    }
  }
`

/** Reads pins by their ids: the names of those that could be read, and why the others could not. */
export async function readSome(client: ApolloClient, ids: string[]) {
  const { data, error } = await client.query({ query: NODES, variables: { ids }, errorPolicy: 'all' })
  return {
    names: data?.nodes?.map((node) => node?.name ?? null),
    failures: readErrors(error).map(({ path, code }) => `${path?.join('.')}: ${code}`),
  }
}

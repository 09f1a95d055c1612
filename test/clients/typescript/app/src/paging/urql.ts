// Pages a list with relayPagination of urql's normalized cache.
import { Client, fetchExchange, gql, type TypedDocumentNode } from '@urql/core'
import { PINQL_URL } from '../request.ts'
import { cache } from './urql-cache.ts'
import { walk } from './walk.ts'

interface Page {
  pins: {
    edges: { node: { id: string; name: string | null } }[]
    pageInfo: { hasNextPage: boolean; endCursor: string | null }
  }
}

const PINS: TypedDocumentNode<Page, { after?: string | null }> = gql`
  query Pins($after: Cursor) {
    pins(first: 100, after: $after) {
      edges {
        node {
          id
          name
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`

const REMOVE_PIN = gql`
  mutation RemovePin($input: RemovePinInput!) {
    removePin(input: $input) {
      pinId
      error {
        code
      }
    }
  }
`

const client = new Client({ url: PINQL_URL, exchanges: [cache, fetchExchange] })

const pins = () => client.readQuery(PINS, {})?.data?.pins

async function read(after: string | null | undefined): Promise<void> {
  const { error } = await client.query(PINS, after ? { after } : {})
  if (error) throw error
}

await walk('urql', {
  start: () => read(null),
  next: () => read(pins()?.pageInfo.endCursor),
  removeFirst: () => client.mutation(REMOVE_PIN, { input: { id: pins()?.edges[0]?.node.id } }).toPromise(),
  shown: () => ({
    names: pins()?.edges.map(({ node }) => node.name) ?? [],
    hasNextPage: pins()?.pageInfo.hasNextPage ?? false,
  }),
})

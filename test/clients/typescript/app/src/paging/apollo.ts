// Pages a list with Apollo Client's relayStylePagination.
import { ApolloClient, gql, HttpLink, type TypedDocumentNode } from '@apollo/client'
import { filter, firstValueFrom } from 'rxjs'
import { PINQL_URL } from '../request.ts'
import { cache } from './apollo-cache.ts'
import { readSome } from './apollo-partial.ts'
import { type PagedList, walk } from './walk.ts'

interface Page {
  pins: {
    edges: { node: { id: string; name: string | null } }[]
    pageInfo: { hasNextPage: boolean; endCursor: string | null }
  }
}

const PINS: TypedDocumentNode<Page, { filter: { match: string }; after?: string | null }> = gql`
  query Pins($filter: PinFilter, $after: Cursor) {
    pins(filter: $filter, first: 100, after: $after) {
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

const REMOVE_PIN: TypedDocumentNode<
  { removePin: { pinId: string | null; error: { code: string } | null } },
  { input: { id: string } }
> = gql`
  mutation RemovePin($input: RemovePinInput!) {
    removePin(input: $input) {
      pinId
      error {
        code
      }
    }
  }
`

const client = new ApolloClient({ link: new HttpLink({ uri: PINQL_URL }), cache })
const list = client.watchQuery({ query: PINS, variables: { filter: { match: 'EXACT' } } })
const subscription = list.subscribe({})

const pins = () => (list.getCurrentResult().data as Page | undefined)?.pins
/** `fetchMore` resolves before the list has the new page. */
const settled = () => firstValueFrom(list.pipe(filter(({ loading }) => !loading)))

const pagedList: PagedList = {
  start: settled,
  async next() {
    await list.fetchMore({ variables: { after: pins()?.pageInfo.endCursor ?? null } })
    await settled()
  },
  async removeFirst() {
    const id = pins()?.edges[0]?.node.id ?? ''
    await client.mutate({
      mutation: REMOVE_PIN,
      variables: { input: { id } },
      update(cache, { data }) {
        // `relayStylePagination` leaves out edges whose pin is gone from the cache.
        if (data?.removePin.error === null) cache.evict({ id: cache.identify({ __typename: 'Pin', id }) ?? '' })
      },
    })
    await settled()
  },
  shown: () => ({
    names: pins()?.edges.map(({ node }) => node.name) ?? [],
    hasNextPage: pins()?.pageInfo.hasNextPage ?? false,
  }),
}

await walk('apollo', pagedList, async () => {
  const id = pins()?.edges[0]?.node.id ?? ''
  return { some: await readSome(client, [id, 'no id']) }
})
subscription.unsubscribe()
client.stop()

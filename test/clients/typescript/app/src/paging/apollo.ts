// Pages a list with Apollo Client's relayStylePagination.
import { ApolloClient, gql, HttpLink, type TypedDocumentNode } from '@apollo/client'
import { filter, firstValueFrom } from 'rxjs'
import { PINQL_URL } from '../request.ts'
import { cache } from './apollo-cache.ts'
import { readSome } from './apollo-partial.ts'
import {
  type Page,
  type PageVariables,
  PINS_TEXT,
  REMOVE_PIN_TEXT,
  type RemovePin,
  type RemovePinVariables,
} from './document.ts'
import { type PagedList, pageThrough } from './page-through.ts'

const PINS: TypedDocumentNode<Page, PageVariables> = gql(PINS_TEXT)
const REMOVE_PIN: TypedDocumentNode<RemovePin, RemovePinVariables> = gql(REMOVE_PIN_TEXT)

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
    const { data } = await client.mutate({
      mutation: REMOVE_PIN,
      variables: { input: { id } },
      update(cache, { data }) {
        // `relayStylePagination` leaves out edges whose pin is gone from the cache.
        const removedId = data?.removePin.removedId
        if (removedId) cache.evict({ id: cache.identify({ __typename: 'Pin', id: removedId }) ?? '' })
      },
    })
    await settled()
    return data?.removePin
  },
  shown: () => ({
    names: pins()?.edges.map(({ node }) => node.name) ?? [],
    hasNextPage: pins()?.pageInfo.hasNextPage ?? false,
  }),
}

await pageThrough('apollo', pagedList, async () => {
  const id = pins()?.edges[0]?.node.id ?? ''
  return { some: await readSome(client, [id, 'no id']) }
})
subscription.unsubscribe()
client.stop()

// Pages a list with relayPagination of urql's normalized cache.
import { Client, fetchExchange, gql, type TypedDocumentNode } from '@urql/core'
import { PINQL_URL } from '../request.ts'
import {
  type Page,
  type PageVariables,
  PINS_TEXT,
  REMOVE_PIN_TEXT,
  type RemovePin,
  type RemovePinVariables,
} from './document.ts'
import { pageThrough } from './page-through.ts'
import { cache } from './urql-cache.ts'

const PINS: TypedDocumentNode<Page, PageVariables> = gql(PINS_TEXT)
const REMOVE_PIN: TypedDocumentNode<RemovePin, RemovePinVariables> = gql(REMOVE_PIN_TEXT)

const client = new Client({ url: PINQL_URL, exchanges: [cache, fetchExchange] })

const pins = () => client.readQuery(PINS, {})?.data?.pins

async function read(after: string | null | undefined): Promise<void> {
  const { error } = await client.query(PINS, after ? { after } : {})
  if (error) throw error
}

await pageThrough('urql', {
  start: () => read(null),
  next: () => read(pins()?.pageInfo.endCursor),
  async removeFirst() {
    const { data } = await client.mutation(REMOVE_PIN, { input: { id: pins()?.edges[0]?.node.id ?? '' } })
    return data?.removePin
  },
  shown: () => ({
    names: pins()?.edges.map(({ node }) => node.name) ?? [],
    hasNextPage: pins()?.pageInfo.hasNextPage ?? false,
  }),
})

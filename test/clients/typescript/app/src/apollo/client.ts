// Apollo Client 4 with its normalized cache, and the documents of graphql-codegen.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client'
import { GraphQLWsLink } from '@apollo/client/link/subscriptions'
import { getMainDefinition } from '@apollo/client/utilities'
import {
  AddPinDocument,
  FollowPinsDocument,
  ListPinsDocument,
  ReadPinDocument,
  RemovePinDocument,
  ReplacePinDocument,
} from '../codegen/generated/graphql.ts'
import { PINQL_URL, sockets } from '../request.ts'
import { runSteps } from '../steps.ts'

const link = ApolloLink.split(
  ({ query }) => {
    const definition = getMainDefinition(query)
    return definition.kind === 'OperationDefinition' && definition.operation === 'subscription'
  },
  new GraphQLWsLink(sockets),
  new HttpLink({ uri: PINQL_URL }),
)
const client = new ApolloClient({ link, cache: new InMemoryCache() })

await runSteps('apollo', {
  listPins: async (variables) => data(await client.query({ query: ListPinsDocument, variables })).pins,
  readPin: async (variables) => data(await client.query({ query: ReadPinDocument, variables })).pin,
  addPin: async (input) => data(await client.mutate({ mutation: AddPinDocument, variables: { input } })).addPin,
  replacePin: async (input) =>
    data(await client.mutate({ mutation: ReplacePinDocument, variables: { input } })).replacePin,
  removePin: async (input) =>
    data(await client.mutate({ mutation: RemovePinDocument, variables: { input } })).removePin,
  followPins(variables, { next, error }) {
    const subscription = client.subscribe({ query: FollowPinsDocument, variables }).subscribe({
      next: (result) => (result.error ? error(result.error) : next(result.data?.pinStatusChanged)),
      error,
    })
    return () => subscription.unsubscribe()
  },
})
client.stop()

function data<Data>(result: { data?: Data | undefined }): Data {
  if (result.data === undefined) throw new Error('a result without data')
  return result.data
}

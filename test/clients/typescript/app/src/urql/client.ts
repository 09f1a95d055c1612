// urql with its normalized cache (graphcache), and the documents of gql.tada.
import { Client, fetchExchange, subscriptionExchange } from '@urql/core'
import { cacheExchange } from '@urql/exchange-graphcache'
import { ADD_PIN, FOLLOW_PINS, LIST_PINS, READ_PIN, REMOVE_PIN, REPLACE_PIN } from '../gql-tada/documents.ts'
import { PINQL_URL, sockets } from '../request.ts'
import { runSteps } from '../steps.ts'

const client = new Client({
  url: PINQL_URL,
  exchanges: [
    cacheExchange({}),
    fetchExchange,
    subscriptionExchange({
      forwardSubscription: ({ query, ...rest }) => ({
        subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ query: query ?? '', ...rest }, sink) }),
      }),
    }),
  ],
})

await runSteps('urql', {
  listPins: async (variables) => data(await client.query(LIST_PINS, variables)).pins,
  readPin: async (variables) => data(await client.query(READ_PIN, variables)).pin,
  addPin: async (input) => data(await client.mutation(ADD_PIN, { input })).addPin,
  replacePin: async (input) => data(await client.mutation(REPLACE_PIN, { input })).replacePin,
  removePin: async (input) => data(await client.mutation(REMOVE_PIN, { input })).removePin,
  followPins(variables, { next, error }) {
    const subscription = client
      .subscription(FOLLOW_PINS, variables)
      .subscribe((result) => (result.error ? error(result.error) : next(result.data?.pinStatusChanged)))
    return () => subscription.unsubscribe()
  },
})

function data<Data>({ data, error }: { data?: Data | undefined; error?: Error | undefined }): Data {
  if (error) throw error
  if (data === undefined) throw new Error('a result without data')
  return data
}

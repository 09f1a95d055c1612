// Pages a list with Relay's @connection and @refetchable: what usePaginationFragment does, without React.
import {
  commitMutation,
  createOperationDescriptor,
  fetchQuery,
  getPaginationMetadata,
  getPaginationVariables,
  getSingularSelector,
  type SingularReaderSelector,
} from 'relay-runtime'
import { createEnvironment } from '../relay/environment.ts'
import fragment, { type pinList_query$data } from '../relay/generated/pinList_query.graphql'
import nextQuery, { type pinListPaginationQuery } from '../relay/generated/pinListPaginationQuery.graphql'
import firstQuery, { type pinListQuery } from '../relay/generated/pinListQuery.graphql'
import removePin, { type pinListRemoveMutation } from '../relay/generated/pinListRemoveMutation.graphql'
import { pageThrough, type Removal } from './page-through.ts'

const variables = { filter: { match: 'EXACT' } } as const
const environment = createEnvironment()
const first = createOperationDescriptor(firstQuery, variables)
environment.retain(first)

function pins(): pinList_query$data['pins'] {
  const root = environment.lookup(first.fragment).data
  const selector = getSingularSelector(fragment, root) as SingularReaderSelector
  return (environment.lookup(selector).data as unknown as pinList_query$data).pins
}

await pageThrough('relay', {
  start: () => fetchQuery<pinListQuery>(environment, firstQuery, variables).toPromise(),
  next() {
    const { paginationMetadata } = getPaginationMetadata(fragment, 'paging')
    const cursor = pins().pageInfo.endCursor
    const page = getPaginationVariables('forward', 100, cursor, {}, variables, paginationMetadata)
    return fetchQuery<pinListPaginationQuery>(environment, nextQuery, page).toPromise()
  },
  removeFirst: () => remove(pins().edges[0]?.node.id ?? ''),
  shown: () => ({
    names: pins().edges.map(({ node }) => node.name),
    hasNextPage: pins().pageInfo.hasNextPage,
  }),
})

function remove(id: string): Promise<Removal> {
  return new Promise((resolve, onError) => {
    commitMutation<pinListRemoveMutation>(environment, {
      mutation: removePin,
      variables: { input: { id }, connections: [pins().__id] },
      onCompleted: ({ removePin }) => resolve(removePin),
      onError,
    })
  })
}

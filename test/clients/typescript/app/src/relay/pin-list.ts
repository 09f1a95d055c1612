// As documents.ts: the texts that relay-compiler reads.
import { graphql } from 'relay-runtime'

void graphql`
  query pinListQuery($filter: PinFilter) {
    ...pinList_query @arguments(filter: $filter)
  }
`

void graphql`
  fragment pinList_query on Query
  @refetchable(queryName: "pinListPaginationQuery")
  @argumentDefinitions(
    count: { type: "Int", defaultValue: 100 }
    cursor: { type: "Cursor" }
    filter: { type: "PinFilter" }
  ) {
    pins(first: $count, after: $cursor, filter: $filter) @connection(key: "pinList_pins", filters: ["filter"]) {
      __id
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

void graphql`
  mutation pinListRemoveMutation($input: RemovePinInput!, $connections: [ID!]!) {
    removePin(input: $input) {
      removedId @deleteEdge(connections: $connections)
      error {
        code
      }
    }
  }
`

// The documents that Apollo Client and urql page with. Each client parses the text by its own `gql`.

export interface Page {
  pins: {
    edges: { node: { id: string; name: string | null } }[]
    pageInfo: { hasNextPage: boolean; endCursor: string | null }
  }
}

export interface PageVariables {
  filter?: { match: string }
  after?: string | null
}

export const PINS_TEXT = `
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

export interface RemovePin {
  removePin: { removedId: string | null; error: { code: string } | null }
}

export interface RemovePinVariables {
  input: { id: string }
}

export const REMOVE_PIN_TEXT = `
  mutation RemovePin($input: RemovePinInput!) {
    removePin(input: $input) {
      removedId
      error {
        code
      }
    }
  }
`

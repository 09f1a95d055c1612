import { graphql } from './graphql.ts'

const PIN_PARTS = graphql(`
  fragment PinParts on Pin {
    id
    cid
    name
    meta
    status
  }
`)

const ERROR_PARTS = graphql(`
  fragment ErrorParts on Error {
    code
    message
    service
    argument
    retryAfterMs
  }
`)

export const LIST_PINS = graphql(
  `
    query ListPins($filter: PinFilter, $first: Int, $after: Cursor) {
      pins(filter: $filter, first: $first, after: $after) {
        nodes {
          ...PinParts
        }
        pageInfo {
          hasNextPage
          endCursor
        }
      }
    }
  `,
  [PIN_PARTS],
)

export const READ_PIN = graphql(
  `
    query ReadPin($id: ID, $requestId: String) {
      pin(id: $id, requestId: $requestId) {
        ...PinParts
      }
    }
  `,
  [PIN_PARTS],
)

export const ADD_PIN = graphql(
  `
    mutation AddPin($input: AddPinInput!) {
      addPin(input: $input) {
        pin {
          ...PinParts
        }
        error {
          ...ErrorParts
        }
      }
    }
  `,
  [PIN_PARTS, ERROR_PARTS],
)

export const REPLACE_PIN = graphql(
  `
    mutation ReplacePin($input: ReplacePinInput!) {
      replacePin(input: $input) {
        pin {
          ...PinParts
        }
        error {
          ...ErrorParts
        }
      }
    }
  `,
  [PIN_PARTS, ERROR_PARTS],
)

export const REMOVE_PIN = graphql(
  `
    mutation RemovePin($input: RemovePinInput!) {
      removePin(input: $input) {
        removedId
        error {
          ...ErrorParts
        }
      }
    }
  `,
  [ERROR_PARTS],
)

export const FOLLOW_PINS = graphql(
  `
    subscription FollowPins($ids: [ID!]!, $kinds: [PinEventKind!]) {
      pinStatusChanged(ids: $ids, kinds: $kinds) {
        kind
        pin {
          ...PinParts
        }
        error {
          ...ErrorParts
        }
      }
    }
  `,
  [PIN_PARTS, ERROR_PARTS],
)

// The texts that relay-compiler reads. They are never run: where an app has the compiler's plugin for Babel or SWC, the plugin
// puts the generated file in the place of each text. client.ts imports the generated files by itself.
import { graphql } from 'relay-runtime'

void graphql`
  fragment documents_pin on Pin {
    id
    cid
    name
    meta
    status
  }
`

void graphql`
  fragment documents_error on Error {
    code
    message
    service
    argument
    retryAfterMs
  }
`

void graphql`
  query documentsListPinsQuery($filter: PinFilter, $first: Int, $after: Cursor) {
    pins(filter: $filter, first: $first, after: $after) {
      nodes {
        ...documents_pin @relay(mask: false)
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`

void graphql`
  query documentsReadPinQuery($id: ID, $requestId: String) {
    pin(id: $id, requestId: $requestId) @catch {
      ...documents_pin @relay(mask: false)
    }
  }
`

void graphql`
  mutation documentsAddPinMutation($input: AddPinInput!) {
    addPin(input: $input) {
      pin {
        ...documents_pin @relay(mask: false)
      }
      error {
        ...documents_error @relay(mask: false)
      }
    }
  }
`

void graphql`
  mutation documentsReplacePinMutation($input: ReplacePinInput!) {
    replacePin(input: $input) {
      pin {
        ...documents_pin @relay(mask: false)
      }
      error {
        ...documents_error @relay(mask: false)
      }
    }
  }
`

void graphql`
  mutation documentsRemovePinMutation($input: RemovePinInput!) {
    removePin(input: $input) {
      removedId @deleteRecord
      error {
        ...documents_error @relay(mask: false)
      }
    }
  }
`

void graphql`
  subscription documentsFollowPinsSubscription($ids: [ID!]!, $kinds: [PinEventKind!]) {
    pinStatusChanged(ids: $ids, kinds: $kinds) {
      kind
      pin {
        ...documents_pin @relay(mask: false)
      }
      error {
        ...documents_error @relay(mask: false)
      }
    }
  }
`

import { ERROR_FIELDS, FAILURE_FIELDS } from './expected-errors.ts'

/** One document for each operation that can fail; the field is named `result` in all of them. */
export const OPERATION_DOCUMENTS = {
  pin: `query ($id: ID, $requestId: String, $service: String) {
    result: pin(id: $id, requestId: $requestId, service: $service) { id }
  }`,
  pins: `query ($services: [String!], $filter: PinFilter, $first: Int, $after: Cursor) {
    result: pins(services: $services, filter: $filter, first: $first, after: $after) { nodes { id } }
  }`,
  addPin: `mutation ($input: AddPinInput!) { result: addPin(input: $input) { ${FAILURE_FIELDS} } }`,
  replacePin: `mutation ($input: ReplacePinInput!) {
    result: replacePin(input: $input) { ${FAILURE_FIELDS} replacedId }
  }`,
  removePin: `mutation ($input: RemovePinInput!) {
    result: removePin(input: $input) { pinId pin { id } error { ${ERROR_FIELDS} } }
  }`,
} as const

/** A replacement with everything that its payload shows. */
export const REPLACE = `mutation ($input: ReplacePinInput!) {
  replacePin(input: $input) {
    pin { id cid name origins meta }
    replacedId
    error { ${ERROR_FIELDS} }
    idempotencyKey
    candidates { id }
  }
}`

export type Operation = keyof typeof OPERATION_DOCUMENTS

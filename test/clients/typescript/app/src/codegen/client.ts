// graphql-codegen's client preset. Its documents are typed, so any client that takes a TypedDocumentNode can send them.
import { request, subscribe } from '../request.ts'
import { runSteps } from '../steps.ts'
import {
  AddPinDocument,
  FollowPinsDocument,
  ListPinsDocument,
  ReadPinDocument,
  RemovePinDocument,
  ReplacePinDocument,
} from './generated/graphql.ts'

await runSteps('graphql-codegen', {
  listPins: async (variables) => (await request(ListPinsDocument, variables)).pins,
  readPin: async (variables) => (await request(ReadPinDocument, variables)).pin,
  addPin: async (input) => (await request(AddPinDocument, { input })).addPin,
  replacePin: async (input) => (await request(ReplacePinDocument, { input })).replacePin,
  removePin: async (input) => (await request(RemovePinDocument, { input })).removePin,
  followPins: (variables, { next, error }) =>
    subscribe(FollowPinsDocument, variables, { next: (data) => next(data.pinStatusChanged), error }),
})

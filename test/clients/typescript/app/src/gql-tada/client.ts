// gql.tada infers the types of documents from their text.
import { request, subscribe } from '../request.ts'
import { runSteps } from '../steps.ts'
import { ADD_PIN, FOLLOW_PINS, LIST_PINS, READ_PIN, REMOVE_PIN, REPLACE_PIN } from './documents.ts'

await runSteps('gql.tada', {
  listPins: async (variables) => (await request(LIST_PINS, variables)).pins,
  readPin: async (variables) => (await request(READ_PIN, variables)).pin,
  addPin: async (input) => (await request(ADD_PIN, { input })).addPin,
  replacePin: async (input) => (await request(REPLACE_PIN, { input })).replacePin,
  removePin: async (input) => (await request(REMOVE_PIN, { input })).removePin,
  followPins: (variables, { next, error }) =>
    subscribe(FOLLOW_PINS, variables, { next: (data) => next(data.pinStatusChanged), error }),
})

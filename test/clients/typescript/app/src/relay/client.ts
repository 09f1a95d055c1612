// Relay without React: relay-compiler's files and relay-runtime.
import {
  commitMutation,
  fetchQuery,
  type GraphQLTaggedNode,
  isErrorResult,
  type MutationParameters,
  requestSubscription,
} from 'relay-runtime'
import { runSteps } from '../steps.ts'
import { createEnvironment } from './environment.ts'
import addPin, { type documentsAddPinMutation } from './generated/documentsAddPinMutation.graphql'
import followPins, { type documentsFollowPinsSubscription } from './generated/documentsFollowPinsSubscription.graphql'
import listPins, { type documentsListPinsQuery } from './generated/documentsListPinsQuery.graphql'
import readPin, { type documentsReadPinQuery } from './generated/documentsReadPinQuery.graphql'
import removePin, { type documentsRemovePinMutation } from './generated/documentsRemovePinMutation.graphql'
import replacePin, { type documentsReplacePinMutation } from './generated/documentsReplacePinMutation.graphql'

const environment = createEnvironment()

await runSteps('relay', {
  listPins: async (variables) =>
    (await fetchQuery<documentsListPinsQuery>(environment, listPins, variables).toPromise())?.pins ?? fail(),
  async readPin(variables) {
    const result = await fetchQuery<documentsReadPinQuery>(environment, readPin, variables).toPromise()
    if (!result || isErrorResult(result.pin)) throw result?.pin
    return result.pin.value
  },
  addPin: async (input) => (await commit<documentsAddPinMutation>(addPin, { input })).addPin,
  replacePin: async (input) => (await commit<documentsReplacePinMutation>(replacePin, { input })).replacePin,
  async removePin(input) {
    const payload = (await commit<documentsRemovePinMutation>(removePin, { input })).removePin
    const state = environment.getStore().getSource().getStatus(input.id)
    if (state !== 'NONEXISTENT') throw new Error(`expected that @deleteRecord deletes the pin, got ${state}`)
    return payload
  },
  followPins(variables, { next, error }) {
    const subscription = requestSubscription<documentsFollowPinsSubscription>(environment, {
      subscription: followPins,
      variables,
      onNext: (data) => next(data?.pinStatusChanged),
      onError: error,
    })
    return () => subscription.dispose()
  },
})

function commit<Mutation extends MutationParameters>(
  mutation: GraphQLTaggedNode,
  variables: Mutation['variables'],
): Promise<Mutation['response']> {
  return new Promise((onCompleted, onError) => {
    commitMutation<Mutation>(environment, { mutation, variables, onCompleted, onError })
  })
}

function fail(): never {
  throw new Error('a result without data')
}

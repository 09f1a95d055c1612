import { GraphQLError } from 'graphql'
import type { Plugin } from './yoga.ts'

/** Refuses subscriptions, which are live status's alone: here they would have no limits, and no end when the gateway stops. */
export function useNoSubscriptions(): Plugin {
  return {
    onSubscribe({ setResultAndStopExecution }) {
      const message = 'Expected text/event-stream among the types in accept, or a WebSocket, for a subscription'
      const extensions = { code: 'BAD_REQUEST', http: { status: 406 } }
      setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions })] })
    },
  }
}

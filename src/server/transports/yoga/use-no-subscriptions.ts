import { GraphQLError } from 'graphql'
import type { Plugin } from './yoga.ts'

/** Refuses subscriptions. Yoga's event streams would have no limits, and would not end when the gateway stops. */
export function useNoSubscriptions(): Plugin {
  return {
    onSubscribe({ setResultAndStopExecution }) {
      const message = 'Expected text/event-stream among the types in accept, or a WebSocket, for a subscription'
      const extensions = { code: 'BAD_REQUEST', http: { status: 406 } }
      setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions })] })
    },
  }
}

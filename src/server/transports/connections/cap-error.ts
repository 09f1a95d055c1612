import { GraphQLError } from 'graphql'
import type { CapExceeded } from './connection-caps.ts'

/** Words for clients, which name the limits as the settings do. */
const SCOPES = { connection: 'socket', caller: 'tenant', address: 'address' } as const satisfies Record<
  CapExceeded['scope'],
  string
>

/** Makes the error that a client gets when its operation would exceed a limit. */
export function capError({ scope, limit, of }: CapExceeded): GraphQLError {
  const counted = of === 'operations' ? 'operations at a time' : 'operations started per second'
  return new GraphQLError(`Expected at most ${limit} ${counted} for one ${SCOPES[scope]}`, {
    extensions: {
      code: of === 'operations' ? 'TOO_MANY_OPERATIONS' : 'TOO_MANY_STARTS',
      scope: SCOPES[scope],
      limit,
    },
  })
}

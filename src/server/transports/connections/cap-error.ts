import { GraphQLError } from 'graphql'
import type { CapExceeded } from './connection-caps.ts'

/** Why an operation was not begun, as its caller sees it. */
export function capError({ scope, limit, of }: CapExceeded): GraphQLError {
  const what = of === 'operations' ? 'operations at a time' : 'operations begun a second'
  return new GraphQLError(`Expected at most ${limit} ${what} for one ${scope}`, {
    extensions: { code: of === 'operations' ? 'TOO_MANY_OPERATIONS' : 'TOO_MANY_STARTS', scope, limit },
  })
}

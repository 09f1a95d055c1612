import { GraphQLError } from 'graphql'

/** Makes the error of an operation that exceeded its deadline. */
export function requestTimeoutError(timeoutMs: number): GraphQLError {
  return new GraphQLError(`Not finished within ${timeoutMs} ms, the longest that a request may take here`, {
    extensions: { code: 'REQUEST_TIMEOUT', timeoutMs },
  })
}

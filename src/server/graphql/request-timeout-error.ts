import { GraphQLError } from 'graphql'

/** Why an operation that took too long was aborted. */
export function requestTimeoutError(timeoutMs: number): GraphQLError {
  return new GraphQLError(`Not finished within ${timeoutMs} ms, the longest that a request may take here`, {
    extensions: { code: 'REQUEST_TIMEOUT', timeoutMs },
  })
}

import type { ApiError } from 'pinql/client'

/** Returns the message for the user. */
export function explain(error: ApiError): string {
  switch (error.code) {
    case 'BAD_REQUEST':
      return error.argument === null
        ? error.message
        : `${error.argument}: expected ${error.expected}, got ${error.received}`
    case 'UNKNOWN_SERVICE':
      return `Choose one of ${error.known.join(', ')}`
    case 'RATE_LIMITED':
      return `${error.service} accepts no request for ${Math.ceil(error.retryAfterMs / 1_000)} s`
    case 'UNAUTHORIZED':
    case 'INSUFFICIENT_FUNDS':
      return `Check your account at ${error.service}`
    case 'OTHER':
      // A code of a later version, a code of GraphQL, or a failure of the network, whose code is ''.
      return error.originalCode === 'REQUEST_TIMEOUT' ? 'That took too long' : error.message
    default:
      return error.message
  }
}

import type { GraphQLError } from 'graphql'

/** graphql-js repeats names and values of the request whole, which may have megabytes. */
const MAX_LENGTH = 1_000
const SUGGESTION = ' Did you mean '

/**
 * Shortens the message of an error, and removes the names of the schema that it suggests unless clients may see them. Changes the error.
 *
 * graphql-js puts suggestions at the end of a message. They have only names of the schema in them, so the last `Did you mean` is theirs.
 */
export function tidyMessage(error: GraphQLError, showsSuggestions: boolean): GraphQLError {
  let { message } = error
  const at = showsSuggestions ? -1 : message.lastIndexOf(SUGGESTION)
  if (at !== -1) message = message.slice(0, at)
  if (message.length > MAX_LENGTH) message = `${message.slice(0, MAX_LENGTH)}…`
  if (message !== error.message) error.message = message
  return error
}

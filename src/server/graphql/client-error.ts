import { GraphQLError } from 'graphql'
import { errorFieldsOf } from '../../domain/error-fields.ts'
import { PinqlError } from '../../domain/errors.ts'
import { UnexpectedError } from '../../domain/unexpected-error.ts'
import type { Logger } from '../../observability/logger.ts'
import { tidyMessage } from './tidy-message.ts'

/**
 * Makes of an error the one that a client may see.
 *
 * - A mistake in the request keeps the words of GraphQL.
 * - A domain error gets `extensions.code` and the other fields of `Error` that apply, such as `retryAfterMs`.
 *
 * @returns null for anything else, which is a bug: its message is not for clients
 */
export function clientErrorOf(error: unknown): GraphQLError | null {
  if (error instanceof PinqlError) return new GraphQLError(error.message, { extensions: extensionsOf(error) })
  if (!(error instanceof GraphQLError)) return null
  const { originalError: original } = error
  if (original === undefined || original === null) return error
  const seen = clientErrorOf(original)
  // For a variable, only the outer error names the variable.
  const message = original instanceof GraphQLError && !error.path ? error.message : seen?.message
  return seen && placedLike(error, message ?? seen.message, seen.extensions)
}

/** Makes the error that a client sees in place of a bug: it has the path, and the request id under which the log has more. */
export function maskedErrorOf(error: unknown, requestId: string | null): GraphQLError {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', ...(requestId === null ? {} : { requestId }), unexpected: true }
  const message = 'Unexpected error.'
  return error instanceof GraphQLError
    ? placedLike(error, message, extensions)
    : new GraphQLError(message, { extensions })
}

/**
 * Makes of an operation's errors those that a client may see. Each bug is masked, and logged once under its request id: that of an
 * element was logged when it happened.
 *
 * An error without a path concerns the request as a whole, such as its variables.
 *
 * @param options.isAborted true when the client has gone away. Fields that were in flight fail then, which is no bug.
 * @param options.isForYoga true: errors have `extensions.http`, from which Yoga derives the status. Yoga removes it again.
 * @param options.showsSuggestions false: messages suggest no names of the schema. Default true.
 */
export function visibleErrors(
  errors: readonly unknown[],
  options: { requestId: string; isAborted: boolean; isForYoga?: boolean; showsSuggestions?: boolean; log: Logger },
): GraphQLError[] {
  const { requestId, isAborted, isForYoga = false, showsSuggestions = true, log } = options
  const finish = isForYoga ? withStatus : withoutInternals
  return errors.map((error) => {
    const seen = clientErrorOf(error)
    if (seen) return finish(tidyMessage(withUsualCode(seen), showsSuggestions))
    const { originalError, path } = error instanceof GraphQLError ? error : { originalError: null, path: undefined }
    const bug = originalError ?? error
    if (!isAborted && !(bug instanceof UnexpectedError)) log.error({ err: bug, requestId, path }, 'Unexpected error')
    return finish(maskedErrorOf(error, requestId))
  })
}

/** Adds the usual code to an error of the request as a whole that has none: GraphQL found it, or a variable is wrong. */
function withUsualCode(error: GraphQLError): GraphQLError {
  if (error.path || error.extensions.code !== undefined) return error
  // graphql-js gives syntax errors a position, and all other errors nodes.
  const isUnreadable = error.source !== undefined && !error.nodes?.length
  const code = isUnreadable ? 'GRAPHQL_PARSE_FAILED' : 'BAD_REQUEST'
  return placedLike(error, error.message, { ...error.extensions, code })
}

/** Adds the status of a document that does not fit the schema: 400, but 200 for the older `application/json`. */
function withStatus(error: GraphQLError): GraphQLError {
  if (error.path || error.extensions.code !== 'BAD_REQUEST') return error
  const { status = 400 } = (error.extensions.http ?? {}) as { status?: number }
  if (status !== 400) return error
  return placedLike(error, error.message, { ...error.extensions, http: { spec: true, status: 400 } })
}

/** Removes the extensions that are for servers. */
function withoutInternals(error: GraphQLError): GraphQLError {
  const { http, originalError, unexpected, ...extensions } = error.extensions
  const isClean = http === undefined && originalError === undefined && unexpected === undefined
  return isClean ? error : placedLike(error, error.message, extensions)
}

function placedLike(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  const { nodes, source, positions, path } = error
  return new GraphQLError(message, { nodes: nodes ?? null, source, positions, path, extensions })
}

/** Returns the fields of `Error` that apply, except the message. */
function extensionsOf(error: PinqlError): Record<string, unknown> {
  const { message: _, ...fields } = errorFieldsOf(error)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

import { GraphQLError } from 'graphql'
import { errorFieldsOf } from '../../domain/error-fields.ts'
import { PinqlError } from '../../domain/errors.ts'
import type { Logger } from '../../observability/logger.ts'

/**
 * What a client may see of an error that left a field.
 *
 * - A mistake in the request stays as GraphQL words it.
 * - A domain error becomes one with `extensions.code` and the other fields of `Error` that apply, such as `retryAfterMs`.
 *
 * @returns null for anything else: a bug, whose message is nobody's business
 */
export function clientErrorOf(error: unknown): GraphQLError | null {
  if (error instanceof PinqlError) return new GraphQLError(error.message, { extensions: extensionsOf(error) })
  if (!(error instanceof GraphQLError)) return null
  const { originalError: original } = error
  if (original === undefined || original === null) return error
  const seen = clientErrorOf(original)
  // Of a variable, only what is around it tells which one.
  const message = original instanceof GraphQLError && !error.path ? error.message : seen?.message
  return seen && placedLike(error, message ?? seen.message, seen.extensions)
}

/** The stand-in for a bug: where it happened, and the id under which the log tells more. */
export function maskedErrorOf(error: unknown, requestId: string | null): GraphQLError {
  const extensions = { code: 'INTERNAL_SERVER_ERROR', ...(requestId === null ? {} : { requestId }), unexpected: true }
  const message = 'Unexpected error.'
  return error instanceof GraphQLError
    ? placedLike(error, message, extensions)
    : new GraphQLError(message, { extensions })
}

/**
 * What a client may see of an operation's errors, each bug masked, and logged once under its request id.
 *
 * An error without a path is of the request as a whole, such as of its variables.
 *
 * @param options.isAborted true when the client has gone away, which fails what was under way and is no bug
 * @param options.isForYoga keeps and adds what Yoga makes the status of, and takes out by itself
 */
export function visibleErrors(
  errors: readonly unknown[],
  options: { requestId: string; isAborted: boolean; isForYoga?: boolean; log: Logger },
): GraphQLError[] {
  const { requestId, isAborted, isForYoga = false, log } = options
  const finish = isForYoga ? withStatus : withoutInternals
  return errors.map((error) => {
    const seen = clientErrorOf(error)
    if (seen) return finish(withCode(seen))
    const { originalError, path } = error instanceof GraphQLError ? error : { originalError: null, path: undefined }
    if (!isAborted) log.error({ err: originalError ?? error, requestId, path }, 'Unexpected error')
    return finish(maskedErrorOf(error, requestId))
  })
}

function withCode(error: GraphQLError): GraphQLError {
  if (error.path || error.extensions.code !== undefined) return error
  // graphql-js places what it cannot read at a position, and everything else at nodes.
  const isUnreadable = error.source !== undefined && !error.nodes?.length
  const code = isUnreadable ? 'GRAPHQL_PARSE_FAILED' : 'BAD_REQUEST'
  return placedLike(error, error.message, { ...error.extensions, code })
}

/** The same as for a document that does not fit the schema: 400, but 200 in the older `application/json`. */
function withStatus(error: GraphQLError): GraphQLError {
  if (error.path || error.extensions.code !== 'BAD_REQUEST') return error
  const { status = 400 } = (error.extensions.http ?? {}) as { status?: number }
  if (status !== 400) return error
  return placedLike(error, error.message, { ...error.extensions, http: { spec: true, status: 400 } })
}

/** Without what is meant for a server, and not for clients. */
function withoutInternals(error: GraphQLError): GraphQLError {
  const { http, originalError, unexpected, ...extensions } = error.extensions
  const isClean = http === undefined && originalError === undefined && unexpected === undefined
  return isClean ? error : placedLike(error, error.message, extensions)
}

function placedLike(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  const { nodes, source, positions, path } = error
  return new GraphQLError(message, { nodes: nodes ?? null, source, positions, path, extensions })
}

/** The fields of `Error` that apply; the message is the error's own. */
function extensionsOf(error: PinqlError): Record<string, unknown> {
  const { message: _, ...fields } = errorFieldsOf(error)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null))
}

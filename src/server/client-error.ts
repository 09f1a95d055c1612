import { GraphQLError } from 'graphql'
import { PinqlError } from '../domain/errors.ts'
import type { Logger } from '../observability/logger.ts'

/**
 * What a client may see of an error that left a field.
 *
 * - A mistake in the request stays as GraphQL words it.
 * - A domain error becomes one with `extensions.code` and the error's public fields, such as `service` or `retryAfterMs`.
 *
 * @returns null for anything else: a bug, whose message is nobody's business
 */
export function clientErrorOf(error: unknown): GraphQLError | null {
  if (error instanceof PinqlError) return new GraphQLError(error.message, { extensions: publicFieldsOf(error) })
  if (!(error instanceof GraphQLError)) return null
  const { originalError: original } = error
  if (original === undefined || original === null) return error
  const seen = clientErrorOf(original)
  return seen && placedLike(error, seen.message, seen.extensions)
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
 * @param options.isAborted true when the client has gone away, which fails what was under way and is no bug
 */
export function visibleErrors(
  errors: readonly unknown[],
  options: { requestId: string; isAborted: boolean; log: Logger },
): GraphQLError[] {
  const { requestId, isAborted, log } = options
  return errors.map((error) => {
    const seen = clientErrorOf(error)
    if (seen) return seen
    const { originalError, path } = error instanceof GraphQLError ? error : { originalError: null, path: undefined }
    if (!isAborted) log.error({ err: originalError ?? error, requestId, path }, 'Unexpected error')
    return maskedErrorOf(error, requestId)
  })
}

function placedLike(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  const { nodes, source, positions, path } = error
  return new GraphQLError(message, { nodes: nodes ?? null, source, positions, path, extensions })
}

function publicFieldsOf(error: PinqlError): Record<string, unknown> {
  const { name: _, cause: __, ...fields } = { ...error, code: error.code }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
}

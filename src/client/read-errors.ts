import type { ApiError } from './api-error.ts'
import { isObject, readError } from './read-error.ts'

/** Where clients keep the list of GraphQL's errors: Apollo and plain results, urql. */
const LISTS = ['errors', 'graphQLErrors'] as const
/** Where clients keep the object that has the list: results of Apollo and urql, Relay, and wrapped errors. */
const HOLDERS = ['error', 'networkError', 'source', 'cause'] as const
/** Deeper than any client nests; an object may contain itself. */
const MAX_DEPTH = 5

/**
 * Reads all errors of a result, or of whatever a GraphQL client threw or handed to an error callback.
 *
 * Never throws. Takes a JSON result, `error` or the whole result of Apollo Client and urql, an error that Relay threw, what
 * graphql-ws hands to `error` (a list, an `Error` or a close event), a payload, and a list of payloads.
 *
 * @returns the errors in their order. Empty for a result without errors. A failure of the network is one `OTHER`.
 *
 * @example
 * const { data, error } = await client.query({ query: PIN, variables: { id } })
 * for (const each of readErrors(error)) {
 *   if (each.code === 'PIN_NOT_FOUND') showGone(each.service)
 * }
 */
export function readErrors(source: unknown): ApiError[] {
  try {
    const list = findList(source, 0)
    if (list) return list.flatMap(readElement)
    if (isObject(source) && !isErrorLike(source)) return isErrorLike(source.error) ? read(source.error) : []
  } catch {
    // The object throws when its fields are read. `readError` reports that.
  }
  return read(source)
}

/** The first list of errors in this object or in the objects that hold it. */
function findList(source: unknown, depth: number): readonly unknown[] | null {
  if (depth > MAX_DEPTH) return null
  if (Array.isArray(source)) return source
  if (!isObject(source)) return null
  for (const key of LISTS) {
    const list = source[key]
    if (Array.isArray(list) && list.length > 0 && !list.every(isOfNetwork)) return list
  }
  for (const key of HOLDERS) {
    const list = isObject(source[key]) ? findList(source[key], depth + 1) : null
    if (list) return list
  }
  return findList(parseBody(source.bodyText), depth + 1)
}

/** One of the failures of an `AggregateError`: each address of a host that could not be reached. */
function isOfNetwork(error: unknown): boolean {
  return error instanceof Error && !('extensions' in error) && !('path' in error)
}

/** Apollo Client keeps the body of a response with an HTTP status such as 403 as text. */
function parseBody(bodyText: unknown): unknown {
  try {
    return typeof bodyText === 'string' ? JSON.parse(bodyText) : null
  } catch {
    return null
  }
}

/** An element is an error, or a payload whose `error` may be null. */
function readElement(element: unknown): ApiError[] {
  try {
    if (isObject(element) && !isErrorLike(element) && 'error' in element) return read(element.error)
  } catch {
    // As above.
  }
  return read(element)
}

function read(error: unknown): ApiError[] {
  const one = readError(error)
  return one ? [one] : []
}

/** A result has `data`, and a payload has none of these fields. `type` is that of a browser's event, which has no message. */
function isErrorLike(value: unknown): boolean {
  if (!isObject(value)) return typeof value === 'string'
  if ('data' in value && !(value instanceof Error)) return false
  return typeof value.message === 'string' || 'code' in value || isObject(value.extensions) || value.type === 'error'
}

import type { ApiError } from './api-error.ts'
import { isObject, readError } from './read-error.ts'

/** Fields with the list of GraphQL's errors: of Apollo and plain results, and of urql. */
const LISTS = ['errors', 'graphQLErrors'] as const
/** Fields with the object that has the list: of results of Apollo and urql, of Relay, and of wrapped errors. */
const HOLDERS = ['error', 'networkError', 'source', 'cause'] as const
/** No client nests deeper. The limit is needed because an object may contain itself. */
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

/** Finds the first list of errors in this object, or in the objects that it holds. */
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

/** True for an error of the network: an `AggregateError` has one for each address of a host that could not be reached. */
function isOfNetwork(error: unknown): boolean {
  return error instanceof Error && !('extensions' in error) && !('path' in error)
}

/** Parses the body of a response with an HTTP status such as 403, which Apollo Client keeps as text. */
function parseBody(bodyText: unknown): unknown {
  try {
    return typeof bodyText === 'string' ? JSON.parse(bodyText) : null
  } catch {
    return null
  }
}

/** Reads an error, or a payload whose `error` may be null. */
function readElement(element: unknown): ApiError[] {
  try {
    if (isObject(element) && !isErrorLike(element) && 'error' in element) return read(element.error)
  } catch {
    // The object throws when its fields are read. `readError` reports that.
  }
  return read(element)
}

function read(error: unknown): ApiError[] {
  const one = readError(error)
  return one ? [one] : []
}

/**
 * True for an error, and false for a result or a payload. A result has `data`. A payload has none of the fields below. A
 * browser's event is an error that has a `type` and no message.
 */
function isErrorLike(value: unknown): boolean {
  if (!isObject(value)) return typeof value === 'string'
  if ('data' in value && !(value instanceof Error)) return false
  return typeof value.message === 'string' || 'code' in value || isObject(value.extensions) || value.type === 'error'
}

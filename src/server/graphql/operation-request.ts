import { GraphQLError } from 'graphql'
import { parseUntrustedJson } from '../../domain/untrusted-json.ts'

/** The parameters of a request, over any transport. */
export interface OperationRequest {
  readonly query: string
  readonly operationName?: string | null | undefined
  readonly variables?: Readonly<Record<string, unknown>> | null | undefined
  /** True if the answer shall have its cost in `extensions`: the request's own `extensions` have `"cost": true`. */
  readonly wantsCost?: boolean | undefined
}

const PARAMS = ['query', 'operationName', 'variables', 'extensions'] as const

/**
 * Checks the parameters of a request, in Yoga's words. An empty `operationName` is none. Unknown parameters are ignored, as GraphQL over
 * HTTP has it.
 *
 * @throws {GraphQLError} BAD_REQUEST; PERSISTED_QUERY_NOT_SUPPORTED where the query is named by its hash only
 */
export function checkOperationRequest(params: unknown): OperationRequest {
  if (Array.isArray(params)) throw badRequest('Batching is not supported.')
  if (!isRecord(params)) throw badRequest(`POST body is expected to be object but received ${typeName(params)}`)
  const { query, operationName, variables, extensions } = params
  if (!query && isRecord(extensions) && isRecord(extensions.persistedQuery)) throw persistedQueryNotSupported()
  if (query == null) throw badRequest('Must provide query string.')
  if (typeof query !== 'string')
    throw badRequest(`Expected "query" param to be a string, but given ${typeName(query)}.`)
  if (operationName != null && typeof operationName !== 'string')
    throw badRequest(`Expected "operationName" param to be empty or a string, but given ${typeName(operationName)}.`)
  for (const [name, value] of Object.entries({ variables, extensions })) {
    if (value != null && !isRecord(value))
      throw badRequest(`Expected "${name}" param to be empty or an object, but given ${typeName(value)}.`)
  }
  return {
    query,
    operationName: operationName || null,
    variables: (variables ?? null) as OperationRequest['variables'],
    wantsCost: isRecord(extensions) && extensions.cost === true,
  }
}

/**
 * Reads the parameters of a POST request, and does not check them.
 *
 * @throws {GraphQLError} BAD_REQUEST, when the body is no JSON, or is nested too deep
 */
export function paramsOfBody(body: string): unknown {
  try {
    return parseUntrustedJson(body)
  } catch (cause) {
    // In Yoga's words.
    throw badRequest('POST body sent invalid JSON.', { cause })
  }
}

/**
 * Reads the parameters of a GET request, and does not check them. Parameters without a value are left out.
 *
 * @param url may have no host
 * @throws {GraphQLError} BAD_REQUEST, when `variables` or `extensions` are no JSON
 */
export function paramsOfUrl(url: string): Record<string, unknown> {
  const { searchParams } = new URL(url, 'http://localhost')
  const params: Record<string, unknown> = {}
  for (const name of PARAMS) {
    const text = searchParams.get(name)
    // An empty query gets a syntax error, and not the error for a missing query.
    if (text || (text === '' && name === 'query'))
      params[name] = name === 'variables' || name === 'extensions' ? parseParam(name, text) : text
  }
  return params
}

/** Returns a text that is equal for equal requests. The order of keys in `variables` does not matter. */
export function canonicalRequest({ query, operationName, variables }: OperationRequest): string {
  return JSON.stringify([query, operationName ?? null, variables ?? {}], sortKeys)
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function parseParam(name: string, text: string): unknown {
  try {
    return parseUntrustedJson(text)
  } catch (cause) {
    throw badRequest(`Expected "${name}" param to be JSON.`, { cause })
  }
}

/** Makes the error for a malformed request: status 400 over HTTP. */
function badRequest(message: string, { cause }: { readonly cause?: unknown } = {}): GraphQLError {
  const extensions = { code: 'BAD_REQUEST', http: { status: 400, headers: { Allow: 'GET, POST' } } }
  return Object.assign(new GraphQLError(message, { extensions }), cause === undefined ? {} : { cause })
}

/** Makes the error by which Apollo's clients know that they have to send the query itself. They look for its message, and for status 200. */
function persistedQueryNotSupported(): GraphQLError {
  const http = { status: 200, headers: { 'Cache-Control': 'private, no-cache, must-revalidate' } }
  return new GraphQLError('PersistedQueryNotSupported', { extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED', http } })
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

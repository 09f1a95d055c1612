import { type Message, MessageType, validateMessage } from 'graphql-ws'
import type { RawData } from 'ws'
import { parseUntrustedJson } from '../../../domain/untrusted-json.ts'

/** Parses a message of graphql-transport-ws. Returns null for any other text. */
export function parseClientMessage(data: RawData): Message | null {
  try {
    return validateMessage(withQuery(parseUntrustedJson(data.toString())))
  } catch {
    return null
  }
}

/** Gives a message an empty query if its query is named by a hash only: `checkOperationRequest` has an error for it. */
function withQuery(message: unknown): unknown {
  const { type, payload } = message as {
    type?: unknown
    payload?: { query?: unknown; extensions?: { persistedQuery?: unknown } }
  }
  const isNamed =
    type === MessageType.Subscribe && (payload?.query ?? null) === null && payload?.extensions?.persistedQuery
  return isNamed ? { ...(message as object), payload: { ...payload, query: '' } } : message
}

export function bytesIn(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength
}

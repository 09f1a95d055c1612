import { type Message, validateMessage } from 'graphql-ws'
import type { RawData } from 'ws'
import { parseUntrustedJson } from '../../../domain/untrusted-json.ts'

/** Parses a message of graphql-transport-ws. Returns null for any other text. */
export function parseClientMessage(data: RawData): Message | null {
  try {
    return validateMessage(parseUntrustedJson(data.toString()))
  } catch {
    return null
  }
}

export function bytesIn(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { length }) => sum + length, 0) : data.byteLength
}

import { parseCid } from './cid.ts'
import { BadRequestError } from './errors.ts'

/** Maximum characters of a global id, and of a cursor. What is longer was not made by pinql, and is not decoded. */
export const MAX_ID_LENGTH = 1_024

/** Names a pin, as its global id does. Has the CID too, so that ten pins can be asked for in one request. */
export interface PinRef {
  /** Configured name. */
  readonly service: string
  readonly requestId: string
  /** The CID's text as the service gave it. */
  readonly cid: string
}

/** Names an object that has a global id. */
export type NodeRef =
  | { readonly type: 'Pin'; readonly pin: PinRef }
  | { readonly type: 'Service'; readonly service: string }

/** Makes the opaque, URL-safe global id of a pin. */
export function formatPinId(pin: { service: string; requestId: string; cid: { text: string } }): string {
  // Neither service names nor CIDs contain a colon; a request id may, so it comes last.
  return encode(`Pin:${pin.service}:${pin.cid.text}:${pin.requestId}`)
}

/** Makes the opaque, URL-safe global id of a service. */
export function formatServiceId(serviceName: string): string {
  return encode(`Service:${serviceName}`)
}

/**
 * Reads any global id.
 *
 * @throws {BadRequestError} for a text that pinql did not make
 */
export function parseNodeId(id: string, argument = 'id'): NodeRef {
  const text = id.length <= MAX_ID_LENGTH ? Buffer.from(id, 'base64url').toString() : ''
  const [type, serviceName, cid, ...rest] = text.split(':')
  const requestId = rest.join(':')
  if (encode(text) === id && serviceName) {
    if (type === 'Service' && cid === undefined) return { type, service: serviceName }
    if (type === 'Pin' && cid && isCid(cid) && requestId) return { type, pin: { service: serviceName, cid, requestId } }
  }
  throw BadRequestError.of(argument, 'an id that pinql gave out', id)
}

/**
 * Reads the global id of a pin.
 *
 * @throws {BadRequestError} for a text that pinql did not make, and for the id of something else
 */
export function parsePinId(id: string, argument = 'id'): PinRef {
  const node = parseNodeId(id, argument)
  if (node.type === 'Pin') return node.pin
  throw BadRequestError.of(argument, 'the id of a Pin', `the id of a ${node.type}`)
}

function isCid(text: string): boolean {
  try {
    parseCid(text)
    return true
  } catch {
    return false
  }
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

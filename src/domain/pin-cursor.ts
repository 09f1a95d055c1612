import { BadRequestError } from './errors.ts'
import { parseInstant } from './instant.ts'
import { MAX_ID_LENGTH } from './pin-id.ts'
import type { PinPosition } from './pin-order.ts'

/**
 * Makes the opaque cursor behind a pin: its `created` text, service and request id.
 *
 * Pins of the same instant have different cursors, since their services or request ids differ.
 */
export function formatCursor({ created, service, requestId }: PinPosition): string {
  return encode(`${created.text}|${service}|${requestId}`)
}

/**
 * Reads a cursor.
 *
 * @throws {BadRequestError} when pinql did not make it
 */
export function parseCursor(cursor: string): PinPosition {
  const text = cursor.length <= MAX_ID_LENGTH ? Buffer.from(cursor, 'base64url').toString() : ''
  const [created, serviceName, ...rest] = text.split('|')
  const requestId = rest.join('|')
  if (encode(text) === cursor && created && serviceName && requestId) {
    try {
      return { created: parseInstant(created), service: serviceName, requestId }
    } catch {
      // A client cannot use the reason, since cursors are opaque: the error below is the only one.
    }
  }
  throw BadRequestError.of('after', 'a cursor that pinql gave out', cursor)
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

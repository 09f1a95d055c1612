import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestRoom } from '../../../domain/request-room.ts'
import type { StopSignal } from '../../../upstream/waiting/stop.ts'
import {
  checkOperationRequest,
  type OperationRequest,
  paramsOfBody,
  paramsOfUrl,
} from '../../graphql/operation-request.ts'
import { readBody } from '../read-body.ts'

/** Codes of errors, by the status of the answer. */
const REFUSALS = {
  400: 'BAD_REQUEST',
  413: 'REQUEST_ENTITY_TOO_LARGE',
  429: 'TOO_MANY_CONNECTIONS',
  503: 'SERVICE_UNAVAILABLE',
} as const

/** Refuses a request for an event stream: it gets a plain status. */
export class EventStreamRefusal extends Error {
  readonly status: keyof typeof REFUSALS

  constructor(status: keyof typeof REFUSALS, message: string) {
    super(message)
    this.status = status
  }

  /** `extensions.code` of the answer. */
  get code(): string {
    return REFUSALS[this.status]
  }

  /** True when the same request may be served later. */
  get isPassing(): boolean {
    return this.status === 429 || this.status === 503
  }
}

/**
 * Returns how a request accepts an event stream: `rather` than any other type, or `also`, which is enough for a
 * subscription. Null when it accepts none.
 */
export function eventStreamWish({ headers, method }: IncomingMessage): 'rather' | 'also' | null {
  const { accept = '' } = headers
  // The usual case.
  if ((method !== 'GET' && method !== 'POST') || !/event-stream/i.test(accept)) return null
  const types = accept.split(',').map((type) => type.split(';', 1)[0]?.trim().toLowerCase())
  const place = types.indexOf('text/event-stream')
  return place === 0 ? 'rather' : place > 0 ? 'also' : null
}

/**
 * Reads an operation from the query of a GET or the JSON of a POST, as GraphQL over HTTP has it.
 *
 * @returns null when the client has gone away while it was sending
 * @throws {EventStreamRefusal} for a body longer than `maxBytes`
 * @throws {GraphQLError} BAD_REQUEST, for anything but an operation
 */
export async function readEventStreamRequest(
  req: IncomingMessage,
  res: ServerResponse,
  options: { maxBytes: number; gone: StopSignal; address: string; room: RequestRoom },
): Promise<OperationRequest | null> {
  if (req.method !== 'POST') return parseEventStreamRequest(req, null)
  const { maxBytes } = options
  const body = await readBody(req, res, options)
  if (body === null) return null
  if (body.length > maxBytes) throw new EventStreamRefusal(413, `Expected a body of ${maxBytes} bytes at most`)
  return parseEventStreamRequest(req, body)
}

/**
 * Reads an operation from a request whose body has been read.
 *
 * @param body null for a GET
 * @throws {GraphQLError} BAD_REQUEST, for anything but an operation
 */
export function parseEventStreamRequest(req: IncomingMessage, body: Buffer | null): OperationRequest {
  return checkOperationRequest(body ? paramsOfBody(body.toString()) : paramsOfUrl(req.url ?? '/'))
}

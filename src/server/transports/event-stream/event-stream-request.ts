import type { IncomingMessage } from 'node:http'
import {
  badRequest,
  checkOperationRequest,
  type OperationRequest,
  paramsOfUrl,
} from '../../graphql/operation-request.ts'

const REFUSALS = {
  400: 'BAD_REQUEST',
  413: 'REQUEST_ENTITY_TOO_LARGE',
  429: 'TOO_MANY_CONNECTIONS',
  503: 'SERVICE_UNAVAILABLE',
} as const

/** Why a request for an event stream is answered by a plain status instead. */
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
 * How much a request wants an event stream: `rather` than anything else, or `also`, which is enough for a subscription;
 * null when it takes none.
 */
export function eventStreamWish({ headers, method }: IncomingMessage): 'rather' | 'also' | null {
  const { accept = '' } = headers
  // Most requests want none, whatever the case of the letters.
  if ((method !== 'GET' && method !== 'POST') || !/event-stream/i.test(accept)) return null
  const types = accept.split(',').map((type) => type.split(';', 1)[0]?.trim().toLowerCase())
  const place = types.indexOf('text/event-stream')
  return place === 0 ? 'rather' : place > 0 ? 'also' : null
}

/**
 * Reads an operation from the query of a GET or the JSON of a POST, as GraphQL over HTTP has it.
 *
 * @throws {EventStreamRefusal} for a body longer than `maxBytes`
 * @throws {GraphQLError} BAD_REQUEST, for what is no operation
 */
export async function readEventStreamRequest(req: IncomingMessage, maxBytes: number): Promise<OperationRequest> {
  const body = req.method === 'POST' ? await readBody(req, maxBytes) : null
  if (body && body.length > maxBytes) throw new EventStreamRefusal(413, `Expected a body of ${maxBytes} bytes at most`)
  return parseEventStreamRequest(req, body)
}

/**
 * Reads an operation from a request whose body has been read.
 *
 * @param body null for a GET
 * @throws {GraphQLError} BAD_REQUEST, for what is none
 */
export function parseEventStreamRequest(req: IncomingMessage, body: Buffer | null): OperationRequest {
  return checkOperationRequest(body ? parseBody(body) : paramsOfUrl(req.url ?? '/'))
}

/** Reads a body, or the part of it that is longer than `maxBytes` by its last chunk. */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  // Left alone when it is too long, so that it can be answered.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    chunks.push(chunk)
    if (length > maxBytes) break
  }
  return Buffer.concat(chunks)
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (cause) {
    // As Yoga says it.
    throw badRequest('POST body sent invalid JSON.', { cause })
  }
}

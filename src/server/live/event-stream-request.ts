import type { IncomingMessage } from 'node:http'
import type { OperationRequest } from './operation-request.ts'

/** Why a request for an event stream is answered by a plain status instead. */
export class EventStreamRefusal extends Error {
  readonly status: 400 | 405 | 413 | 429
  constructor(status: 400 | 405 | 413 | 429, message: string) {
    super(message)
    this.status = status
  }
}

/** True for requests that would rather have an event stream than anything else. */
export function wantsEventStream({ headers, method }: IncomingMessage): boolean {
  const first = headers.accept?.split(',', 1)[0]?.split(';', 1)[0]?.trim().toLowerCase()
  return first === 'text/event-stream' && (method === 'GET' || method === 'POST')
}

/**
 * Reads an operation from the query of a GET or the JSON of a POST, as GraphQL over HTTP has it.
 *
 * @throws {EventStreamRefusal} for what is neither, or longer than `maxBytes`
 */
export async function readEventStreamRequest(req: IncomingMessage, maxBytes: number): Promise<OperationRequest> {
  if (req.method === 'POST') return toRequest(parseJson(await readText(req, maxBytes), 'a body of JSON'))
  const { searchParams } = new URL(req.url ?? '/', 'http://localhost')
  const variables = searchParams.get('variables')
  return toRequest({
    query: searchParams.get('query'),
    operationName: searchParams.get('operationName'),
    variables: variables ? parseJson(variables, 'variables of JSON') : null,
  })
}

async function readText(req: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  // Left alone when it is too long, so that it can be answered.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBytes) throw new EventStreamRefusal(413, `Expected a body of ${maxBytes} bytes at most`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function toRequest(input: unknown): OperationRequest {
  const { query, operationName, variables } = isRecord(input) ? input : {}
  if (typeof query !== 'string') throw new EventStreamRefusal(400, 'Expected a query')
  const isNamed = operationName === undefined || operationName === null || typeof operationName === 'string'
  if (!isNamed) throw new EventStreamRefusal(400, 'Expected an operationName that is text')
  if (variables === undefined || variables === null) return { query, operationName }
  if (!isRecord(variables)) throw new EventStreamRefusal(400, 'Expected variables that are an object')
  return { query, operationName, variables }
}

function parseJson(text: string, expected: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw Object.assign(new EventStreamRefusal(400, `Expected ${expected}`), { cause })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { ExecutionResult } from 'graphql'
import type { RequestRoom } from '../../../domain/request-room.ts'
import type { Identify } from '../../caller/caller.ts'
import type { PreparedOperation } from '../../graphql/documents.ts'
import type { Executor } from '../../graphql/executor.ts'
import { checkOperationRequest, type OperationRequest, paramsOfBody } from '../../graphql/operation-request.ts'
import type { GraphqlHandler, HttpContext } from '../../http/graphql-handler.ts'
import { readBody } from '../read-body.ts'
import { answerAsYoga } from '../yoga/yoga.ts'

/** Content types of answers, by the type that `accept` asks for. */
const ANSWER_TYPES: ReadonlyMap<string, string> = new Map([
  ['*/*', 'application/json'],
  ['application/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/graphql-response+json', 'application/graphql-response+json'],
])
/** Characters above which a text is encoded before it is handed to the response, which joins it with the headers otherwise. */
const LONG_TEXT = 4096

/**
 * Creates the handler that answers the usual request as Yoga would, but without fetch's `Request` and `Response`, which are a
 * third of its cost.
 *
 * The usual request is a POST of JSON, of a known length, that asks for JSON and for a query or mutation. Yoga answers all
 * others. A document that is invalid is answered here as well, since Yoga would have it parsed and validated again.
 */
export function createJsonHandler(parts: {
  executor: Executor
  identify: Identify
  yoga: (req: IncomingMessage, res: ServerResponse, context: HttpContext) => unknown
  maxRequestBytes: number
  /** Bounds the bytes of all bodies. */
  room: RequestRoom
}): GraphqlHandler {
  const { executor, identify, yoga, maxRequestBytes, room } = parts

  /** A body that has been read is handed over as body parsers leave it. */
  function leaveToYoga(req: IncomingMessage, res: ServerResponse, context: HttpContext, body?: Buffer): unknown {
    const { requestId, gone, address } = context
    return yoga(body ? Object.assign(req, { body: Readable.from([body]) }) : req, res, { requestId, gone, address })
  }

  return async (req, res, context, known) => {
    const { requestId, gone, address } = context
    const type = answerTypeOf(req.headers)
    const reading = { maxBytes: maxRequestBytes, gone, address, room }
    if (type === null || !isShortJson(req, maxRequestBytes)) {
      // Yoga would keep each chunk, however small, and as many bodies as come.
      const unusual = known ?? (mayHaveBody(req, maxRequestBytes) ? await readBody(req, res, reading) : undefined)
      return unusual === null ? undefined : leaveToYoga(req, res, context, unusual)
    }
    const body = known ?? (await readBody(req, res, reading))
    if (body === null) return undefined
    const request = requestOf(body)
    if (request === null) return leaveToYoga(req, res, context, body)
    let prepared: PreparedOperation
    try {
      prepared = executor.documents.prepare(request)
    } catch (error) {
      return send(res, { errors: executor.visible(error, requestId, { isForYoga: true }) }, type)
    }
    if (prepared.operation.operation === 'subscription') return leaveToYoga(req, res, context, body)
    const { operationName, variables, wantsCost } = request
    const caller = await identify({ headers: req.headers })
    if (gone.aborted) return undefined
    const run = { document: prepared.document, operationName, variables, wantsCost, caller, requestId, address }
    const options = { signal: gone, isForYoga: true }
    return executor.answer(run, options, (result) => {
      if (!gone.aborted) send(res, result, type)
    })
  }
}

function send(res: ServerResponse, result: ExecutionResult, type: string): void {
  const { status, headers, text } = answerAsYoga(result, { Response: YogaResponse }, type)
  // To count the bytes of a long text costs as much as to encode it.
  const body = text.length > LONG_TEXT ? Buffer.from(text) : text
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

/** Stands in for fetch's `Response`: Yoga puts into it how it would answer. */
class YogaResponse {
  readonly text: string
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(text: string, init: { status: number; headers: Readonly<Record<string, string>> }) {
    this.text = text
    this.status = init.status
    this.headers = init.headers
  }
}

/** Returns the type of the answer: the first in `accept` that is served. Null when there is none, or another charset than UTF-8. */
function answerTypeOf({ accept = '*/*' }: IncomingHttpHeaders): string | null {
  const only = ANSWER_TYPES.get(accept)
  if (only !== undefined) return only
  if (accept.includes('charset')) return null
  for (const each of accept.split(',')) {
    const type = ANSWER_TYPES.get((each.split(';', 1)[0] ?? '').trim().toLowerCase())
    if (type !== undefined) return type
  }
  return null
}

function isShortJson({ method, headers }: IncomingMessage, maxBytes: number): boolean {
  const { 'content-type': type = '', 'content-length': length } = headers
  const isJson = type === 'application/json' || type.startsWith('application/json;')
  return method === 'POST' && isJson && length !== undefined && Number(length) <= maxBytes
}

/** False for a request without a body, and for one whose body is known to be too long: it is refused unread. */
function mayHaveBody({ headers }: IncomingMessage, maxBytes: number): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = headers
  return encoding !== undefined || (length !== undefined && Number(length) > 0 && Number(length) <= maxBytes)
}

/** Returns null for a text that is no JSON, or no operation. */
function requestOf(body: Buffer): OperationRequest | null {
  try {
    return checkOperationRequest(paramsOfBody(body.toString()))
  } catch {
    return null
  }
}

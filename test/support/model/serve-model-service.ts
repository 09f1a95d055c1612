import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { parseCid } from '../../../src/domain/cid.ts'
import { BadRequestError, PinNotFoundError, RateLimitedError, UnauthorizedError } from '../../../src/domain/errors.ts'
import type { NewPin, Pin, PinStatus, StringMap } from '../../../src/domain/pin.ts'
import type { ListQuery } from '../../../src/upstream/http/list-query.ts'
import { LostReply, type ModelService } from './model-service.ts'

/** A model service over real HTTP, on 127.0.0.1 and a free port. */
export interface ServedModel extends AsyncDisposable {
  /** Base URL of its Pinning Service API. */
  readonly endpoint: string
}

interface Answer {
  readonly status: number
  readonly body: unknown
  /** Seconds. */
  readonly retryAfter?: number
}

/** A pin in the API's words. */
interface WirePin {
  readonly cid: string
  readonly name?: string | null
  readonly origins?: readonly string[]
  readonly meta?: StringMap
}

/** Serves the five operations. A reply that `fate` loses is a connection that breaks. */
export async function serveModelService(upstream: ModelService): Promise<ServedModel> {
  const client = upstream.connect()

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://service')
    const token = request.headers.authorization?.slice('Bearer '.length) ?? ''
    const options = { token, timeoutMs: 10_000 }
    const requestId = decodeURIComponent(pathname.slice('/pins/'.length))
    if (request.method === 'GET' && requestId === '') {
      const { count, pins } = await client.listPins(readQuery(searchParams), options)
      return { status: 200, body: { count, results: pins.map(show) } }
    }
    if (request.method === 'GET') return { status: 200, body: show(await client.getPin(requestId, options)) }
    if (request.method === 'DELETE') {
      await client.removePin(requestId, options)
      return { status: 202, body: '' }
    }
    const pin = readPin(JSON.parse(await text(request)))
    const made = requestId === '' ? client.addPin(pin, options) : client.replacePin(requestId, pin, options)
    return { status: 202, body: show(await made) }
  }

  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown) => {
        if (error instanceof LostReply) throw error
        return refusalOf(error)
      })
      .then(
        ({ status, body, retryAfter }) => {
          const json = JSON.stringify(body)
          if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
          response.writeHead(status, {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(json),
          })
          response.end(json)
        },
        () => void response.destroy(),
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

function readQuery(search: URLSearchParams): ListQuery {
  const optional = (key: string): string | undefined => search.get(key) ?? undefined
  return {
    cids: optional('cid')
      ?.split(',')
      .map((cid) => parseCid(cid)),
    name: optional('name'),
    statuses: (search.get('status') ?? 'pinned').split(',') as PinStatus[],
    before: optional('before'),
    after: optional('after'),
    meta: JSON.parse(search.get('meta') ?? '{}'),
    limit: Number(search.get('limit') ?? 10),
  }
}

function readPin({ cid, name = null, origins = [], meta = {} }: WirePin): NewPin {
  return { cid: parseCid(cid), name, origins, meta }
}

function show({ requestId, status, created, cid, name, origins, meta, delegates, info }: Pin): object {
  const pin = { cid: cid.text, name, origins, meta }
  return { requestid: requestId, status, created: created.text, pin, delegates, info }
}

function refusalOf(error: unknown): Answer {
  const body = { error: { reason: (error as Error).name } }
  if (error instanceof RateLimitedError) return { status: 429, body, retryAfter: Math.ceil(error.retryAfterMs / 1000) }
  if (error instanceof BadRequestError) return { status: 400, body }
  if (error instanceof UnauthorizedError) return { status: 401, body }
  return { status: error instanceof PinNotFoundError ? 404 : 503, body }
}

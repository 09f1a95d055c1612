import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from '../observability/logger.ts'
import type { RequestGuard } from './request-guard.ts'
import { requestIdOf } from './request-id.ts'

/** Answers a request to /graphql. */
export type GraphqlHandler = (req: IncomingMessage, res: ServerResponse, context: GraphqlRequest) => unknown

export interface GraphqlRequest {
  readonly requestId: string
  /** Where it has been read. */
  readonly body?: Buffer | undefined
}

const PATHS = 'GraphQL and GraphiQL are at /graphql; /health and /ready tell how the gateway is.'

// The page is whole: it needs nothing from elsewhere, and nothing it shows can send data elsewhere.
const PAGE_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'"

/**
 * Everything around GraphQL: request ids, who is served at all, CORS, health, the log line of each request.
 *
 * @param parts.isReady false while starting or stopping
 */
export function createRequestListener(parts: {
  guard: RequestGuard
  graphql: GraphqlHandler
  isReady: () => boolean
  log: Logger
}): RequestListener {
  const { guard, graphql, isReady, log } = parts

  function route(req: IncomingMessage, res: ServerResponse, path: string, requestId: string): unknown {
    const refusal = guard.refusalOf(req, { anyHost: path === '/health' || path === '/ready' })
    if (refusal) {
      const { status, code, message } = refusal
      return send(res, status, { errors: [{ message, extensions: { code, requestId } }] })
    }
    allowOrigin(req, res, guard)
    if (req.method === 'OPTIONS') return answerOptions(req, res)
    if (path === '/graphql' || path === '/graphql/') {
      if (req.headers.accept?.includes('text/html')) res.setHeader('content-security-policy', PAGE_POLICY)
      return graphql(req, res, { requestId })
    }
    if (path === '/health') return send(res, 200, { status: 'up' })
    if (path === '/ready')
      return isReady() ? send(res, 200, { status: 'ready' }) : send(res, 503, { status: 'not ready' })
    if (path === '/' && req.headers.accept?.includes('text/html'))
      return res.writeHead(302, { location: '/graphql' }).end()
    return send(res, 404, { message: `Nothing is at ${path}. ${PATHS}` })
  }

  return (req, res) => {
    const startedAt = performance.now()
    const requestId = requestIdOf(req.headers['x-request-id'])
    const path = (req.url ?? '/').split('?', 1)[0] ?? '/'
    res.setHeader('x-request-id', requestId)
    res.setHeader('x-content-type-options', 'nosniff')
    res.once('close', () => {
      const outcome = res.writableFinished ? { status: res.statusCode } : { aborted: true }
      const level = path === '/graphql' ? 'info' : 'debug'
      log[level](
        { requestId, method: req.method, path, ...outcome, ms: Math.round(performance.now() - startedAt) },
        'request',
      )
    })
    // Wrapped, so that a synchronous throw and a rejection end in the same place.
    Promise.resolve()
      .then(() => route(req, res, path, requestId))
      .catch((err: unknown) => {
        log.error({ err, requestId }, 'Unexpected error')
        if (res.headersSent) res.destroy()
        else send(res, 500, { errors: [{ message: 'Unexpected error.', extensions: { requestId } }] })
      })
  }
}

function allowOrigin(req: IncomingMessage, res: ServerResponse, guard: RequestGuard): void {
  res.setHeader('vary', 'origin')
  const { origin } = req.headers
  if (origin === undefined || !guard.isAllowedOrigin(origin)) return
  res.setHeader('access-control-allow-origin', origin)
  res.setHeader('access-control-expose-headers', 'x-request-id')
}

function answerOptions(req: IncomingMessage, res: ServerResponse): void {
  const methods = 'GET, POST, OPTIONS'
  res.setHeader('allow', methods)
  if (res.hasHeader('access-control-allow-origin')) {
    res.setHeader('access-control-allow-methods', methods)
    res.setHeader('access-control-allow-headers', req.headers['access-control-request-headers'] ?? '')
    res.setHeader('access-control-max-age', '600')
    // A public page asks before it may talk to loopback: https://wicg.github.io/private-network-access/
    if (req.headers['access-control-request-private-network'])
      res.setHeader('access-control-allow-private-network', 'true')
  }
  res.writeHead(204).end()
}

function send(res: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Logger } from '../../observability/logger.ts'
import { Stop } from '../../upstream/waiting/stop.ts'
import { UnauthenticatedError } from '../caller/unauthenticated-error.ts'
import type { ClientAddresses } from './client-address.ts'
import type { GraphqlHandler, HttpContext } from './graphql-handler.ts'
import { pathOf } from './graphql-path.ts'
import { toOriginForm } from './origin-form.ts'
import type { RequestGuard } from './request-guard.ts'
import { requestIdOf } from './request-id.ts'
import type { RequestsInFlight } from './requests-in-flight.ts'
import { createRoutes, type HostRoutes, type Route } from './routes.ts'
import { sendJson } from './send-json.ts'
import { skipBody } from './skip-body.ts'
import type { UnreadAnswers } from './unread-answers.ts'

/**
 * Does for every HTTP request what does not depend on its route: gives it a request id, refuses clients that are not served,
 * answers CORS, counts it as in flight, and logs one line.
 *
 * @param parts.isReady false while starting or stopping
 * @param parts.inFlight counts the requests
 * @param parts.unread bounds what clients leave unread
 */
export function createRequestListener(parts: {
  guard: RequestGuard
  addresses: ClientAddresses
  graphql: GraphqlHandler
  isReady: () => boolean
  hostRoutes: HostRoutes
  inFlight: RequestsInFlight
  unread: UnreadAnswers
  log: Logger
}): RequestListener {
  const { guard, addresses, inFlight, unread, log } = parts
  const routeOf = createRoutes(parts)

  /** Rejects for a synchronous throw as well, so that all failures end in `fail`. */
  async function answer(req: IncomingMessage, res: ServerResponse, route: Route, context: HttpContext) {
    const refusal = guard.refusalOf(req, { anyHost: route.isForAnyHost, anyText: route.isForAnyText })
    if (refusal) {
      const { status, code, message, rule } = refusal
      if (rule) log.info({ requestId: context.requestId, rule }, 'A page of another site was refused')
      return sendJson(res, status, { errors: [{ message, extensions: { code, requestId: context.requestId } }] })
    }
    allowOrigin(req, res, guard)
    if (req.method === 'OPTIONS') return answerOptions(req, res, route.methods)
    if (req.method === 'POST' && req.readableDidRead) throw new BodyIsReadError()
    return route.answer(req, res, context)
  }

  return (req, res) => {
    toOriginForm(req)
    const startedAt = performance.now()
    const requestId = requestIdOf(req.headers['x-request-id'])
    const path = pathOf(req)
    const route = routeOf(path)
    res.setHeader('x-request-id', requestId)
    res.setHeader('x-content-type-options', 'nosniff')
    const gone = new Stop()
    unread.watch()
    const release = inFlight.add(req, res, () => gone.abort())
    // A listener of each request would be felt. Node's own one, which would read the body to its end, comes after this one.
    if (req.headers['transfer-encoding'] !== undefined) res.prependListener('finish', () => skipBody(req))
    res.on('close', () => {
      release()
      if (!res.writableFinished) gone.abort()
      // A body may have been read in part. Its rest would block the next request of the connection.
      else if (req.readableDidRead && !req.complete) req.resume()
      const end = res.writableFinished ? { status: res.statusCode } : { aborted: true }
      log[route.logLevel](
        { requestId, method: req.method, path, ...end, ms: Math.round(performance.now() - startedAt) },
        'request',
      )
    })
    answer(req, res, route, { requestId, gone, address: addresses.of(req) }).catch((err: unknown) =>
      fail(res, err, requestId),
    )
  }

  function fail(res: ServerResponse, err: unknown, requestId: string): void {
    if (err instanceof UnauthenticatedError && !res.headersSent) {
      forget(res)
      const { code, message } = err
      sendJson(res, 401, { errors: [{ message, extensions: { code, requestId } }] })
      return
    }
    log.error({ err, requestId }, 'Unexpected error')
    if (res.headersSent) {
      res.destroy()
      return
    }
    forget(res)
    const message = err instanceof BodyIsReadError ? err.message : 'Unexpected error.'
    sendJson(res, 500, { errors: [{ message, extensions: { code: 'INTERNAL_SERVER_ERROR', requestId } }] })
  }
}

/** Removes what a handler has set for an answer that it did not give. */
function forget(res: ServerResponse): void {
  res.statusMessage = ''
  for (const name of res.getHeaderNames()) if (!isOurs(name)) res.removeHeader(name)
}

/** True for the headers that every answer has. */
function isOurs(name: string): boolean {
  return (
    name.startsWith('access-control-') ||
    name === 'x-request-id' ||
    name === 'x-content-type-options' ||
    name === 'vary'
  )
}

/** Thrown when the host has read the body: without this error, the request would wait for the body for ever. */
class BodyIsReadError extends Error {
  constructor() {
    super('The body of this request was read before pinql got the request: expected pinql before any body parser')
  }
}

function allowOrigin(req: IncomingMessage, res: ServerResponse, guard: RequestGuard): void {
  res.setHeader('vary', 'origin')
  const { origin } = req.headers
  if (origin === undefined || !guard.isAllowedOrigin(origin)) return
  res.setHeader('access-control-allow-origin', origin)
  res.setHeader('access-control-expose-headers', 'x-request-id')
}

function answerOptions(req: IncomingMessage, res: ServerResponse, methods: string): void {
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

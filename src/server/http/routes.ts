import type { IncomingMessage, ServerResponse } from 'node:http'
import type { StopSignal } from '../../upstream/stop.ts'

/** What is known of every request. */
export interface RequestContext {
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
  /** Aborted when the connection has gone away before the answer was sent. */
  readonly gone: StopSignal
}

export interface GraphqlRequest extends RequestContext {
  /** Where it has been read. */
  readonly body?: Buffer | undefined
}

/** Answers a request to /graphql. */
export type GraphqlHandler = (req: IncomingMessage, res: ServerResponse, context: GraphqlRequest) => unknown

/** One path of the gateway. */
export interface Route {
  readonly answer: (req: IncomingMessage, res: ServerResponse, context: RequestContext) => unknown
  /** True for what holds no data, and is answered under any host name: load balancers ask by address. */
  readonly isForAnyHost: boolean
  /** Of the line that each request is logged with. */
  readonly logLevel: 'info' | 'debug'
}

/** Answers requests to a path of the host's own. */
export type RouteHandler = (req: IncomingMessage, res: ServerResponse) => unknown

export const GRAPHQL_PATH = '/graphql'
/** Paths that the gateway serves itself. */
const OWN_PATHS: readonly string[] = [GRAPHQL_PATH, `${GRAPHQL_PATH}/`, '/health', '/ready', '/']

const PATHS = `GraphQL and GraphiQL are at ${GRAPHQL_PATH}; /health and /ready tell how the gateway is.`

// The page is whole: it needs nothing from elsewhere, and nothing it shows can send data elsewhere.
const PAGE_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'"

/**
 * Returns everything that the gateway serves, by path.
 *
 * @param parts.isReady false while starting or stopping
 * @param parts.others the host's own, by path
 */
export function createRoutes(parts: {
  graphql: GraphqlHandler
  isReady: () => boolean
  others: Readonly<Record<string, RouteHandler>>
}): (path: string) => Route {
  const { graphql, isReady, others } = parts
  const atGraphql: Route = {
    answer(req, res, context) {
      if (wantsPage(req)) res.setHeader('content-security-policy', PAGE_POLICY)
      return graphql(req, res, context)
    },
    isForAnyHost: false,
    logLevel: 'info',
  }
  const elsewhere: Route = {
    answer: (req, res) => sendJson(res, 404, { message: `Nothing is at ${pathOf(req)}. ${PATHS}` }),
    isForAnyHost: false,
    logLevel: 'debug',
  }
  const routes = new Map<string, Route>([
    [GRAPHQL_PATH, atGraphql],
    [`${GRAPHQL_PATH}/`, atGraphql],
    ['/health', { answer: (_req, res) => sendJson(res, 200, { status: 'up' }), isForAnyHost: true, logLevel: 'debug' }],
    [
      '/ready',
      {
        answer: (_req, res) =>
          isReady() ? sendJson(res, 200, { status: 'ready' }) : sendJson(res, 503, { status: 'not ready' }),
        isForAnyHost: true,
        logLevel: 'debug',
      },
    ],
    [
      '/',
      {
        ...elsewhere,
        answer: (req, res, context) =>
          wantsPage(req) ? res.writeHead(302, { location: GRAPHQL_PATH }).end() : elsewhere.answer(req, res, context),
      },
    ],
  ])
  for (const [path, answer] of Object.entries(others)) {
    routes.set(path, { answer: (req, res) => answer(req, res), isForAnyHost: false, logLevel: 'debug' })
  }
  return (path) => routes.get(path) ?? elsewhere
}

/** @throws {TypeError} for a path that does not begin with a slash, has a query, or is the gateway's own */
export function checkRoutes(others: Readonly<Record<string, RouteHandler>>): void {
  for (const path of Object.keys(others)) {
    if (/^\/[^?#]*$/.test(path) && !OWN_PATHS.includes(path)) continue
    const own = OWN_PATHS.filter((each) => !each.endsWith('/') || each === '/').join(', ')
    throw new TypeError(
      `routes: expected paths such as "/metrics" that are none of ${own}, got ${JSON.stringify(path)}`,
    )
  }
}

/** Returns the path of a request, without its query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end === -1 ? url : url.slice(0, end)
}

/** True for the path where WebSockets are. */
export function isGraphqlPath(path: string): boolean {
  return path === GRAPHQL_PATH || path === `${GRAPHQL_PATH}/`
}

export function sendJson(res: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  res.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  res.end(text)
}

function wantsPage({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true
}

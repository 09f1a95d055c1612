import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GraphqlHandler, HttpContext } from './graphql-handler.ts'
import { GRAPHQL_PATH, pathOf } from './graphql-path.ts'
import { sendJson } from './send-json.ts'

/** One path that is served: the gateway's own, or one of the host. */
export interface Route {
  readonly answer: (req: IncomingMessage, res: ServerResponse, context: HttpContext) => unknown
  /** True for a path that shows no data. It is served under any host name, since load balancers ask by address. */
  readonly isForAnyHost: boolean
  /** True for a path of the host, whose bodies may be compressed, and have any charset. */
  readonly isForAnyText: boolean
  /** Methods that are served, as the header `allow` lists them. */
  readonly methods: string
  /** Level of the log line of each request. */
  readonly logLevel: 'info' | 'debug'
}

/** Answers requests to a path of the host's own. */
export type RouteHandler = (req: IncomingMessage, res: ServerResponse) => unknown

/** Routes of the host's own, by exact path. */
export type HostRoutes = Readonly<Record<string, RouteHandler>>

/** The parts of the gateway that answer requests to its own paths. */
interface RouteParts {
  readonly graphql: GraphqlHandler
  /** Returns false while starting or stopping. */
  readonly isReady: () => boolean
}

const METHODS = 'GET, HEAD, POST, OPTIONS'
const PATHS = `GraphQL and GraphiQL are at ${GRAPHQL_PATH}; /health and /ready report its state.`

// The page is whole: it needs nothing from elsewhere, and nothing it shows can send data elsewhere.
const PAGE_POLICY =
  "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; font-src 'self' data:; worker-src 'self' blob:; connect-src 'self'; frame-ancestors 'none'"

/** The route of all paths that nobody serves. */
const ELSEWHERE: Route = {
  answer: (req, res) => sendJson(res, 404, { message: `Nothing is at ${pathOf(req)}. ${PATHS}` }),
  isForAnyHost: false,
  isForAnyText: false,
  methods: METHODS,
  logLevel: 'debug',
}

/** Paths that the gateway serves itself. A host can have none of them. */
const OWN_ROUTES: ReadonlyMap<string, (parts: RouteParts) => Route> = new Map([
  [GRAPHQL_PATH, graphqlRoute],
  [`${GRAPHQL_PATH}/`, graphqlRoute],
  ['/health', () => stateRoute((res) => sendJson(res, 200, { status: 'up' }))],
  [
    '/ready',
    ({ isReady }: RouteParts) =>
      stateRoute((res) =>
        isReady() ? sendJson(res, 200, { status: 'ready' }) : sendJson(res, 503, { status: 'not ready' }),
      ),
  ],
  ['/', rootRoute],
])

/** The same paths, in their order. */
export const OWN_PATHS: readonly string[] = [...OWN_ROUTES.keys()]

/**
 * Returns a function that finds the route of a path. A path that nobody serves gets the route that answers 404.
 *
 * @param parts.isReady false while starting or stopping
 */
export function createRoutes(parts: RouteParts & { readonly hostRoutes: HostRoutes }): (path: string) => Route {
  const own = [...OWN_ROUTES].map(([path, createRoute]) => [path, createRoute(parts)] as const)
  const hosts = Object.entries(parts.hostRoutes).map(([path, answer]) => [path, hostRoute(answer)] as const)
  const routes = new Map<string, Route>([...own, ...hosts])
  return (path) => routes.get(path) ?? ELSEWHERE
}

function graphqlRoute({ graphql }: RouteParts): Route {
  return {
    answer(req, res, context) {
      if (wantsPage(req)) res.setHeader('content-security-policy', PAGE_POLICY)
      return graphql(req, res, context)
    },
    isForAnyHost: false,
    isForAnyText: false,
    methods: METHODS,
    logLevel: 'info',
  }
}

function stateRoute(answer: (res: ServerResponse) => unknown): Route {
  return { ...ELSEWHERE, answer: (_req, res) => answer(res), isForAnyHost: true }
}

/** Leads browsers to GraphiQL. A proxy may serve the gateway below a path of its own, so the way there is a relative one. */
function rootRoute(): Route {
  return {
    ...ELSEWHERE,
    answer: (req, res, context) =>
      wantsPage(req) ? res.writeHead(302, { location: `.${GRAPHQL_PATH}` }).end() : ELSEWHERE.answer(req, res, context),
  }
}

function hostRoute(answer: RouteHandler): Route {
  const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
  return {
    ...ELSEWHERE,
    answer: (req, res) => answer(req, res),
    isForAnyText: true,
    methods,
  }
}

/**
 * Checks the routes of the host.
 *
 * @throws {TypeError} for a path that does not begin with a slash, that no request can have, or that is the gateway's own, and
 *   for a handler that is no function
 */
export function checkHostRoutes(hostRoutes: HostRoutes): void {
  for (const [path, answer] of Object.entries(hostRoutes)) {
    if (typeof answer !== 'function') throw new TypeError(`routes: expected a function for ${JSON.stringify(path)}`)
    if (/^\/[!-~]*$/.test(path) && !/[?#]/.test(path) && !OWN_PATHS.includes(path)) continue
    const own = OWN_PATHS.filter((each) => !each.endsWith('/') || each === '/').join(', ')
    throw new TypeError(
      `routes: expected paths such as "/metrics" that are none of ${own}, got ${JSON.stringify(path)}`,
    )
  }
}

function wantsPage({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true
}

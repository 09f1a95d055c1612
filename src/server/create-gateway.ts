import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { Logger, LogSink } from '../observability/logger.ts'
import { createSchema } from '../schema/schema.ts'
import type { UpstreamObserver } from '../upstream/observing/upstream-observer.ts'
import type { Caller, CallerRequest } from './caller/caller.ts'
import { createFrontDoor } from './create-front-door.ts'
import { createGatewayLog } from './create-gateway-log.ts'
import { isGraphqlPath, pathOf } from './http/graphql-path.ts'
import type { HttpConnections } from './http/http-connections.ts'
import { isWebSocketUpgrade } from './http/ignore-upgrade.ts'
import type { RequestsInFlight } from './http/requests-in-flight.ts'
import { checkHostRoutes, type RouteHandler } from './http/routes.ts'
import { refuseOpenGateway } from './refuse-open-gateway.ts'
import { openServices } from './services/open-services.ts'
import { configWarnings } from './startup-warnings.ts'

/**
 * A gateway without a server of its own. A host's server hands requests over to it.
 *
 * Disposing drains the gateway, closes the connections to the services, and then stops the embedded service.
 */
export interface Gateway extends AsyncDisposable {
  /**
   * Answers a request to `/graphql`, `/health`, `/ready`, `/` or one of `routes`, as `req.url` says. Any other path gets status
   * 404. Needs no `this`.
   *
   * The body of a POST must not have been read. If a body parser ran before, the answer has status 500 and says so.
   */
  handle(req: IncomingMessage, res: ServerResponse): void
  /**
   * Takes over a connection that becomes a WebSocket: a listener for the event `upgrade` of `node:http`. Needs no `this`.
   *
   * An offer of another protocol, such as HTTP/2, is ignored: the server gets the request again, without the offer. A
   * WebSocket at any other path than `/graphql` is left to the host's own listeners for `upgrade`. If there are none, it gets
   * status 404.
   */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void
  /** False while the embedded service is started again, and once draining has begun. */
  isReady(): boolean
  /**
   * Closes all WebSockets and event streams, spread over `liveDrainMs` at most, and refuses new ones. Resolves when they are
   * closed and the requests in flight have been answered. Waits for the requests for `shutdownTimeoutMs` at most.
   *
   * New requests are still answered, so the host stops listening first.
   */
  drain(): Promise<void>
}

export interface GatewayOptions {
  /**
   * Gets the log, one JSON object per line, without any token. A host with a logger of its own parses the lines. `logLevel` of
   * the configuration is the least severe level that is logged. Default: standard output.
   */
  readonly log?: LogSink | undefined
  /**
   * Gets an event for every request that pinql sends to a service, and when a service goes down, comes back, refuses a token or
   * asks for a pause. The log has these events as well, and the requests among them at level `debug`.
   */
  readonly observe?: UpstreamObserver | undefined
  /**
   * Finds out who calls. Called once per HTTP request that has an operation or asks for an event stream, and once per
   * WebSocket, when `connection_init` has come. The caller of a WebSocket stays the same until it is closed.
   *
   * It may take `requestTimeoutMs`. A rejection with `UnauthenticatedError` refuses the client. Any other rejection is logged,
   * and so is a late answer. The client then gets status 500 and `Unexpected error.`, and a WebSocket is closed with 1013, try
   * again later.
   *
   * Default: the caller is known by the tokens in `Authorization` and `X-Pinning-Token-*`, as headers or in
   * `connectionParams`.
   */
  readonly identify?: ((request: CallerRequest) => Promise<Caller>) | undefined
  /**
   * Routes of the host's own, by exact path, such as `/metrics`. Their requests get the same checks of host name and origin,
   * `x-request-id`, CORS and a log line as those to `/graphql`; the level of the line is `debug`. A POST of a content type that
   * web pages can send to any site, such as a form, is refused with status 415.
   *
   * A handler that throws or rejects is logged, and the client gets status 500.
   */
  readonly routes?: Readonly<Record<string, RouteHandler>> | undefined
}

/**
 * Creates a gateway for a server that is there already. Starts the embedded pinning service if one is configured.
 *
 * Nothing is sent to any other service before the first query. The gateway does not listen on `host` and `port`. While `host`
 * is a loopback address, which is the default, requests are served only under loopback names and those in `allowedHosts`.
 *
 * @param config from `loadConfig` or `parseConfig`
 * @throws {ConfigError} when a service's endpoint is neither given nor known, and when others than this machine could use a token
 *   that the gateway holds: see `allowAnonymous`
 * @throws {TypeError} when a path of `routes` is the gateway's own
 * @throws {Error} when the data directory cannot be used; nothing is left running
 */
export async function createGateway(config: GatewayConfig, options: GatewayOptions = {}): Promise<Gateway> {
  refuseOpenGateway(config, { hasIdentify: options.identify !== undefined })
  const gateway = await openGateway(config, { ...options, log: await createGatewayLog(config, options.log) })
  const { upgrade } = gateway
  return Object.assign(gateway, {
    upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
      const isOthers = isWebSocketUpgrade(req) && !isGraphqlPath(pathOf(req)) && hasOtherListeners(req)
      if (!isOthers) upgrade(req, socket, head)
    },
  })
}

function hasOtherListeners(req: IncomingMessage): boolean {
  // Node sets it on the sockets of every server.
  const { server } = req.socket as Socket & { server?: Server }
  return (server?.listenerCount('upgrade') ?? 0) > 1
}

/** A gateway, with the parts that its own server needs. */
export interface OpenGateway extends Gateway {
  /** Requests that `handle` has taken and not answered. */
  readonly inFlight: RequestsInFlight
  /** Counts the connections of the gateway's own server. */
  readonly httpConnections: HttpConnections
  /** Milliseconds over which WebSockets and event streams would be closed now. */
  readonly drainTimeMs: number
}

/** Creates a gateway that writes to an existing log. */
export async function openGateway(
  config: GatewayConfig,
  { log, identify, observe, routes = {} }: Omit<GatewayOptions, 'log'> & { readonly log: Logger },
): Promise<OpenGateway> {
  checkHostRoutes(routes)
  const services = await openServices(config, log, observe)
  const { registry, live } = services
  let drained: Promise<void> | undefined
  let disposed: Promise<void> | undefined
  const isReady = (): boolean => services.isUp() && drained === undefined
  const parts = { schema: createSchema(), registry, live, isReady, log, identify, hostRoutes: routes }
  const door = createFrontDoor(config, parts)
  const { handle, upgrade, inFlight, httpConnections } = door
  for (const warning of configWarnings(config)) log.warn(warning)

  async function drainAll(): Promise<void> {
    // At once, since draining takes seconds, in which somebody may lose patience and kill the process.
    services.stopTransfers()
    await Promise.all([door.drain(), inFlight.finish(config.shutdownTimeoutMs)])
  }
  function drain(): Promise<void> {
    drained ??= drainAll()
    return drained
  }
  async function dispose(): Promise<void> {
    await drain()
    door[Symbol.dispose]()
    await services[Symbol.asyncDispose]()
  }
  return {
    handle,
    upgrade,
    inFlight,
    httpConnections,
    isReady,
    drain,
    get drainTimeMs() {
      return door.drainTimeMs
    },
    [Symbol.asyncDispose]() {
      disposed ??= dispose()
      return disposed
    },
  }
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { Logger, LogSink } from '../observability/logger.ts'
import { createSchema } from '../schema/schema.ts'
import type { UpstreamObserver } from '../upstream/service/upstream-observer.ts'
import type { Caller, CallerRequest } from './caller/caller.ts'
import { createFrontDoor } from './create-front-door.ts'
import { createGatewayLog } from './gateway-log.ts'
import { isGraphqlPath, pathOf } from './http/graphql-path.ts'
import { isWebSocketUpgrade } from './http/ignore-upgrade.ts'
import type { RequestsInFlight } from './http/requests-in-flight.ts'
import { checkHostRoutes, type RouteHandler } from './http/routes.ts'
import { openServices } from './services/open-services.ts'
import { configWarnings } from './startup-warnings.ts'

/**
 * A gateway without a server of its own: a host's server hands requests over to it.
 *
 * Disposing it drains it, and then closes the connections to the services and stops the embedded service.
 */
export interface Gateway extends AsyncDisposable {
  /**
   * Answers a request to `/graphql`, `/health`, `/ready`, `/` or one of `routes`, whichever `req.url` names, and any other with
   * status 404. Needs no `this`.
   *
   * The body of a POST must not have been read. Where a body parser ran before, the answer has status 500 and says so.
   */
  handle(req: IncomingMessage, res: ServerResponse): void
  /**
   * Takes over a connection that becomes a WebSocket: a listener for the event `upgrade` of `node:http`. Needs no `this`.
   *
   * An offer of another protocol, such as HTTP/2, is passed over: the server gets the request again, without the offer. A
   * WebSocket at any other path than `/graphql` is left to the host's own listeners for `upgrade`, if there are any, and
   * else gets status 404.
   */
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void
  /** False while the embedded service is started again, and from the moment that draining begins. */
  isReady(): boolean
  /**
   * Sends all WebSockets and event streams away, over `liveDrainMs` at most, and lets no new ones in. Resolves when they
   * are gone and the requests in flight have been answered, for which it waits `shutdownTimeoutMs` at most.
   *
   * New requests are still answered: the host is to stop listening before.
   */
  drain(): Promise<void>
}

export interface GatewayOptions {
  /**
   * Takes the log, one JSON object a line, from which all tokens have been removed. A host with a logger of its own parses
   * the lines. Default: standard output. Nothing less severe than `logLevel` of the configuration is logged.
   */
  readonly log?: LogSink | undefined
  /**
   * Gets an event for every request that pinql sends to a service, and when a service goes down, comes back, refuses a token or
   * pauses us. The log has these events as well, at the levels of its own: the requests at `debug`.
   */
  readonly observe?: UpstreamObserver | undefined
  /**
   * Says who calls. Called once per HTTP request that has an operation or asks for an event stream, and once per WebSocket,
   * when `connection_init` has come: the caller of a WebSocket stays the same until it is closed.
   *
   * pinql waits for as long as it takes. Rejecting with `UnauthenticatedError` refuses the client. Any other rejection is
   * logged, and the client gets status 500 and `Unexpected error.`; a WebSocket is closed with 1013, try again later.
   *
   * Default: the caller is known by the tokens in `Authorization` and `X-Pinning-Token-*`, as headers or in
   * `connectionParams`.
   */
  readonly identify?: ((request: CallerRequest) => Promise<Caller>) | undefined
  /**
   * Routes of the host's own, by exact path, such as `/metrics`. Their requests get what those to `/graphql` get: the checks
   * of host name and origin, `x-request-id`, CORS, and a line in the log, at `debug`. A POST of a content type that web pages
   * can send anywhere, such as a form, is refused with status 415.
   *
   * A handler that throws or rejects is logged, and the client gets status 500.
   */
  readonly routes?: Readonly<Record<string, RouteHandler>> | undefined
}

/**
 * Creates a gateway for a server that is there already. Starts the embedded pinning service where one is configured.
 *
 * Nothing is sent to any other service before the first query. `host` and `port` are not listened on; while `host` is a
 * loopback address, as by default, requests are served under the host names in `allowedHosts` and loopback ones only.
 *
 * @param config from `loadConfig` or `parseConfig`
 * @throws {ConfigError} when a service's endpoint is neither given nor known
 * @throws {TypeError} when a path of `routes` is the gateway's own
 * @throws {Error} when the data directory cannot be used; nothing is left running
 */
export async function createGateway(config: GatewayConfig, options: GatewayOptions = {}): Promise<Gateway> {
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

/** A gateway, with what its own server needs to know. */
export interface OpenGateway extends Gateway {
  /** Requests that `handle` has not answered yet. */
  readonly inFlight: RequestsInFlight
  /** Milliseconds over which WebSockets and event streams would be sent away now. */
  readonly drainTimeMs: number
}

/** Creates a gateway that writes to a log which is there already. */
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
  const { handle, upgrade, inFlight } = door
  for (const warning of configWarnings(config)) log.warn(warning)

  async function drainAll(): Promise<void> {
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

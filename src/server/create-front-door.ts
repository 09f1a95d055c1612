import type { IncomingMessage, RequestListener } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GraphQLSchema } from 'graphql'
import type { GatewayConfig } from '../config/gateway-config.ts'
import { RequestRoom } from '../domain/request-room.ts'
import type { Informers } from '../live/informers.ts'
import type { Logger } from '../observability/logger.ts'
import type { ServiceRegistry } from '../upstream/tenant/service-registry.ts'
import { systemClock } from '../upstream/waiting/clock.ts'
import type { Caller, CallerRequest } from './caller/caller.ts'
import { createIdentifyByHost } from './caller/identify-by-host.ts'
import { createIdentifyByTokens } from './caller/identify-by-tokens.ts'
import { Executor } from './graphql/executor.ts'
import { fieldsOfBytes } from './graphql/limits/field-room.ts'
import { createClientAddresses } from './http/client-address.ts'
import type { GraphqlHandler } from './http/graphql-handler.ts'
import { pathOf } from './http/graphql-path.ts'
import { HttpConnections } from './http/http-connections.ts'
import { ignoreUpgrade, isWebSocketUpgrade } from './http/ignore-upgrade.ts'
import { toOriginForm } from './http/origin-form.ts'
import { createRequestGuard } from './http/request-guard.ts'
import { createRequestListener } from './http/request-listener.ts'
import { RequestsInFlight } from './http/requests-in-flight.ts'
import type { HostRoutes } from './http/routes.ts'
import { sendJson } from './http/send-json.ts'
import { UnreadAnswers } from './http/unread-answers.ts'
import { GraphiqlPage, wantsGraphiql } from './pages/graphiql-page.ts'
import { quarterOfHeap } from './services/quarter-of-heap.ts'
import { shownToClients } from './shown-to-clients.ts'
import { createConnectionServer } from './transports/create-connection-server.ts'
import { createGraphqlHandler } from './transports/create-graphql-handler.ts'
import { createJsonHandler } from './transports/http-json/create-json-handler.ts'
import { createYogaServer } from './transports/yoga/create-yoga-server.ts'
import { renderGraphiQL } from './transports/yoga/yoga.ts'

/** All that is between a connection and the resolvers. Disposing it ends all WebSockets and event streams at once. */
export interface FrontDoor extends Disposable {
  readonly handle: RequestListener
  /** Requests that `handle` has taken and not answered. */
  readonly inFlight: RequestsInFlight
  /** Counts the connections of a server of the gateway's own. */
  readonly httpConnections: HttpConnections
  /** Takes over a connection that becomes a WebSocket. An offer of another protocol is ignored, and the request is answered. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Closes all WebSockets and event streams, and refuses new ones. Resolves when they are closed. */
  drain(): Promise<void>
  /** Milliseconds over which `drain` would close them now. */
  readonly drainTimeMs: number
}

const NO_PAGE = 'GraphiQL is off: the setting graphiql shows it'

/** Puts one executor behind all transports. */
export function createFrontDoor(
  config: GatewayConfig,
  parts: {
    readonly schema: GraphQLSchema
    readonly registry: ServiceRegistry
    readonly live: Informers
    /** False while starting or stopping. */
    readonly isReady: () => boolean
    readonly hostRoutes?: HostRoutes | undefined
    readonly log: Logger
    /** Finds out who calls. Default: the caller is known by the tokens in the request. */
    readonly identify?: ((request: CallerRequest) => Promise<Caller>) | undefined
  },
): FrontDoor {
  const { schema, registry, live, isReady, hostRoutes = {}, log } = parts
  const { requestTimeoutMs, maxRequestBytes, shutdownTimeoutMs } = config
  const guard = createRequestGuard(config)
  const inFlight = new RequestsInFlight()
  const unread = new UnreadAnswers(() => inFlight.responses, {
    mostBytes: 8 * config.maxAnswerBytes,
    stallMs: config.liveStallMs,
    clock: systemClock,
  })
  const addresses = createClientAddresses(config.trustProxy)
  const httpConnections = new HttpConnections(config, addresses)
  const shown = shownToClients(config)
  const executor = new Executor({
    schema,
    registry,
    live,
    requestTimeoutMs,
    limits: config,
    shown,
    maxFieldsTogether: fieldsOfBytes(quarterOfHeap()),
    clock: registry.clock,
    log,
  })
  const names = registry.services.map(({ name }) => name)
  const identify = parts.identify
    ? createIdentifyByHost(parts.identify, { serviceNames: names, timeoutMs: requestTimeoutMs })
    : createIdentifyByTokens({ names, defaultName: registry.defaultName })
  const yoga = createYogaServer({ executor, identify, maxRequestBytes, log })
  const room = new RequestRoom(Math.max(quarterOfHeap(), 2 * maxRequestBytes, 2 * config.maxMessageBytes))
  const json = createJsonHandler({ executor, identify, yoga, maxRequestBytes, room })
  const connections = createConnectionServer(config, {
    executor,
    identify,
    guard,
    addressOf: (request) => addresses.of(request),
    leaveHttp: ({ socket }) => httpConnections.release(socket),
    room,
    log,
  })
  const operations = createGraphqlHandler(connections, json, { maxRequestBytes, room })
  const page = shown.graphiql ? new GraphiqlPage(renderGraphiQL) : null
  const graphql: GraphqlHandler = (req, res, context, body) => {
    if (!wantsGraphiql(req)) return operations(req, res, context, body)
    if (page) return page.serve(req, res)
    // A link with a query is answered with its result.
    return req.url === pathOf(req) ? sendJson(res, 404, { message: NO_PAGE }) : operations(req, res, context, body)
  }
  return {
    handle: createRequestListener({ guard, addresses, graphql, isReady, hostRoutes, inFlight, unread, log }),
    inFlight,
    httpConnections,
    upgrade(request, socket, head) {
      // This runs in a listener of an event: what it throws would end the process.
      try {
        toOriginForm(request)
        if (!isWebSocketUpgrade(request) && ignoreUpgrade(request, socket, head)) return
        connections.upgrade(request, socket, head)
      } catch (err) {
        log.error({ err }, 'Unexpected error')
        socket.destroy()
      }
    },
    drain: () => connections.drain(shutdownTimeoutMs),
    get drainTimeMs() {
      return connections.drainTimeMs
    },
    [Symbol.dispose]() {
      unread[Symbol.dispose]()
      connections[Symbol.dispose]()
    },
  }
}

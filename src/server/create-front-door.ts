import type { IncomingMessage, RequestListener } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GraphQLSchema } from 'graphql'
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { Informers } from '../live/informers.ts'
import type { Logger } from '../observability/logger.ts'
import type { ServiceRegistry } from '../upstream/tenant/service-registry.ts'
import type { Caller, CallerRequest } from './caller/caller.ts'
import { createIdentifyByHost } from './caller/identify-by-host.ts'
import { createIdentifyByTokens } from './caller/identify-by-tokens.ts'
import { Executor } from './graphql/executor.ts'
import { ignoreUpgrade, isWebSocketUpgrade } from './http/ignore-upgrade.ts'
import { toOriginForm } from './http/origin-form.ts'
import { createRequestGuard } from './http/request-guard.ts'
import { createRequestListener } from './http/request-listener.ts'
import { RequestsInFlight } from './http/requests-in-flight.ts'
import type { HostRoutes } from './http/routes.ts'
import { createConnectionServer } from './transports/create-connection-server.ts'
import { createGraphqlHandler } from './transports/create-graphql-handler.ts'
import { createJsonHandler } from './transports/http-json/create-json-handler.ts'
import { createYogaServer } from './transports/yoga/create-yoga-server.ts'

/** All that is between a connection and the resolvers. Disposing it ends all WebSockets and event streams at once. */
export interface FrontDoor extends Disposable {
  readonly handle: RequestListener
  /** Requests that `handle` has taken and not answered. */
  readonly inFlight: RequestsInFlight
  /** Takes over a connection that becomes a WebSocket. An offer of another protocol is ignored, and the request is answered. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Closes all WebSockets and event streams, and refuses new ones. Resolves when they are closed. */
  drain(): Promise<void>
  /** Milliseconds over which `drain` would close them now. */
  readonly drainTimeMs: number
}

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
  const executor = new Executor({ schema, registry, live, requestTimeoutMs, clock: registry.clock, log })
  const names = registry.services.map(({ name }) => name)
  const identify = parts.identify
    ? createIdentifyByHost(parts.identify, { serviceNames: names, timeoutMs: requestTimeoutMs })
    : createIdentifyByTokens({ names, defaultName: registry.defaultName })
  const yoga = createYogaServer({ executor, identify, maxRequestBytes, log })
  const json = createJsonHandler({ executor, identify, yoga, maxRequestBytes })
  const connections = createConnectionServer(config, { executor, identify, guard, log })
  const graphql = createGraphqlHandler(connections, json, maxRequestBytes)
  return {
    handle: createRequestListener({ guard, graphql, isReady, hostRoutes, inFlight, log }),
    inFlight,
    upgrade(request, socket, head) {
      toOriginForm(request)
      if (!isWebSocketUpgrade(request) && ignoreUpgrade(request, socket, head)) return
      connections.upgrade(request, socket, head)
    },
    drain: () => connections.drain(shutdownTimeoutMs),
    get drainTimeMs() {
      return connections.drainTimeMs
    },
    [Symbol.dispose]: () => connections[Symbol.dispose](),
  }
}

import type { IncomingMessage, RequestListener } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GraphQLSchema } from 'graphql'
import type { GatewayConfig } from '../config/gateway-config.ts'
import type { Informers } from '../live/informers.ts'
import type { Logger } from '../observability/logger.ts'
import type { ServiceRegistry } from '../upstream/registry.ts'
import { Callers } from './caller/callers.ts'
import { createGraphqlServer } from './create-graphql-server.ts'
import { Executor } from './graphql/executor.ts'
import { createRequestGuard } from './request-guard.ts'
import { createRequestListener } from './request-listener.ts'
import { createConnectionServer } from './transports/connections/create-connection-server.ts'
import { answerJson } from './transports/http-json/answer-json.ts'
import { routeGraphql } from './transports/route-graphql.ts'

/** Everything between a connection and the resolvers. Disposing it ends all WebSockets and event streams at once. */
export interface FrontDoor extends Disposable {
  readonly handle: RequestListener
  /** Takes over a connection that becomes a WebSocket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Sends all WebSockets and event streams away, and lets no new ones in. Resolves when they are gone. */
  drain(): Promise<void>
  /** Milliseconds that `drain` would take now. */
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
    readonly log: Logger
  },
): FrontDoor {
  const { schema, registry, live, isReady, log } = parts
  const { requestTimeoutMs, maxRequestBytes, shutdownTimeoutMs } = config
  const guard = createRequestGuard(config)
  const executor = new Executor({ schema, registry, live, requestTimeoutMs, log })
  const callers = new Callers({
    names: registry.services.map(({ name }) => name),
    defaultName: registry.defaultName,
  })
  const yoga = createGraphqlServer({ executor, callers, maxRequestBytes, log })
  const json = answerJson({ executor, callers, yoga, maxRequestBytes })
  const streams = createConnectionServer(config, { executor, callers, guard, log })
  return {
    handle: createRequestListener({ guard, graphql: routeGraphql(streams, json, maxRequestBytes), isReady, log }),
    upgrade: (request, socket, head) => streams.upgrade(request, socket, head),
    drain: () => streams.drain(shutdownTimeoutMs),
    get drainTimeMs() {
      return streams.drainTimeMs
    },
    [Symbol.dispose]: () => streams[Symbol.dispose](),
  }
}

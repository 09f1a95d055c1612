import type { GraphQLSchema } from 'graphql'
import type { GatewayConfig } from '../../config/gateway-config.ts'
import type { Informers } from '../../live/informers.ts'
import type { Logger } from '../../observability/logger.ts'
import type { ServiceRegistry } from '../../upstream/registry.ts'
import type { RequestGuard } from '../request-guard.ts'
import { LiveCaps } from './live-caps.ts'
import { LiveServer } from './live-server.ts'
import { Operations } from './operations.ts'
import { createParseOperation } from './parse-operation.ts'
import { TokenSets } from './token-sets.ts'

/** WebSockets and event streams beside a GraphQL server, whose limits and caches for documents they share. */
export function createLiveServer(
  config: GatewayConfig,
  parts: {
    readonly schema: GraphQLSchema
    readonly registry: ServiceRegistry
    readonly live: Informers
    readonly graphql: { getEnveloped(context: object): unknown }
    readonly guard: RequestGuard
    readonly log: Logger
  },
): LiveServer {
  const { schema, registry, live, graphql, guard, log } = parts
  const { requestTimeoutMs, maxMessageBytes, maxRequestBytes } = config
  const parse = createParseOperation(graphql)
  return new LiveServer({
    operations: new Operations({ schema, registry, live, parse, requestTimeoutMs, log }),
    caps: new LiveCaps(config),
    tokenSets: new TokenSets(),
    guard,
    log,
    maxMessageBytes,
    maxRequestBytes,
    pingIntervalMs: config.livePingMs,
    stallTimeoutMs: config.liveStallMs,
    drainMs: config.liveDrainMs,
  })
}

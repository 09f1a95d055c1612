import type { GraphQLSchema } from 'graphql'
import type { Informers } from '../live/informers.ts'
import type { Logger } from '../observability/logger.ts'
import type { ServiceRegistry } from '../upstream/registry.ts'
import { clientErrorOf, maskedErrorOf } from './client-error.ts'
import { EXAMPLES } from './graphiql-examples.ts'
import { useClientErrors } from './plugins/use-client-errors.ts'
import { useGatewayContext } from './plugins/use-gateway-context.ts'
import { useNoSubscriptions } from './plugins/use-no-subscriptions.ts'
import { useTokenLimit } from './plugins/use-token-limit.ts'
import { createYoga, renderGraphiQL, type YogaServerInstance } from './yoga.ts'

/** Queries and mutations over HTTP, and GraphiQL, at /graphql; what surrounds them is the request listener's. */
export function createGraphqlServer(parts: {
  schema: GraphQLSchema
  registry: ServiceRegistry
  live: Informers
  requestTimeoutMs: number
  maxRequestBytes: number
  log: Logger
}): YogaServerInstance<{ requestId: string }, object> {
  const { schema, registry, live, requestTimeoutMs, maxRequestBytes, log } = parts
  return createYoga<{ requestId: string }>({
    schema,
    plugins: [
      useTokenLimit(),
      useNoSubscriptions(),
      useGatewayContext(registry, live, requestTimeoutMs),
      useClientErrors(log),
    ],
    maxRequestBodySize: maxRequestBytes,
    // What fails outside of execution; `useClientErrors` has seen the rest.
    maskedErrors: {
      maskError: (error) => {
        const seen = clientErrorOf(error)
        if (!seen) log.error({ err: error }, 'Unexpected error')
        return seen ?? maskedErrorOf(error, null)
      },
    },
    renderGraphiQL: async (options) => renderGraphiQL(options),
    // Event streams carry the headers of the tab, tokens among them; the page's WebSockets would not.
    graphiql: {
      title: 'pinql',
      subscriptionsProtocol: 'SSE',
      defaultTabs: EXAMPLES.map((example) => ({ ...example })),
    },
    logging: false,
    landingPage: false,
    // CORS and health are the request listener's. Yoga's own health check answers any URL that ends in its path, even a
    // query, so it gets one that no URL has.
    cors: false,
    healthCheckEndpoint: '\n',
    // A web page can send a form anywhere without asking first.
    multipart: false,
  })
}

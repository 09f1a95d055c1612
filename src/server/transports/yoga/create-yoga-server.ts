import type { Logger } from '../../../observability/logger.ts'
import type { Identify } from '../../caller/caller.ts'
import { clientErrorOf, maskedErrorOf } from '../../graphql/client-error.ts'
import type { Executor } from '../../graphql/executor.ts'
import { EXAMPLES } from '../../pages/graphiql-examples.ts'
import { useExecutor } from './use-executor.ts'
import { useNoSubscriptions } from './use-no-subscriptions.ts'
import { createYoga, renderGraphiQL, type YogaServerInstance } from './yoga.ts'

/** GraphiQL, and operations over HTTP in whatever form is unusual; what surrounds them is the request listener's. */
export function createYogaServer(parts: {
  executor: Executor
  identify: Identify
  maxRequestBytes: number
  log: Logger
}): YogaServerInstance<{ requestId: string }, object> {
  const { executor, identify, maxRequestBytes, log } = parts
  return createYoga<{ requestId: string }>({
    schema: executor.schema,
    plugins: [useNoSubscriptions(), useExecutor(executor, identify)],
    // The executor's own is bounded in bytes.
    parserAndValidationCache: false,
    maxRequestBodySize: maxRequestBytes,
    // What fails outside of execution; the executor has seen the rest.
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

import type { Logger } from '../../../observability/logger.ts'
import type { Identify } from '../../caller/caller.ts'
import { clientErrorOf, maskedErrorOf } from '../../graphql/client-error.ts'
import type { Executor } from '../../graphql/executor.ts'
import { useExecutor } from './use-executor.ts'
import { useNoSubscriptions } from './use-no-subscriptions.ts'
import { createYoga, type YogaServerInstance } from './yoga.ts'

/** Creates the server of operations that come over HTTP in an unusual form. */
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
    // The executor has a cache of its own, which is bounded in bytes.
    parserAndValidationCache: false,
    maxRequestBodySize: maxRequestBytes,
    // Masks errors outside of execution. The executor masks all others.
    maskedErrors: {
      maskError: (error) => {
        const seen = clientErrorOf(error)
        if (!seen && !isOfGoneClient(error)) log.error({ err: error }, 'Unexpected error')
        return seen ?? maskedErrorOf(error, null)
      },
    },
    // Yoga would make an answer of its own for each browser that asks for the page: `GraphiqlPage` serves it.
    graphiql: false,
    logging: false,
    landingPage: false,
    // The request listener does CORS and health checks. Yoga's own health check cannot be turned off, and answers any URL that
    // ends in its path, even in a query. So its path is one that no URL has.
    cors: false,
    healthCheckEndpoint: '\n',
    // A web page can send a form anywhere without asking first.
    multipart: false,
  })
}

/** True for the error with which Node ends a request whose client has gone away before its body was complete. */
function isOfGoneClient(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNRESET'
}

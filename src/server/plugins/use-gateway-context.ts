import { GraphQLError } from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Informers } from '../../live/informers.ts'
import { createContext } from '../../resolvers/context.ts'
import type { ServiceRegistry } from '../../upstream/registry.ts'

interface RequestContext {
  readonly requestId: string
  readonly deadline: AbortController
}

/**
 * Gives resolvers their context, whose signal aborts when the client goes away or the request has taken too long.
 *
 * @param timeoutMs milliseconds that a query or mutation may take; a subscription may take for ever
 */
export function useGatewayContext(
  registry: ServiceRegistry,
  live: Informers,
  timeoutMs: number,
): Plugin<RequestContext> {
  return {
    onContextBuilding({ context, extendContext }) {
      const { request, requestId } = context
      const deadline = new AbortController()
      request.signal.addEventListener('abort', () => deadline.abort(request.signal.reason), { once: true })
      const { signal } = deadline
      extendContext({ deadline, ...createContext(registry, live, { headers: request.headers, signal, requestId }) })
    },
    onExecute({ args }) {
      const timer = setTimeout(() => args.contextValue.deadline.abort(timeoutError(timeoutMs)), timeoutMs)
      return { onExecuteDone: () => clearTimeout(timer) }
    },
  }
}

function timeoutError(timeoutMs: number): GraphQLError {
  return new GraphQLError(`Not finished within ${timeoutMs} ms, the longest that a request may take here`, {
    extensions: { code: 'REQUEST_TIMEOUT', timeoutMs },
  })
}

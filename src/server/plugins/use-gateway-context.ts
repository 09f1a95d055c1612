import type { Informers } from '../../live/informers.ts'
import { createContext } from '../../resolvers/context.ts'
import type { ServiceRegistry } from '../../upstream/registry.ts'
import { requestTimeoutError } from '../request-timeout-error.ts'
import type { Plugin } from '../yoga.ts'

interface RequestContext {
  readonly requestId: string
  readonly deadline: AbortController
}

/**
 * Gives resolvers their context, whose signal aborts when the client goes away or the request has taken too long.
 *
 * @param timeoutMs milliseconds that a query or mutation may take
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
      const timer = setTimeout(() => args.contextValue.deadline.abort(requestTimeoutError(timeoutMs)), timeoutMs)
      return { onExecuteDone: () => clearTimeout(timer) }
    },
  }
}

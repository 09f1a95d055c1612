import type { IncomingMessage } from 'node:http'
import { GraphQLError } from 'graphql'
import type { StopSignal } from '../../upstream/stop.ts'
import type { Identify } from '../caller/caller.ts'
import { UnauthenticatedError } from '../caller/unauthenticated-error.ts'
import type { Executor } from '../graphql/executor.ts'
import type { Plugin } from '../yoga.ts'

interface ServerContext {
  readonly req: IncomingMessage
  readonly requestId: string
  /** Aborted when the connection has gone away. Yoga's own signal is not, for a request behind another. */
  readonly gone: StopSignal
}

/** Has Yoga read, check and run operations as all other transports do. */
export function useExecutor(executor: Executor, identify: Identify): Plugin<ServerContext> {
  const { documents } = executor
  return {
    onParse({ setParseFn }) {
      setParseFn((source) => documents.parse(typeof source === 'string' ? source : source.body))
    },
    onValidate({ setValidationFn }) {
      setValidationFn((_schema, document) => documents.validate(document))
    },
    onExecute({ setExecuteFn }) {
      setExecuteFn(async ({ document, variableValues: variables, operationName, contextValue }) => {
        const { req, requestId, gone } = contextValue as ServerContext
        const caller = await identify({ headers: req.headers }).catch(throwWithStatus)
        const run = { document, variables, operationName, caller, requestId }
        return executor.run(run, { signal: gone, isForYoga: true })
      })
    },
  }
}

/** Yoga makes the status of the answer from the error. */
function throwWithStatus(error: unknown): never {
  if (!(error instanceof UnauthenticatedError)) throw error
  throw new GraphQLError(error.message, { extensions: { code: error.code, http: { status: 401 } } })
}

import type { IncomingMessage } from 'node:http'
import { GraphQLError } from 'graphql'
import type { StopSignal } from '../../../upstream/waiting/stop.ts'
import type { Identify } from '../../caller/caller.ts'
import { UnauthenticatedError } from '../../caller/unauthenticated-error.ts'
import type { Executor } from '../../graphql/executor.ts'
import { checkOperationRequest, paramsOfBody, paramsOfUrl } from '../../graphql/operation-request.ts'
import { giveWayToRead } from '../give-way-to-read.ts'
import type { Plugin, YogaInitialContext } from './yoga.ts'

interface ServerContext {
  readonly req: IncomingMessage
  readonly requestId: string
  readonly address: string
  /** Aborted when the connection has gone away. Yoga's own signal is not aborted for a request that waits behind another. */
  readonly gone: StopSignal
}

/** Makes Yoga parse, validate and run operations as all other transports do. */
export function useExecutor(executor: Executor, identify: Identify): Plugin<ServerContext> {
  const { documents } = executor
  return {
    onRequestParse({ request, setRequestParser }) {
      if (request.method === 'GET') setRequestParser(({ url }) => paramsOfUrl(url))
      else if (isJsonBody(request))
        setRequestParser(async (post) => paramsOfBody(await post.text()) as Record<string, unknown>)
    },
    async onParams({ params, setParams }) {
      const { operationName, query, variables } = checkOperationRequest(params)
      await giveWayToRead(query.length)
      const { extensions } = params
      // Yoga refuses all parameters that it does not know.
      setParams({
        query,
        ...(operationName && { operationName }),
        ...(variables && { variables }),
        ...(extensions && { extensions }),
      })
    },
    onParse({ setParseFn }) {
      setParseFn((source) => documents.parse(typeof source === 'string' ? source : source.body))
    },
    onValidate({ setValidationFn }) {
      setValidationFn((_schema, document) => documents.validate(document))
    },
    onExecute({ setExecuteFn }) {
      setExecuteFn(async ({ document, variableValues: variables, operationName, contextValue }) => {
        const { req, requestId, gone, address, params } = contextValue as ServerContext & YogaInitialContext
        const caller = await identify({ headers: req.headers }).catch((error: unknown) => {
          throw seenByYoga(error, executor, requestId)
        })
        const wantsCost = params.extensions?.cost === true
        const run = { document, variables, operationName, wantsCost, caller, requestId, address }
        return executor.run(run, { signal: gone, isForYoga: true })
      })
    },
  }
}

function isJsonBody({ headers }: Request): boolean {
  return /^\s*application\/(?:graphql\+)?json\b/i.test(headers.get('content-type') ?? '')
}

/** Turns an error of `identify` into one from which Yoga derives the status. */
function seenByYoga(error: unknown, executor: Executor, requestId: string): GraphQLError {
  if (error instanceof UnauthenticatedError) {
    const { message, code } = error
    return new GraphQLError(message, { extensions: { code, requestId, http: { status: 401 } } })
  }
  const [seen] = executor.visible(error, requestId, { isForYoga: true })
  return seen as GraphQLError
}

import { handleStreamOrSingleExecutionResult, type Plugin } from 'graphql-yoga'
import type { Logger } from '../../observability/logger.ts'
import { clientErrorOf, maskedErrorOf } from '../client-error.ts'

interface ErrorContext {
  readonly requestId: string
  readonly request?: Request
}

type ResultPayload = Parameters<typeof handleStreamOrSingleExecutionResult>[0]

/** Lets clients see domain errors as data in `extensions`, and masks bugs, each logged once under its request id. */
export function useClientErrors(log: Logger): Plugin<Record<string, unknown>> {
  const handle = (payload: ResultPayload, { requestId, request }: ErrorContext) =>
    handleStreamOrSingleExecutionResult(payload, ({ result, setResult }) => {
      if (!result.errors?.length) return
      const errors = result.errors.map((error) => {
        const seen = clientErrorOf(error)
        // Whoever has gone away aborts what was under way; that is no bug.
        if (!seen && !request?.signal.aborted) {
          log.error({ err: error.originalError ?? error, requestId, path: error.path }, 'Unexpected error')
        }
        return seen ?? maskedErrorOf(error, requestId)
      })
      setResult({ ...result, errors })
    })
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: (payload) => handle(payload, args.contextValue as unknown as ErrorContext),
    }),
    onSubscribe: ({ args }) => ({
      onSubscribeResult: (payload) => handle(payload, args.contextValue as unknown as ErrorContext),
    }),
  }
}

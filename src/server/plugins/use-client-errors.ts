import type { Logger } from '../../observability/logger.ts'
import { visibleErrors } from '../client-error.ts'
import { handleStreamOrSingleExecutionResult, type Plugin } from '../yoga.ts'

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
      const isAborted = request?.signal.aborted === true
      const errors = visibleErrors(result.errors, { requestId, isAborted, isForYoga: true, log })
      setResult({ ...result, errors })
    })
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: (payload) => handle(payload, args.contextValue as unknown as ErrorContext),
    }),
  }
}

import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
} from 'graphql'
import type { Informers } from '../../live/informers.ts'
import type { LiveEvent } from '../../live/live-event.ts'
import type { LiveReader } from '../../live/live-reader.ts'
import type { Logger } from '../../observability/logger.ts'
import { type Caller, createContext } from '../../resolvers/context.ts'
import type { ServiceRegistry } from '../../upstream/registry.ts'
import { Stop, type StopSignal } from '../../upstream/stop.ts'
import { visibleErrors } from './client-error.ts'
import { CompiledOperations } from './compiled-operations.ts'
import { Documents } from './documents.ts'
import type { OperationRequest } from './operation-request.ts'
import { requestTimeoutError } from './request-timeout-error.ts'

export interface ExecutorOptions {
  readonly schema: GraphQLSchema
  readonly registry: ServiceRegistry
  readonly live: Informers
  /** Milliseconds that a query or mutation may take. */
  readonly requestTimeoutMs: number
  readonly log: Logger
}

/** One run of an operation. */
export interface Run extends Omit<OperationRequest, 'query'> {
  readonly document: DocumentNode
  readonly caller: Caller
  /** Names the request in logs and in the `x-request-id` header of its answer. */
  readonly requestId: string
}

/**
 * Runs GraphQL operations, by whatever transport they came: HTTP, event stream or WebSocket. Context, deadline and what a
 * client may see of an error are here, and nowhere else.
 */
export class Executor {
  readonly schema: GraphQLSchema
  readonly documents: Documents
  readonly #compiled: CompiledOperations
  readonly #options: ExecutorOptions

  constructor(options: ExecutorOptions) {
    this.schema = options.schema
    this.documents = new Documents(options.schema)
    this.#compiled = new CompiledOperations(options.schema)
    this.#options = options
  }

  /**
   * Runs a query or mutation to its end, at most for `requestTimeoutMs`.
   *
   * @param options.signal aborted when nobody waits for the answer any more
   * @param options.isForYoga keeps and adds in errors what Yoga makes the status of
   */
  async run(run: Run, options: { signal: StopSignal; isForYoga?: boolean }): Promise<ExecutionResult> {
    const { requestTimeoutMs } = this.#options
    const { signal, isForYoga = false } = options
    const deadline = new Stop(run.requestId)
    const onAbort = (): void => deadline.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const timer = setTimeout(() => deadline.abort(requestTimeoutError(requestTimeoutMs)), requestTimeoutMs)
    try {
      const result = await this.#execute(run, deadline)
      // Where one field failed for others too, nobody waits for what these have asked for.
      if (result.errors) deadline.abort()
      return this.#shown(result, run.requestId, { isAborted: signal.aborted, isForYoga })
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  /**
   * Begins a subscription: what happens from now on is in the stream.
   *
   * @throws {AggregateError} of the errors with which it could not begin
   */
  async subscribe(run: Run): Promise<LiveReader> {
    const source = await createSourceEventStream(this.#argsOf(run, new Stop(run.requestId)))
    if (Symbol.asyncIterator in source) return source as LiveReader
    throw new AggregateError(source.errors ?? [])
  }

  /**
   * An event as those who asked see it. New loaders for each: what one has read is no news for the next. It is never
   * aborted, since it may be for others than the one who has left.
   */
  async resolveEvent(run: Run, event: LiveEvent): Promise<ExecutionResult> {
    const result = await this.#execute(run, new Stop(run.requestId), event)
    return this.#shown(result, run.requestId)
  }

  /** What a client may see of an error that ended an operation; what it may not is logged. */
  visible(error: unknown, requestId: string): readonly GraphQLError[] {
    const errors = Array.isArray(error) ? error : error instanceof AggregateError ? error.errors : [error]
    return visibleErrors(errors, { requestId, isAborted: false, log: this.#options.log })
  }

  #execute(run: Run, signal: StopSignal, rootValue?: unknown): ExecutionResult | Promise<ExecutionResult> {
    const args = this.#argsOf(run, signal)
    const operation = getOperationAST(run.document, run.operationName)
    const compiled = operation && this.#compiled.find(run.document, operation)
    if (compiled) return compiled(rootValue, args.contextValue, args.variableValues)
    return execute({ ...args, rootValue })
  }

  #shown(
    result: ExecutionResult,
    requestId: string,
    options: { isAborted?: boolean; isForYoga?: boolean } = {},
  ): ExecutionResult {
    if (!result.errors) return result
    const { isAborted = false, isForYoga = false } = options
    const errors = visibleErrors(result.errors, { requestId, isAborted, isForYoga, log: this.#options.log })
    return { ...result, errors }
  }

  #argsOf({ document, variables, operationName, caller, requestId }: Run, signal: StopSignal) {
    const { schema, registry, live } = this.#options
    return {
      schema,
      document,
      contextValue: createContext(registry, live, { caller, signal, requestId }),
      variableValues: variables ?? {},
      operationName: operationName ?? null,
    }
  }
}

/** A result as JSON, for transports whose answer has no other form. */
export function encodeResult(result: ExecutionResult): Buffer {
  return Buffer.from(JSON.stringify(result))
}

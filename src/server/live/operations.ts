import { createHash } from 'node:crypto'
import {
  createSourceEventStream,
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  type OperationTypeNode,
} from 'graphql'
import { BadRequestError } from '../../domain/errors.ts'
import type { Informers } from '../../live/informers.ts'
import { coalesceKey, type LiveEvent } from '../../live/live-event.ts'
import type { LiveReader } from '../../live/live-reader.ts'
import type { Logger } from '../../observability/logger.ts'
import { createContext } from '../../resolvers/context.ts'
import type { ServiceRegistry } from '../../upstream/registry.ts'
import { visibleErrors } from '../client-error.ts'
import { requestTimeoutError } from '../request-timeout-error.ts'
import type { LiveStream } from './cohort.ts'
import { Cohorts } from './cohorts.ts'
import type { Message, Subscriber } from './message.ts'
import { canonicalRequest, type OperationRequest } from './operation-request.ts'
import type { ParseOperation } from './parse-operation.ts'
import { resumeAt } from './resume-at.ts'
import type { TokenSet } from './token-sets.ts'

/** Who asks. */
export interface Caller {
  readonly tokens: TokenSet
  readonly requestId: string
}

/** An operation under way. */
export interface RunningOperation {
  /** Null when it has failed before that was clear. */
  readonly type: OperationTypeNode | null
  /** Stops it; its subscriber hears nothing more. */
  cancel(): void
}

export interface OperationsOptions {
  readonly schema: GraphQLSchema
  readonly registry: ServiceRegistry
  readonly live: Informers
  readonly parse: ParseOperation
  /** Milliseconds that a query or mutation may take. */
  readonly requestTimeoutMs: number
  readonly log: Logger
}

interface Prepared {
  readonly document: DocumentNode
  readonly operation: OperationDefinitionNode
  readonly request: OperationRequest
  readonly caller: Caller
}

/** Runs GraphQL operations for subscribers of any transport. */
export class Operations {
  readonly #options: OperationsOptions
  readonly #cohorts = new Cohorts()

  constructor(options: OperationsOptions) {
    this.#options = options
  }

  /** How many cohorts of equal subscriptions there are. */
  get cohorts(): number {
    return this.#cohorts.size
  }

  /**
   * Begins an operation. Everything that comes of it, mistakes in it included, is told to the subscriber, and nothing is
   * thrown; the first of it after this has returned.
   *
   * @param options.isReadOnly refuses mutations, for transports that any web page can use
   * @param options.lastCursor what the subscriber has seen last, if it resumes; nonsense is as good as nothing
   */
  start(
    request: OperationRequest,
    caller: Caller,
    subscriber: Subscriber,
    options: { isReadOnly?: boolean; lastCursor?: string | null } = {},
  ): RunningOperation {
    const abort = new AbortController()
    const cancel = () => abort.abort()
    try {
      const prepared = this.#prepare(request, caller)
      if (options.isReadOnly && prepared.operation.operation === 'mutation')
        throw new GraphQLError('Expected a query or subscription; a mutation takes a POST request')
      const run =
        prepared.operation.operation === 'subscription'
          ? this.#subscribe(prepared, subscriber, abort.signal, options.lastCursor ?? null)
          : this.#runOnce(prepared, subscriber, abort)
      run.catch((error: unknown) => subscriber.fail(error))
      return { type: prepared.operation.operation, cancel }
    } catch (error) {
      queueMicrotask(() => subscriber.fail(error))
      return { type: null, cancel }
    }
  }

  /** What kind of operation a request asks for; null when that cannot be told, for a mistake in it. */
  typeOf({ query, operationName }: OperationRequest): OperationTypeNode | null {
    try {
      return getOperationAST(this.#options.parse(query), operationName)?.operation ?? null
    } catch {
      return null
    }
  }

  #prepare(request: OperationRequest, caller: Caller): Prepared {
    const document = this.#options.parse(request.query)
    const operation = getOperationAST(document, request.operationName)
    if (!operation) {
      const expected = request.operationName
        ? 'the name of an operation in the document'
        : 'a document of one operation'
      throw BadRequestError.of('operationName', expected, request.operationName ?? null)
    }
    return { document, operation, request, caller }
  }

  async #runOnce(prepared: Prepared, subscriber: Subscriber, abort: AbortController): Promise<void> {
    const { requestTimeoutMs } = this.#options
    const timer = setTimeout(() => abort.abort(requestTimeoutError(requestTimeoutMs)), requestTimeoutMs)
    try {
      const result = await execute(this.#argsOf(prepared, abort.signal))
      subscriber.next({ payload: this.#encode(result, prepared.caller, abort.signal), key: null, cursor: null })
      subscriber.complete()
    } finally {
      clearTimeout(timer)
    }
  }

  async #subscribe(
    prepared: Prepared,
    subscriber: Subscriber,
    signal: AbortSignal,
    lastCursor: string | null,
  ): Promise<void> {
    const { document, operation, caller, request } = prepared
    let source: LiveReader | null = null
    if (lastCursor !== null) {
      const resumed = { ...prepared, document: resumeAt(document, operation, lastCursor) }
      source = await this.#listen(resumed).catch(() => null)
    }
    source ??= await this.#listen(prepared)
    if (signal.aborted) {
      await source.return()
      return
    }
    const stream: LiveStream = { source, render: (event) => this.#render(prepared, event) }
    const key = createHash('sha256')
      .update(`${caller.tokens.key}\n${canonicalRequest(request)}`)
      .digest('base64')
    const leave = this.#cohorts.join(key, stream, subscriber)
    signal.addEventListener('abort', leave, { once: true })
  }

  /** Begins to listen: what happens from now on is in the stream. */
  async #listen(prepared: Prepared): Promise<LiveReader> {
    const source = await createSourceEventStream(this.#argsOf(prepared, neverAborted()))
    if (Symbol.asyncIterator in source) return source as LiveReader
    throw new AggregateError(source.errors ?? [])
  }

  /**
   * An event as those who asked see it. New loaders for each: what one has read is no news for the next. It is never
   * aborted, since it may be for others than the one who has left.
   */
  async #render(prepared: Prepared, event: LiveEvent): Promise<Message> {
    const signal = neverAborted()
    const result = await execute({ ...this.#argsOf(prepared, signal), rootValue: event })
    // Before the last of a snapshot, a cursor would leave out the rest of it.
    const isMidway = event.kind === 'SNAPSHOT' && event.remaining > 0
    return {
      payload: this.#encode(result, prepared.caller, signal),
      key: coalesceKey(event),
      cursor: isMidway ? null : event.cursor,
    }
  }

  #argsOf({ document, request, caller }: Prepared, signal: AbortSignal) {
    const { schema, registry, live } = this.#options
    const { variables, operationName } = request
    const { tokens: headers, requestId } = caller
    return {
      schema,
      document,
      contextValue: createContext(registry, live, { headers, signal, requestId }),
      variableValues: variables ?? {},
      operationName: operationName ?? null,
    }
  }

  #encode(result: ExecutionResult, { requestId }: Caller, signal: AbortSignal): Buffer {
    if (!result.errors) return Buffer.from(JSON.stringify(result))
    const errors = this.visible(result.errors, requestId, signal.aborted)
    return Buffer.from(JSON.stringify({ ...result, errors }))
  }

  /** What a client may see of an error that ended an operation; what it may not is logged. */
  visible(error: unknown, requestId: string, isAborted = false): readonly GraphQLError[] {
    const errors = Array.isArray(error) ? error : error instanceof AggregateError ? error.errors : [error]
    return visibleErrors(errors, { requestId, isAborted, log: this.#options.log })
  }
}

function neverAborted(): AbortSignal {
  return new AbortController().signal
}
